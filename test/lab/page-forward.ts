import { connect, createServer, type Server } from 'node:net';

/** Carries TCP of the machine's loopback to the page's Unix socket, which every network namespace can see. Nothing is decrypted here. */
export async function forwardPage(socketPath: string, port: number): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(client => {
    const page = connect(socketPath);
    client.on('error', () => page.destroy());
    page.on('error', () => client.destroy());
    client.on('close', () => page.destroy());
    page.on('close', () => client.destroy());
    client.pipe(page).pipe(client);
  });
  server.maxConnections = 64;
  const real = (await listen(server, port)) ?? (await listen(server, 0));
  if (real === undefined) throw new Error('Cannot listen on 127.0.0.1: no port is free');
  return { url: `https://127.0.0.1:${real}/`, close: () => server.close() };
}

/** The port, or undefined when it is taken. */
function listen(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error));
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : undefined);
    });
  });
}
