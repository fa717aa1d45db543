import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decode, sshKex } from '../../collectors/ssh-kex.ts';
import * as b from '../vectors/frames/build.ts';
import { clientStart, group, groupReply, hostKeyBlob, kexInit, newKeys, packet, serverStart, string } from '../vectors/frames/ssh.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
/** HASSH takes what its side sends with: the first of each pair of lists for a client, the second for a server. */
const serverPrint = { kind: 'print', scheme: 'hassh', value: md5('curve25519-sha256,ecdh-sha2-nistp256;aes128-ctr;hmac-sha1;zlib') };
const clientPrint = { kind: 'print', scheme: 'hassh', value: md5('curve25519-sha256,ecdh-sha2-nistp256;aes256-ctr;hmac-sha2-256;none') };
const key = {
  kind: 'identifier',
  scheme: 'ssh-host-key',
  value: `SHA256:${createHash('sha256').update(hostKeyBlob).digest('base64').slice(0, 43)}`,
};

it('both sides show what they can do, and the server its host key, over many segments', () =>
  expect(told(sshKex, conversation(22, { client: clientStart, server: serverStart }, 40))).toEqual({
    client: [clientPrint],
    host: [serverPrint, key],
    malformed: [],
  }));

describe('with a group exchange', () => {
  const start = b.bytes('SSH-2.0-x\r\n', kexInit, group);
  it('the host key comes with the second reply', () =>
    expect(told(sshKex, conversation(22, { server: b.bytes(start, groupReply) }, 100)).host).toEqual([serverPrint, key]));
  it('the group alone is no key', () => expect(decode(start)).toBeUndefined());
});

describe('no host key is told', () => {
  it('for a router that passed it on', () => expect(told(sshKex, [fromServer(22, serverStart, { ttl: 63 })]).host).toEqual([]));

  it('when what stands in its place is none', () => {
    for (const blob of [b.bytes(), b.bytes(1, 2), string('\u0001\u0002 no'), b.bytes(b.u32(99), 'ssh')])
      expect(decode(b.bytes('SSH-2.0-x\r\n', kexInit, packet(33, string(blob))))?.hostKey).toBeUndefined();
  });
});

it('packets that break their lengths are malformed', () => {
  for (const broken of [b.bytes(b.u32(40_000), 4, 20), b.bytes(b.u32(3), 9, 20, 0, 0, 0)])
    expect(told(sshKex, conversation(22, { server: b.bytes('SSH-2.0-x\r\n', broken) })).malformed).toMatchObject([{ count: 1 }]);
  const lists = packet(20, new Uint8Array(16), b.u32(500), 'short');
  expect(told(sshKex, conversation(22, { client: b.bytes('SSH-2.0-x\r\n', lists, packet(30), newKeys) })).malformed).toMatchObject([
    { count: 1 },
  ]);
});

it('cut anywhere it waits for the rest', () => {
  cutsWaitOrThrow(decode, serverStart);
  cutsWaitOrThrow(decode, clientStart);
});
