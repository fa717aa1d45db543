import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Channel } from '../../../gateway/edge/challenge/channels/channel.ts';
import { chares } from '../../../gateway/edge/challenge/channels/chares.ts';
import { tls } from '../../../gateway/edge/challenge/channels/tls.ts';
import { presentClient } from '../../../gateway/edge/challenge/channels/tls-socket.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { sendClient } from '../../../gateway/edge/challenge/send-client.ts';
import type { ToChallenger } from '../../../gateway/edge/messages.ts';
import { readClientCredential } from '../../../gateway/edge/store/client-credential.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { httpsServer } from './https.ts';
import { nodeTls, type Running } from './servers.ts';

let folder: string;
let ours: Credential;
let device: Credential;
const running: Running[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-client-'));
  ours = await makeSelfSigned({ cn: 'gateway' });
  device = await makeSelfSigned({ cn: 'device' });
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

describe('the certificate that we show ourselves with', () => {
  it('is read with its key, and refused when others may read it, when it is a link, and when key and certificate do not fit', () => {
    const good = file('good.pem', ours.chainPem + ours.keyPem);
    expect(readClientCredential(good)).toContain('PRIVATE KEY');
    expect(() => readClientCredential(file('open.pem', ours.chainPem + ours.keyPem, 0o640))).toThrow(
      /others may read the key in it \(mode 640\)/,
    );
    symlinkSync(good, join(folder, 'link.pem'));
    expect(() => readClientCredential(join(folder, 'link.pem'))).toThrow(/Cannot use/);
    expect(() => readClientCredential(file('other.pem', ours.chainPem + device.keyPem))).toThrow(/no certificate with its key/);
    expect(() => readClientCredential(file('none.pem', 'hello'))).toThrow(/no certificate with its key/);
    expect(() => readClientCredential(join(folder, 'missing.pem'))).toThrow(/ENOENT/);
    expect(() => readClientCredential(file('long.pem', 'x'.repeat(70_000)))).toThrow(/65536 bytes/);
  });

  it('that cannot be used is said, and none is sent', () => {
    const [sent, said]: [ToChallenger[], string[]] = [[], []];
    const send = (message: ToChallenger): boolean => sent.push(message) > 0;
    sendClient(send, join(folder, 'missing.pem'), line => said.push(line));
    sendClient(send, file('again.pem', ours.chainPem + ours.keyPem), line => said.push(line));
    expect(sent.map(({ type }) => type)).toEqual(['client']);
    expect(said).toEqual([expect.stringMatching(/^Cannot use .*missing\.pem/)]);
  });

  it('opens a device that demands it; without it that device says in plain words what it wants', async () => {
    const options = { requestCert: true, rejectUnauthorized: true, ca: ours.chainPem };
    const old = await nodeTls(device.chainPem, device.keyPem, { ...options, maxVersion: 'TLSv1.2' });
    const now = await httpsServer(
      device,
      (_, response) => response.writeHead(200, { 'content-type': 'application/eat+jwt' }).end('x'),
      options,
    );
    running.push(old, now);
    const ask = (channel: Channel, remotePort: number) => {
      const nonce = () => makeNonce({ random: new Uint8Array(64), mac: '', ip: '127.0.0.1', remotePort }, 0);
      return channel.ask({ ip: '127.0.0.1', remotePort, nonce }, 30_000);
    };
    for (const [channel, port] of [
      [tls, old.port],
      [chares, now.port],
    ] as const)
      expect(await ask(channel, port)).toMatchObject({
        kind: 'failed',
        failure: 'not-tls',
        detail: expect.stringMatching(/it may want a certificate of ours \(settings: challengeClient\)$/) as string,
      });
    presentClient(ours.chainPem + ours.keyPem);
    expect((await ask(tls, old.port)).kind).toBe('answered');
    expect((await ask(chares, now.port)).kind).toBe('answered');
  });
});
