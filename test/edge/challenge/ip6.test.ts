import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeCoap } from '../../../gateway/codec/coap.ts';
import { authority, type Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { channels } from '../../../gateway/edge/challenge/channels/index.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import type { ChannelName } from '../../../gateway/model/settings.ts';
import * as opc from '../../attestation/opc-ua-world.ts';
import * as spdm from '../../attestation/spdm-world.ts';
import { serveOpcUa } from '../../vectors/opc-ua-server.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { SpdmResponder } from '../../vectors/spdm-responder.ts';
import { serveSpdm } from '../../vectors/spdm-server.ts';
import { nonceIn, response, token } from './coap-answers.ts';
import { CoapsWorld, withToken } from './coaps-world.ts';
import { httpsServer } from './https.ts';
import { nodeTls, type Running, tcp } from './servers.ts';
import { loopback6IsMissing } from '../../loopback6.ts';

/** Every way to ask, to servers that only IPv6 leads to: each stands behind a front at ::1 that says who came. */
const world = CoapsWorld.make();
const portOf = (address: string | AddressInfo | null): number => (typeof address === 'object' && address !== null ? address.port : 0);
let credential: Credential;
beforeAll(async () => {
  credential = await makeSelfSigned({ cn: 'sensor' });
});

async function front({ port, close }: Running): Promise<{ readonly port: number; readonly from: string[] }> {
  world.keep({ close });
  const from: string[] = [];
  const server = createServer(socket => {
    from.push(`${socket.remoteAddress}`);
    const back = connect({ host: '127.0.0.1', port });
    for (const end of [socket, back]) end.on('error', () => {});
    socket.pipe(back).pipe(socket);
    socket.on('close', () => back.destroy());
  });
  server.listen({ host: '::1', port: 0, ipv6Only: true });
  await once(server, 'listening');
  world.keep({ close: async () => void server.close() });
  return { port: portOf(server.address()), from };
}

/** For one client. */
async function udpFront(to: number): Promise<{ readonly port: number; readonly from: string[] }> {
  const from: string[] = [];
  const [outer, inner] = [createSocket({ type: 'udp6', ipv6Only: true }), createSocket('udp4')];
  let client = 0;
  outer.on('message', (bytes, { address, port }) => {
    from.push(address);
    client = port;
    inner.send(bytes, to, '127.0.0.1');
  });
  inner.on('message', bytes => outer.send(bytes, client, '::1'));
  outer.bind(0, '::1');
  await once(outer, 'listening');
  world.keep({ close: async () => void [outer, inner].map(socket => socket.close()) });
  return { port: outer.address().port, from };
}

const ask = async (name: ChannelName, remotePort: number): Promise<Exchange> => {
  const channel = channels.find(one => one.name === name);
  if (channel === undefined) throw new Error(`no channel ${name}`);
  const use = { random: new Uint8Array(64).fill(3), mac: '', ip: '::1', remotePort };
  const nonce = (exporter?: Uint8Array) => makeNonce({ ...use, ...(exporter === undefined ? {} : { exporter }) }, spdm.now);
  return channel.ask({ ip: '::1', remotePort, localAddress: '::1', pcrs: [0], nonce }, 30_000);
};
const web = async (heard: string[]): Promise<Running> =>
  httpsServer(credential, (request: IncomingMessage, answer) => {
    heard.push(`${request.headers.host}`);
    answer.writeHead(404).end();
  });

describe.skipIf(loopback6IsMissing)('over IPv6', () => {
  it('TLS is answered, from ::1', async () => {
    const { port, from } = await front(await nodeTls(credential.chainPem, credential.keyPem));
    expect(await ask('tls', port)).toMatchObject({ kind: 'answered', freshness: { kind: 'handshake' } });
    expect(from).toEqual(['::1']);
  });

  it.each(['chares', 'keylime', 'restconf'] as const)('%s comes, and names the host in brackets', async name => {
    const heard: string[] = [];
    const { port, from } = await front(await web(heard));
    expect(await ask(name, port)).toMatchObject({ kind: 'failed', detail: expect.stringContaining('HTTP 404') as string });
    expect([new Set(heard), new Set(from)]).toEqual([new Set([`[::1]:${port}`]), new Set(['::1'])]);
  });

  it('SPDM measures, and an OPC UA server proves its key by two connections', async () => {
    const responder = await front(await tcp(socket => serveSpdm(socket, new SpdmResponder(spdm.good))));
    const measured = await ask('spdm', responder.port);
    if (measured.kind === 'failed') throw new Error(measured.detail);
    expect(spdm.verdict(spdm.judge(measured.evidence.bytes, { freshness: measured.freshness }))).toBe('affirming');
    const server = await front(await tcp(socket => serveOpcUa(socket, opc.good)));
    const proved = await ask('opc-ua', server.port);
    if (proved.kind === 'failed') throw new Error(proved.detail);
    expect(opc.verdict(opc.judge(proved.evidence.bytes, proved.freshness))).toBe('warning NO_MEASUREMENTS A3');
    expect(server.from).toEqual(['::1', '::1']);
  });

  it('CoAP and CoAPS answer with a token', async () => {
    const { port } = await world.udp((bytes, reply) => {
      const request = decodeCoap(bytes);
      reply(response(request, token(nonceIn(request))));
    });
    const plain = await udpFront(port);
    expect(await ask('coap', plain.port)).toMatchObject({ kind: 'answered', evidence: { mediaType: 'application/eat+cwt' } });
    const server = await world.serve(withToken, { ...credential });
    const secure = await udpFront(server.port);
    expect(await ask('coaps', secure.port)).toMatchObject({ kind: 'answered', evidence: { mediaType: 'application/eat+cwt' } });
    expect([...new Set([...plain.from, ...secure.from])]).toEqual(['::1']);
  });

  it('nobody is there, and that is said', async () => {
    for (const { name } of channels) expect([name, (await ask(name, 9)).kind]).toEqual([name, 'failed']);
  });
});

describe('who is named to a device', () => {
  it('has brackets for IPv6 and no zone, which means nothing there', () => {
    const named = (ip: string) => authority({ ip, remotePort: 8443 });
    expect(['10.20.1.7', 'fd00:20::7', 'fe80::7%br0'].map(named)).toEqual(['10.20.1.7:8443', '[fd00:20::7]:8443', '[fe80::7]:8443']);
  });
});
