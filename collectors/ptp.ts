import { hex } from '../gateway/codec/address.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType, udpPorts } from './collector.ts';
import { isForGroup } from './on-link.ts';
import type { Packet } from './packet.ts';

/** IEEE 1588 annexes C to E: event and general messages over UDP, and over Ethernet. */
const [eventPort, generalPort, ptpType] = [319, 320, 0x88f7];

/** Message types, IEEE 1588 table 36. */
export const messageTypes = { delayRequest: 1, peerDelayRequest: 2, announce: 11, management: 13 } as const;
const maxMessageType = 13;
/** Management: action, TLV and id of the description of a clock that answers. IEEE 1588 §15.4.1, §15.5.3.1.2. */
const [response, managementTlv, clockDescription] = [2, 1, 1];

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
  if (type === messageTypes.management) return { type, domain, clock, plate: readPlate(m) };
  if (type !== messageTypes.announce) return { type, domain, clock };
  m.skip(10 + 2 + 1); // origin timestamp, offset to UTC, reserved
  const [priority1, clockClass] = [m.u8(), m.u8()];
  m.skip(1 + 2); // accuracy, variance
  const [priority2, grandmaster, steps] = [m.u8(), hex(m.take(8)), m.u16()];
  m.skip(1); // time source
  return { type, domain, clock, master: { priority1, clockClass, priority2, grandmaster, steps } };
}

/** CLOCK_DESCRIPTION: type, layer and addresses, then the product as `maker;model;instance`, its revisions as `hardware;firmware;software`. */
function readPlate(m: Reader): { readonly product: readonly string[]; readonly revision: readonly string[] } | undefined {
  m.skip(10 + 2); // target, hops
  const action = m.u8() & 15;
  m.skip(1);
  const [tlv, , id] = [m.u16(), m.u16(), m.u16()];
  if (action !== response || tlv !== managementTlv || id !== clockDescription) return undefined;
  const text = (): string => decodeText(m.take(m.u8()));
  m.skip(2);
  text(); // physical layer protocol
  m.skip(m.u16()); // hardware address
  m.skip(2);
  m.skip(m.u16()); // protocol and address
  m.skip(3 + 1); // organisation, reserved
  const [product, revision] = [text(), text()];
  return { product: product.split(';').map(part => part.trim()), revision: revision.split(';').map(part => part.trim()) };
}

function plateOf({ product: [maker = '', model = '', serial = ''], revision: [, firmware = '', software = ''] }: Plate): readonly Fact[] {
  const facts: Fact[] = [];
  if (maker !== '') facts.push({ kind: 'maker', text: maker });
  if (model !== '') facts.push({ kind: 'model', text: model });
  if (serial !== '') facts.push({ kind: 'serial', text: serial });
  if ((firmware || software) !== '') facts.push({ kind: 'firmware', text: firmware || software });
  return facts;
}
type Plate = NonNullable<ReturnType<typeof readPlate>>;

/** The clock is the sender's own, unless the message came through a router. Who announces is a master of the time. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Fact[] {
  const clock: Fact = { kind: 'identifier', scheme: 'ptp-clock', value: m.clock };
  // A description is an answer to who asked for it.
  if (m.plate !== undefined) return [clock, ...plateOf(m.plate)];
  if (!isForGroup(packet) || m.type === messageTypes.management) return [];
  if (m.master === undefined) return [clock];
  const { grandmaster, priority1, priority2, clockClass, steps } = m.master;
  const quality = `priority ${priority1}/${priority2}, class ${clockClass}, ${steps} steps away`;
  return [clock, { kind: 'bridge', protocol: 'ptp', detail: `domain ${m.domain}, grandmaster ${grandmaster}, ${quality}` }];
}

/** The others go many times a second, or are passed on by transparent clocks. */
const wants = ({ bytes, payload }: Packet): boolean => {
  const type = (bytes[payload] ?? 0) & 15;
  // Management is rare; of its messages only the responses are looked at.
  if (type === messageTypes.management) return ((bytes[payload + 46] ?? 0) & 15) === response;
  return type === messageTypes.announce || type === messageTypes.delayRequest || type === messageTypes.peerDelayRequest;
};

/** Version 2 by its number, and version 1, which says no more than its sender's address, by its two. IEEE 1588-2002 §D. */
const speaks = ({ bytes: b, payload: i }: Packet): boolean =>
  ((b[i + 1] ?? 0) & 15) === 2 || (b[i] === 0 && b[i + 1] === 1 && b[i + 2] === 0 && b[i + 3] === 1);

export const ptp = collector({
  name: 'ptp',
  spec: 'IEEE 1588',
  matches: [etherType(ptpType), udpPorts(eventPort, generalPort)],
  wants,
  speaks,
  decode,
  observe,
});
