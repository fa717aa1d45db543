import { createServer, type Socket } from 'node:net';

const identity = ['Schneider Electric', 'TM221CE16R', 'V1.6.2'] as const;

/** A Modbus/TCP server on 502: holding registers and the basic device identification (Modbus Application Protocol V1.1b3 §6.3, §6.21). No TLS. */
export function startPlc(): void {
  createServer(serve).listen(502, '0.0.0.0');
}

function serve(socket: Socket): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', chunk => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const length = held.length < 6 ? 0 : held.readUInt16BE(4);
      if (length < 2 || length > 254) {
        if (length > 0 || held.length >= 6) socket.destroy();
        return;
      }
      if (held.length < 6 + length) return;
      const reply = answer(held.subarray(7, 6 + length));
      const header = Buffer.from(held.subarray(0, 7)); // transaction, protocol, length, unit
      header.writeUInt16BE(reply.length + 1, 4);
      socket.write(Buffer.concat([header, reply]));
      held = held.subarray(6 + length);
    }
  });
}

function answer(pdu: Buffer): Buffer {
  const code = pdu[0] ?? 0;
  if (code === 3 && pdu.length === 5) {
    const count = Math.min(pdu.readUInt16BE(3), 125);
    return Buffer.concat([Buffer.from([3, count * 2]), Buffer.alloc(count * 2, 0x11)]);
  }
  if (code === 43 && pdu[1] === 14) {
    const objects = identity.map((text, id) => Buffer.concat([Buffer.from([id, text.length]), Buffer.from(text)]));
    return Buffer.concat([Buffer.from([43, 14, 1, 1, 0, 0, objects.length]), ...objects]);
  }
  return Buffer.from([code | 0x80, 1]); // illegal function
}
