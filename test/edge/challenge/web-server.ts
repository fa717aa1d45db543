import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** A web server as revocation lists are fetched from, honest and not: `node web-server.ts FOLDER PORT`. Serves the folder's files and notes each request. */
const [folder = '', port = '80'] = process.argv.slice(2);
const file = (name: string): string => join(folder, name.replace(/[^\w.-]/g, ''));

createServer((request, response) => {
  const path = request.url ?? '/';
  appendFileSync(join(folder, 'requests.log'), `${request.method} ${request.headers.host ?? '-'} ${path}\n`);
  const [, kind = '', name = ''] = path.split('/');
  const every = (ms: number, bytes: number): void => {
    const timer = setInterval(() => response.write(Buffer.alloc(bytes)), ms);
    response.on('close', () => clearInterval(timer));
  };
  response.on('error', () => {});
  if (kind === 'slow') return every(100, 1); // never ends
  if (kind === 'huge') return every(1, 65_536); // never ends either
  if (kind === 'silent') return;
  if (kind === 'long') return void response.writeHead(200, { 'content-length': 1e12 }).write('x');
  if (kind === 'cut') {
    response.writeHead(200, { 'content-length': 1000 });
    return void response.write('x', () => response.destroy());
  }
  if (kind === 'redirect') return void response.writeHead(302, { location: `/${name}` }).end();
  if (kind === 'gzip') return void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
  if (!existsSync(file(kind))) return void response.writeHead(404).end();
  return void response.end(readFileSync(file(kind)));
}).listen(Number(port), '0.0.0.0', () => process.stdout.write('ready\n'));
