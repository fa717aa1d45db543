import type { Frame } from '../../gateway/model/frame.ts';
import * as b from '../vectors/frames/build.ts';
import { encodePcap } from '../vectors/frames/encode-capture.ts';
import { mdnsFrame, mdnsResponse, other, plc, printer, server, vectors } from '../vectors/frames/index.ts';

/** The capture of the golden journal. Origin: composed from our own vectors, invented addresses; no frame of anybody's network. */
const camera = '44:19:b6:00:53:07'; // the registry's prefix, an invented device
const desk = '00:00:5e:00:53:04';
const stealth = '00:00:5e:00:53:05';
const zero = '00:00:00:00:00:00';
const start = Date.UTC(2026, 2, 1, 6, 0, 0);

const hello = (mac: string, ip: string): Uint8Array => b.ethernet(mac, b.broadcast, 0x0806, b.arp(1, mac, ip, zero, '192.0.2.1'));
const vector = (name: string): Uint8Array => vectors[name] ?? new Uint8Array();

/** Frames of the capture by what they are: change one to see its line change. */
export const goldenFrames: readonly (readonly [name: string, atMs: number, bytes: Uint8Array])[] = [
  ['the server says its address', 0, hello(server, '192.0.2.1')],
  ['the PLC asks for a lease', 120, vector('dhcp-request')],
  ['the server grants it', 150, vector('dhcp-ack')],
  ['the PLC uses it', 200, vector('arp-request')],
  ['somebody connects to the PLC', 900, vector('tcp-modbus-data')],
  ['the printer announces itself', 1500, mdnsFrame(mdnsResponse(printer), '192.0.2.10', desk)],
  ['a camera nobody asked for', 2100, hello(camera, '192.0.2.77')],
  [
    'a host that never announces',
    2600,
    b.ethernet(stealth, server, 0x0800, b.ipv4('192.0.2.99', '192.0.2.1', 17, b.udp(4000, 4001, b.bytes('x')))),
  ],
  ['a host that claims another address', 3300, b.ethernet(other, b.broadcast, 0x0806, b.arp(2, server, '192.0.2.1', zero, '192.0.2.10'))],
  ['an ARP that breaks its format', 3400, b.ethernet(other, b.broadcast, 0x0806, b.bytes(0, 1, 8, 0, 6, 4, 0, 1, 1, 2, 3))],
  ['the PLC renews', 65_000, vector('dhcp-renew')],
  ['the camera says it again', 70_000, hello(camera, '192.0.2.77')],
];

export function goldenCapture(edit: (name: string, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes): Uint8Array {
  const frames: Frame[] = goldenFrames.map(([name, atMs, raw], index) => {
    const bytes = edit(name, raw);
    return { number: index + 1, at: start + atMs, port: 'file', bytes, wireLength: bytes.length };
  });
  return encodePcap(frames);
}

export { camera, plc };
