import type { Socket } from 'node:net';

/** Serves SPDM over TCP (DSP0287) on a connection: frames taken apart as they come, each answered so many times. */
export function serveSpdm(socket: Socket, responder: { readonly respond: (request: Uint8Array) => Uint8Array }, times = 1): void {
  let heard = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
    for (let length = lengthOf(heard); length !== undefined; length = lengthOf(heard)) {
      const response = responder.respond(new Uint8Array(heard.subarray(4, length)));
      heard = heard.subarray(length);
      const header = Buffer.from([0, 0, 1, 5]);
      header.writeUInt16LE(response.length + 2);
      for (let i = 0; i < times; i++) socket.write(Buffer.concat([header, response]));
    }
  });
}

/** Octets of the first frame, once it is whole. */
function lengthOf(heard: Buffer): number | undefined {
  const length = heard.length < 4 ? Number.POSITIVE_INFINITY : heard.readUInt16LE(0) + 2;
  return heard.length < length ? undefined : length;
}
