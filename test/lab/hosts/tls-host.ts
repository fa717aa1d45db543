import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';

/** `node tls-host.ts FOLDER ADDRESS`: a TLS 1.3 server on 8443 of this one address that shows the chain of the folder. It ends when its stdin does. */
const [folder = '.', host = '::'] = process.argv.slice(2);
const credential = { key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/chain.pem`) };
const server = createServer({ ...credential, minVersion: 'TLSv1.3' }, socket => socket.on('error', () => undefined));
server.on('tlsClientError', () => undefined);
server.listen({ host, port: 8443, ipv6Only: host.includes(':') });
process.stdin.on('end', () => process.exit(0)).resume();
