import { describe, expect, it } from 'vitest';
import { decode, ftp } from '../../collectors/ftp.ts';
import * as b from '../vectors/frames/build.ts';
import { ftpGreeting } from '../vectors/frames/banner.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const service = { kind: 'service', protocol: 'tcp', port: 21, name: 'ftp' };
const greeting = (text: string) => ({ kind: 'description', text, of: 'ftp' });

it('a greeting names the server, over several lines and segments', () =>
  expect(told(ftp, conversation(21, { server: ftpGreeting }, 12))).toEqual({
    client: [],
    host: [service, greeting('Welcome Keep out ScaleOS FTP server (Version 6.4) ready.')],
    malformed: [],
  }));

describe('a greeting', () => {
  const of = (text: string) => told(ftp, [fromServer(21, b.bytes(text))]).host;
  it('of one line is enough, and of none the service', () => {
    expect(of('220 VxWorks (5.4.2)\r\n')).toEqual([service, greeting('VxWorks (5.4.2)')]);
    expect(of('220\r\n')).toEqual([service]);
    expect(of('421 Too many users\n')).toEqual([service, greeting('Too many users')]);
  });
  it('is no answer that comes later', () => expect(of('530 Login failed.\r\n')).toEqual([]));
});

it('the client is not read: no user name, no password', () =>
  expect(told(ftp, conversation(21, { client: b.bytes('USER admin\r\nPASS hunter2\r\n') }))).toEqual({
    client: [],
    host: [],
    malformed: [],
  }));

it('what is no reply is malformed, and so is one that does not end', () => {
  expect(told(ftp, conversation(21, { server: b.bytes('hello there\r\n') })).malformed).toMatchObject([{ count: 1 }]);
  expect(() => decode(b.bytes('220-a\r\n'.repeat(400)))).toThrow('Cannot read reply');
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, ftpGreeting));

describe.skipIf(!hasCaptures)('in other people’s captures', () => {
  it('the Modicon greets as tshark shows it', () =>
    expect(captureFacts('captures/Malcolm-Test-Artifacts/Modicon.pcap', ftp).of('00:00:54:14:f2:4f')).toEqual([
      service,
      greeting('FTP server ready.'),
    ]));
});
