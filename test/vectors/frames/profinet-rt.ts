import * as b from './build.ts';
import { device, station } from './industrial.ts';

/** Composed from IEC 61158-6-10 §4.7: frame id, data, then cycle counter, data status, transfer status. */
export const cyclic = (frameId: number, counter: number): Uint8Array =>
  b.bytes(b.u16(frameId), new Uint8Array(40), b.u16(counter), 0x35, 0);

export const profinetRtVectors = {
  'profinet-rt': b.tagged(device, station, [[0x8100, 0xc000]], 0x8892, cyclic(0x8000, 64)),
};
