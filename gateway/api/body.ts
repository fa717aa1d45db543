import type { IncomingMessage } from 'node:http';

/** The whole body of at most so many bytes, or why there is none. The server's own limits end a client that is too slow. */
export function bodyOf(request: IncomingMessage, maxBody: number): Promise<Uint8Array | 'too-large' | 'unreadable'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBody) return Promise.resolve('too-large');
  return new Promise(resolve => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on('data', (part: Buffer) => {
      length += part.length;
      if (length > maxBody) return resolve('too-large');
      parts.push(part);
    });
    request.on('end', () => resolve(length === 0 ? 'unreadable' : new Uint8Array(Buffer.concat(parts))));
    request.on('error', () => resolve('unreadable')); // it went away, or was cut for its slowness
    request.on('close', () => resolve('unreadable'));
  });
}
