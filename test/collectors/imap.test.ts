import { expect, it } from 'vitest';
import { decode, imap } from '../../collectors/imap.ts';
import * as b from '../vectors/frames/build.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const greeting = b.bytes('* OK [CAPABILITY IMAP4rev1 ID STARTTLS] Mailer 7 ready.\r\n');

it('a greeting names the server, without what it can do', () => {
  expect(told(imap, conversation(143, { client: b.bytes('a1 LOGIN a b\r\n'), server: greeting }, 9))).toEqual({
    client: [],
    host: [
      { kind: 'service', protocol: 'tcp', port: 143, name: 'imap' },
      { kind: 'description', text: 'Mailer 7 ready.', of: 'imap' },
    ],
    malformed: [],
  });
  expect(told(imap, [fromServer(143, b.bytes('* OK\r\n'))]).host).toHaveLength(1);
});

it('another line, one without end, and what a router passes on tell nothing', () => {
  expect(told(imap, [fromServer(143, b.bytes('* 3 EXISTS\r\n'))]).host).toEqual([]);
  expect(told(imap, conversation(143, { server: b.bytes('* OK ', 'x'.repeat(2000)) })).malformed).toMatchObject([{ collector: 'imap' }]);
  expect(told(imap, [fromServer(143, greeting, { ttl: 63 })]).host).toEqual([]);
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, greeting));
