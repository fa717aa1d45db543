import { expect, it } from 'vitest';
import { decode, smtp } from '../../collectors/smtp.ts';
import * as b from '../vectors/frames/build.ts';
import { smtpGreeting } from '../vectors/frames/banner.ts';
import { conversation, fromClient, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

it('a greeting names the server, for relay and for submission', () => {
  for (const port of [25, 587])
    expect(told(smtp, conversation(port, { client: b.bytes('QUIT\r\n'), server: smtpGreeting }, 10))).toEqual({
      client: [],
      host: [
        { kind: 'service', protocol: 'tcp', port, name: 'smtp' },
        { kind: 'description', text: 'mail.plant.example ESMTP Postfix', of: 'smtp' },
      ],
      malformed: [],
    });
});

it('a client is called as it says hello', () => {
  const client = (text: string) => told(smtp, conversation(587, { client: b.bytes(text) }, 7)).client;
  for (const text of ['EHLO printer-7.plant.example\r\nMAIL FROM:<a@b>\r\n', 'helo printer-7.plant.example\n'])
    expect(client(text)).toEqual([{ kind: 'hostname', name: 'printer-7.plant.example' }]);
  for (const text of [
    'EHLO [192.0.2.7]\r\n',
    'EHLO 192.0.2.7\r\n',
    'EHLO localhost.localdomain\r\n',
    'EHLO\r\n',
    'EHLO a b\r\n',
    'NOOP\r\n',
    'EHLO x',
  ])
    expect(client(text), text).toEqual([]);
  expect(told(smtp, conversation(25, { client: b.bytes('EHLO ', 'x'.repeat(600)) })).malformed).toMatchObject([{ collector: 'smtp' }]);
  expect(told(smtp, [fromClient(25, b.bytes('EHLO printer-7\r\n'), { ttl: 63 })]).client).toEqual([]);
});

it('an answer that comes later, or by a router, tells nothing', () => {
  expect(told(smtp, [fromServer(25, b.bytes('250 ok\r\n'))]).host).toEqual([]);
  expect(told(smtp, [fromServer(25, smtpGreeting, { ttl: 63 })]).host).toEqual([]);
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, smtpGreeting));
