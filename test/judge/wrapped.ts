import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as b from '../vectors/frames/build.ts';
import { encodePcap } from '../vectors/frames/encode-capture.ts';
import { fragments4, fragments6 } from '../vectors/frames/fragments.ts';
import { vectors } from '../vectors/frames/index.ts';

/** Our own frames under another link layer, or as several; undefined for a frame that cannot stand there. */
type Wrap = { readonly link: number; readonly wrap: (frame: Uint8Array) => Uint8Array | readonly Uint8Array[] | undefined };

const typeOf = (frame: Uint8Array): number => ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
const isTyped = (frame: Uint8Array): boolean => typeOf(frame) >= 0x0600 && typeOf(frame) !== 0x8100 && typeOf(frame) !== 0x88a8;
const isIp = (frame: Uint8Array): boolean => typeOf(frame) === 0x0800 || typeOf(frame) === 0x86dd;
/** Who may be meant: to us, broadcast, multicast, to another. LINKTYPE_LINUX_SLL. */
const packetType = (frame: Uint8Array): number => (frame[0] === 0xff ? 1 : ((frame[0] ?? 0) & 1) === 1 ? 2 : 3);

export const wraps: Readonly<Record<string, Wrap>> = {
  ethernet: { link: 1, wrap: frame => frame },
  qinq: { link: 1, wrap: f => b.bytes(f.subarray(0, 12), b.u16(0x88a8), b.u16(7), b.u16(0x8100), b.u16(42), f.subarray(12)) },
  // Each datagram in parts, the last one first, behind more tags than switches set.
  fragments: {
    link: 1,
    wrap: f =>
      fragmentsOf(f)
        ?.toReversed()
        .map(part =>
          b.bytes(part.subarray(0, 12), b.u16(0x88a8), b.u16(7), b.u16(0x8100), b.u16(8), b.u16(0x8100), b.u16(9), part.subarray(12)),
        ),
  },
  // RFC 1042; only what is no longer than 802.3 allows.
  snap: {
    link: 1,
    wrap: f =>
      isTyped(f) && f.length <= 1500 ? b.bytes(f.subarray(0, 12), b.u16(f.length - 6), 0xaa, 0xaa, 3, 0, 0, 0, f.subarray(12)) : undefined,
  },
  sll: {
    link: 113,
    wrap: f => (isTyped(f) ? b.bytes(b.u16(packetType(f)), b.u16(1), b.u16(6), f.subarray(6, 12), 0, 0, f.subarray(12)) : undefined),
  },
  sll2: {
    link: 276,
    wrap: f =>
      isTyped(f)
        ? b.bytes(f.subarray(12, 14), 0, 0, b.u32(2), b.u16(1), packetType(f), 6, f.subarray(6, 12), 0, 0, f.subarray(14))
        : undefined,
  },
  'raw-ip': { link: 101, wrap: f => (isIp(f) ? f.subarray(14) : undefined) },
};

/** The frame as fragments of 64 bytes: IPv4, and IPv6 without extension headers. Of another number each, lest parts of two be mixed. */
function fragmentsOf(frame: Uint8Array): readonly Uint8Array[] | undefined {
  lastId++;
  if (typeOf(frame) === 0x0800 && ((frame[20] ?? 0) & 0x3f) === 0 && frame[21] === 0) return fragments4(frame, 64, lastId);
  const isPlain = [6, 17, 58].includes(frame[20] ?? 0);
  return typeOf(frame) === 0x86dd && isPlain ? fragments6(frame, 64, lastId) : undefined;
}
let lastId = 0;

/** The port from which clients speak in most vectors. */
const clientPort = 40_000;

/** Segments of vectors that stand by themselves all have the same number: tshark would take them for one segment said again, so each gets a stream of its own. */
function ownStream(frame: Uint8Array, index: number): Uint8Array {
  if (typeOf(frame) !== 0x0800 || frame[14] !== 0x45 || frame[23] !== 6) return frame;
  const copy = frame.slice();
  const view = new DataView(copy.buffer);
  if (view.getUint32(38) !== 1 || view.getUint32(42) !== 1) return frame;
  for (const at of [34, 36]) if (view.getUint16(at) === clientPort) view.setUint16(at, clientPort + 2000 + index);
  return copy;
}

/** Of a vector's name the protocol: what comes before the first hyphen. */
const talkOf = (name: string): string => name.replace(/-.*/, '');

/** Writes all own vectors in that link layer as a capture, a second apart; returns its path, and for each frame which vectors it belongs to: those of a protocol. */
export function writeWrapped(folder: string, name: string): { readonly path: string; readonly talkOf: (frame: number) => string } {
  const { link, wrap } = wraps[name] ?? { link: 1, wrap: () => undefined };
  const frames = Object.entries(vectors).flatMap(([vector, bytes], i) =>
    [wrap(ownStream(bytes, i)) ?? []].flat().map(frame => ({ talk: talkOf(vector), frame })),
  );
  const path = join(folder, `own-vectors-${name}.pcap`);
  writeFileSync(
    path,
    encodePcap(
      frames.map(({ frame }, i) => b.frame(frame, { number: i + 1, at: 1_700_000_000_000 + i * 1000 })),
      { link },
    ),
  );
  return { path, talkOf: frame => frames[frame - 1]?.talk ?? '' };
}
