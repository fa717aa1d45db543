import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Running } from './servers.ts';
import type { Credential } from '../../vectors/pki.ts';

/** An HTTPS server of Node that answers so, on every loopback address. */
export async function httpsServer(
  { chainPem, keyPem }: Pick<Credential, 'chainPem' | 'keyPem'>,
  answer: RequestListener,
  options: object = {},
  port = 0,
): Promise<Running> {
  const open = new Set<Socket>();
  const server = createServer({ cert: chainPem, key: keyPem, ...options }, answer);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return {
    port: address.port,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** All of a request's body. */
export async function bodyOf(request: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
