import { hex } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType, udpPorts } from './collector.ts';
import { isForGroup } from './on-link.ts';
import type { Packet } from './packet.ts';

/** IEEE 1588 annexes C to E: event and general messages over UDP, and over Ethernet. */
const [eventPort, generalPort, ptpType] = [319, 320, 0x88f7];

/** Message types, IEEE 1588 table 36. */
export const messageTypes = { delayRequest: 1, peerDelayRequest: 2, announce: 11 } as const;
const maxMessageType = 13;

/** Precision Time Protocol version 2, also the profile of IEEE 802.1AS: who keeps time. IEEE 1588 §13. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'PTP');
  const [type, version, length] = [r.u8() & 15, r.u8() & 15, r.u16()];
  if (version !== 2 || type > maxMessageType) throw r.fault(`version ${version}, type ${type}`);
  const m = new Reader(r.take(length - 4), 'PTP');
  const domain = m.u8();
  m.skip(1 + 2 + 8 + 4); // minor SDO id, flags, correction, type specific
  const clock = hex(m.take(8));
  m.skip(2 + 2 + 1 + 1); // port, sequence, control, interval
  if (type !== messageTypes.announce) return { type, domain, clock };
  m.skip(10 + 2 + 1); // origin timestamp, offset to UTC, reserved
  const [priority1, clockClass] = [m.u8(), m.u8()];
  m.skip(1 + 2); // accuracy, variance
  const [priority2, grandmaster, steps] = [m.u8(), hex(m.take(8)), m.u16()];
  m.skip(1); // time source
  return { type, domain, clock, master: { priority1, clockClass, priority2, grandmaster, steps } };
}

/** The clock is the sender's own, unless the message came through a router. Who announces is a master of the time. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Fact[] {
  if (!isForGroup(packet)) return [];
  const clock: Fact = { kind: 'identifier', scheme: 'ptp-clock', value: m.clock };
  if (m.master === undefined) return [clock];
  const { grandmaster, priority1, priority2, clockClass, steps } = m.master;
  const quality = `priority ${priority1}/${priority2}, class ${clockClass}, ${steps} steps away`;
  return [clock, { kind: 'bridge', protocol: 'ptp', detail: `domain ${m.domain}, grandmaster ${grandmaster}, ${quality}` }];
}

/** The others go many times a second, or are passed on by transparent clocks. */
const wants = ({ bytes, payload }: Packet): boolean => {
  const type = (bytes[payload] ?? 0) & 15;
  return type === messageTypes.announce || type === messageTypes.delayRequest || type === messageTypes.peerDelayRequest;
};

export const ptp = collector({
  name: 'ptp',
  spec: 'IEEE 1588',
  matches: [etherType(ptpType), udpPorts(eventPort, generalPort)],
  wants,
  decode,
  observe,
});
