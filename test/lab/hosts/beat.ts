import { createSocket } from 'node:dgram';

/** Where the server counts. UDP, so that each datagram is one count and nothing is repeated by the sender. */
export const server = { address: '10.20.0.2', port: 9000 };
export const everyMillis = 200;

/** Sends one datagram that names the host to the server five times a second, for as long as the process lives. */
export function startBeat(name: string): void {
  const socket = createSocket('udp4');
  let sent = 0;
  socket.on('error', () => undefined); // no address or no route yet: the next one may leave
  setInterval(() => socket.send(`${name} ${++sent}`, server.port, server.address, () => undefined), everyMillis);
}
