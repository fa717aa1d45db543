import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';

/** A TLS 1.3 server on 8443 that shows the chain of `folder` and says one line: a sensor's attestation port, or a printer's page. */
export function startTls(folder: string, page: string): void {
  const key = readFileSync(`${folder}/key.pem`);
  const cert = readFileSync(`${folder}/chain.pem`);
  const server = createServer({ key, cert, minVersion: 'TLSv1.3' }, socket => {
    socket.on('error', () => undefined);
    socket.once('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\nconnection: close\r\n\r\n${page}`),
    );
  });
  server.on('tlsClientError', () => undefined);
  server.listen(8443, '0.0.0.0');
}
