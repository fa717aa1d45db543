import { Packet } from '../../collectors/packet.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { frame } from '../vectors/frames/build.ts';
import { deviceIp, station } from '../vectors/frames/industrial.ts';
import { drained, factsOf } from './observe.ts';

/** A frame with its layers peeled, as a collector gets it. */
export function peeled(bytes: Uint8Array): Packet {
  const packet = new Packet();
  packet.peel(frame(bytes));
  return packet;
}

/** The lengths to which what a frame carries can be cut and still decodes; every other cut throws DecodeError. */
export function cutsOf(decode: (bytes: Uint8Array, packet: Packet) => unknown, bytes: Uint8Array): readonly number[] {
  const packet = peeled(bytes);
  const { body } = packet;
  const decoded: number[] = [];
  for (let length = 0; length < body.length; length++) {
    try {
      if (decode(body.subarray(0, length), packet) !== undefined) decoded.push(length);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  return decoded;
}

/** What one collector learnt of an address, in its order; without `protocol`. */
export const saidBy = (collector: string, mac: string, ...frames: readonly Uint8Array[]): readonly Fact[] =>
  drained(...frames).observations.flatMap(o => (o.mac === mac && o.collector === collector ? [o.fact] : []));

/** What the station did to the device with this frame, as `action detail`. */
export const actsOf = (bytes: Uint8Array, target = deviceIp): readonly string[] =>
  factsOf(station, bytes).flatMap((f: Fact) => (f.kind === 'acted' && f.target === target ? [`${f.action} ${f.detail}`] : []));
