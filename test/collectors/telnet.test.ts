import { expect, it } from 'vitest';
import { decode, telnet } from '../../collectors/telnet.ts';
import * as b from '../vectors/frames/build.ts';
import { telnetBanner } from '../vectors/frames/banner.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const banner = (body: Uint8Array): string | undefined => decode(body)?.banner;

it('a server shows what it is up to its first prompt', () =>
  expect(told(telnet, conversation(23, { client: b.bytes('admin\r\n'), server: telnetBanner }, 9))).toEqual({
    client: [],
    host: [
      { kind: 'service', protocol: 'tcp', port: 23, name: 'telnet' },
      { kind: 'description', text: 'Vendor Switch S-2000 V4.1 User Name:', of: 'telnet' },
    ],
    malformed: [],
  }));

it('what the user types comes back behind the prompt and is not read', () =>
  expect(
    told(telnet, [...conversation(23, { server: b.bytes('login: ') }), fromServer(23, b.bytes('secret-user\r\n'), { sequence: 8 })]).host,
  ).toEqual([
    { kind: 'service', protocol: 'tcp', port: 23, name: 'telnet' },
    { kind: 'description', text: 'login:', of: 'telnet' },
  ]));

it('a doubled 255 is the character, other commands are left out', () => {
  expect(banner(b.bytes(255, 241, 'a', 255, 255, 'b:'))).toBe('a\uFFFDb:');
  expect(banner(b.bytes(255, 250, 24, 0, 255, 255, 255, 240, 'x:'))).toBe('x:');
  expect(banner(b.bytes(255, 251, 1))).toBeUndefined();
});

it('a banner without prompt ends at its cap', () => expect(banner(b.bytes('x'.repeat(600)))?.length).toBe(255));

it('that a router passed on is not the router’s', () => expect(told(telnet, [fromServer(23, telnetBanner, { ttl: 63 })]).host).toEqual([]));

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, telnetBanner));
