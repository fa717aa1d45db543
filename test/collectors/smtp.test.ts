import { expect, it } from 'vitest';
import { decode, smtp } from '../../collectors/smtp.ts';
import * as b from '../vectors/frames/build.ts';
import { smtpGreeting } from '../vectors/frames/banner.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

it('a greeting names the server, for relay and for submission', () => {
  for (const port of [25, 587])
    expect(told(smtp, conversation(port, { client: b.bytes('EHLO x\r\n'), server: smtpGreeting }, 10))).toEqual({
      client: [],
      host: [
        { kind: 'service', protocol: 'tcp', port, name: 'smtp' },
        { kind: 'description', text: 'mail.plant.example ESMTP Postfix', of: 'smtp' },
      ],
      malformed: [],
    });
});

it('an answer that comes later, or by a router, tells nothing', () => {
  expect(told(smtp, [fromServer(25, b.bytes('250 ok\r\n'))]).host).toEqual([]);
  expect(told(smtp, [fromServer(25, smtpGreeting, { ttl: 63 })]).host).toEqual([]);
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, smtpGreeting));
