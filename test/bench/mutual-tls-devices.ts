import { createServer } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { makeSelfSigned, makeVendor, makeDiceDevice } from '../vectors/pki.ts';
import { spec } from '../attestation/world.ts';

/** The devices of `mutual-tls.ts`, in a process of their own: each at an address 127.1.x.y with a chain of its own, and none without a client's certificate. */
const count = Number(process.argv[2] ?? '1000');
const acme = await makeVendor({ name: 'Acme Sensors' });
const gateway = await makeSelfSigned({ cn: 'gateway' });
export const addressOf = (n: number): string => `127.1.${n >> 8}.${n & 255}`;
const contexts = new Map<string, SecureContext>();
for (let n = 0; n < count; n++) {
  const { chainPem, keyPem } = await makeDiceDevice(acme, { ...spec, serial: `TS2-${n}` });
  contexts.set(addressOf(n), createSecureContext({ cert: chainPem, key: keyPem, ca: gateway.chainPem, minVersion: 'TLSv1.3' }));
}
const server = createServer(socket => {
  const secureContext = contexts.get(socket.localAddress ?? '');
  if (secureContext === undefined) return void socket.destroy();
  const tls = new TLSSocket(socket, { isServer: true, secureContext, requestCert: true, rejectUnauthorized: true });
  tls.on('error', () => {}).on('secure', () => tls.end());
  socket.on('error', () => {});
});
server.listen(0, '0.0.0.0', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.send?.({ port, anchor: Buffer.from(acme.anchorDer).toString('base64'), client: gateway.chainPem + gateway.keyPem });
});
