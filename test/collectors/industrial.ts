import type { Packet } from '../../collectors/packet.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { deviceIp, station } from '../vectors/frames/industrial.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';
import { peeled } from './peeled.ts';

/** The lengths to which what a frame carries can be cut and still decodes; every other cut throws DecodeError. */
export function cutsOf(decode: (bytes: Uint8Array, packet: Packet) => unknown, bytes: Uint8Array): readonly number[] {
  const packet = peeled(bytes);
  return cutsThatDecode(packet.body, cut => decode(cut, packet));
}

/** What one collector learnt of an address, in its order; without `protocol`. */
export const saidBy = (collector: string, mac: string, ...frames: readonly Uint8Array[]): readonly Fact[] =>
  drained(...frames).observations.flatMap(o => (o.mac === mac && o.collector === collector ? [o.fact] : []));

/** What the station did to the device with this frame, as `action detail`. */
export const actsOf = (bytes: Uint8Array, target = deviceIp): readonly string[] =>
  factsOf(station, bytes).flatMap((f: Fact) => (f.kind === 'acted' && f.target === target ? [`${f.action} ${f.detail}`] : []));
