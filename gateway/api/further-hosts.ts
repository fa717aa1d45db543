import type { Server } from 'node:http';
import { createServer, type Server as NetServer } from 'node:net';

/** An address of ours that the kernel still tries, or that comes later, is tried again so often. Milliseconds. */
const againMs = 3_000;

/**
 * Lets an HTTP server be reached at further addresses and the same port: what connects there is handed to it, under its own limits. One that cannot be
 * listened at is told once and tried again; the first address does not depend on it. Returns what ends it.
 */
export function listenAlso(
  server: Server,
  { hosts, port, most }: { readonly hosts: readonly string[]; readonly port: number; readonly most: number },
  log: (line: string) => void,
): () => void {
  const timers = new Map<NetServer, NodeJS.Timeout>();
  const all = hosts.map(host => {
    let isTold = false;
    const one = createServer(socket => void server.emit('connection', socket));
    one.maxConnections = most;
    const listen = (): void => void one.listen({ host, port, ipv6Only: true });
    one.on('error', error => {
      if (!isTold) log(`attestation listener: Cannot listen at ${host} port ${port} yet: ${error.message}`);
      isTold = true;
      timers.set(one, setTimeout(listen, againMs).unref());
    });
    listen();
    return one;
  });
  return () => {
    for (const one of all) {
      clearTimeout(timers.get(one));
      one.close();
    }
  };
}
