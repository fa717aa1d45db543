import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type Failed, type Target } from './channel.ts';
import { failureOf } from './failure.ts';

/** Runs `talk` with a socket that is bound here and connected there, and closes it: the kernel lets nobody else's datagrams through and tells when nobody listens. */
export async function withUdp<T>(target: Target, talk: (socket: Socket) => Promise<T>): Promise<T | Failed> {
  const socket = createSocket(isIPv6(target.ip) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  try {
    return (await connected(socket, target)) ?? (await talk(socket));
  } finally {
    socket.close();
  }
}

function connected(socket: Socket, { ip, remotePort, localAddress, localPort }: Target): Promise<Failed | undefined> {
  return new Promise(resolve => {
    socket.once('error', (error: Error) => resolve(failureOf(error)));
    socket.bind(localPort ?? 0, localAddress, () =>
      socket.connect(remotePort, ip, (error?: Error) => {
        socket.removeAllListeners('error');
        resolve(error === undefined || error === null ? undefined : failureOf(error));
      }),
    );
  });
}
