import { Reader } from '../gateway/codec/reader.ts';
import { collector, etherType, type Said } from './collector.ts';
import type { Packet } from './packet.ts';

const profinetType = 0x8892;
/** Frame identifiers of cyclic data, unicast and multicast of classes 1 to 3. IEC 61158-6-10 §4.7.1. */
const [firstCyclic, lastCyclic] = [0x0100, 0xfbff];
/** Cycle counter (31.25 µs), data status, transfer status: the last four bytes of the frame. */
const trailer = 4;
/** Of the 65536 steps of the cycle counter those in which a frame is looked at: the first 64 ms of every 2 s. */
const lookedAt = 2048;

/** PROFINET cyclic real-time data: recognised, not read. IEC 61158-6-10. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'PROFINET RT');
  const frameId = r.u16();
  if (frameId < firstCyclic || frameId > lastCyclic) throw r.fault(`frame id ${frameId}`);
  r.skip(trailer);
  return { frameId };
}

/** Up to 4000 a second from each device, all alike, so that its own counter picks the few that are looked at. */
export function wants(packet: Packet): boolean {
  const [b, i, end] = [packet.bytes, packet.payload, packet.end];
  const frameId = ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
  if (frameId < firstCyclic || frameId > lastCyclic || end - i < 2 + trailer) return false;
  return (((b[end - 4] ?? 0) << 8) | (b[end - 3] ?? 0)) < lookedAt;
}

/** Nothing but that it speaks so, which `collector()` adds. */
export const observe = (): readonly Said[] => [];

export const profinetRt = collector({
  name: 'profinet-rt',
  spec: 'IEC 61158-6-10',
  matches: etherType(profinetType),
  wants,
  decode,
  observe,
});
