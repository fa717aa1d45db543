import { expect, it } from 'vitest';
import { decode, pop3 } from '../../collectors/pop3.ts';
import * as b from '../vectors/frames/build.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const greeting = b.bytes('+OK Mailer 7 ready <1896.697170952@mail.plant.example>\r\n');

it('a greeting names the server, without its timestamp', () => {
  expect(told(pop3, conversation(110, { client: b.bytes('USER a\r\n'), server: greeting }, 9))).toEqual({
    client: [],
    host: [
      { kind: 'service', protocol: 'tcp', port: 110, name: 'pop3' },
      { kind: 'description', text: 'Mailer 7 ready', of: 'pop3' },
    ],
    malformed: [],
  });
  expect(told(pop3, [fromServer(110, b.bytes('+OK\r\n'))]).host).toHaveLength(1);
});

it('an error, and what a router passes on, tell nothing', () => {
  expect(told(pop3, [fromServer(110, b.bytes('-ERR no\r\n'))]).host).toEqual([]);
  expect(told(pop3, [fromServer(110, greeting, { ttl: 63 })]).host).toEqual([]);
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, greeting));
