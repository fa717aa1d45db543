import { Packet } from '../../collectors/packet.ts';
import type { Frame } from '../../gateway/model/frame.ts';
import { frame } from '../vectors/frames/build.ts';

/** A frame with its layers peeled, as a collector gets it. */
export function peeled(bytes: Uint8Array, over: Partial<Frame> = {}): Packet {
  const packet = new Packet();
  packet.peel(frame(bytes, over));
  return packet;
}
