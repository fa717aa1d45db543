import { mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType } from './collector.ts';
import type { Packet } from './packet.ts';

/** Slow protocols, IEEE 802.3 annex 57A. */
export const slowProtocols = 0x8809;
/** The one of them that is read, and the one that belongs to it. */
const [lacpSubtype, markerSubtype] = [1, 2];
const markerLength = 16;

/** IEEE 802.1AX §6.4.2.3: the information of the sender and of its partner. */
const [actorTlv, partnerTlv, tlvLength] = [1, 2, 20];

/** Link Aggregation Control Protocol: which system and port stand at both ends of a link. IEEE 802.1AX §6.4. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'LACP');
  const [subtype, version] = [r.u8(), r.u8()];
  if (subtype !== lacpSubtype || version === 0) throw r.fault(`subtype ${subtype}, version ${version}`);
  return { version, actor: readEnd(r, actorTlv), partner: readEnd(r, partnerTlv) };
}

function readEnd(r: Reader, wanted: number) {
  const [type, length] = [r.u8(), r.u8()];
  if (type !== wanted || length !== tlvLength) throw r.fault(`TLV ${type} of length ${length}`);
  const [systemPriority, system, key, portPriority, port] = [r.u16(), mac(r.take(6)), r.u16(), r.u16(), r.u16()];
  r.skip(1 + 3); // state, reserved
  return { systemPriority, system, key, portPriority, port };
}

type Message = ReturnType<typeof decode>;

/** The sender is one end of an aggregated link; a system of zeros is a partner that is not known yet. */
export function observe({ actor, partner }: Message): readonly Fact[] {
  const end = (e: Message['actor']): string => `${e.system} port ${e.port}`;
  const far = partner.system === '00:00:00:00:00:00' ? 'partner unknown' : `partner ${end(partner)}`;
  return [{ kind: 'bridge', protocol: 'lacp', detail: `system ${end(actor)}, key ${actor.key}, ${far}` }];
}

const wants = ({ bytes, payload }: Packet): boolean => bytes[payload] === lacpSubtype;
/** Marker PDUs (§6.5) are of it too. Their requester is the actor of the messages that are read, and their responses name the other end. */
const speaks = ({ bytes: b, payload: i, end }: Packet): boolean =>
  b[i] === markerSubtype &&
  b[i + 1] === 1 &&
  (b[i + 2] === 1 || b[i + 2] === 2) &&
  b[i + 3] === markerLength &&
  i + 2 + markerLength <= end;

export const lacp = collector({ name: 'lacp', spec: 'IEEE 802.1AX', matches: etherType(slowProtocols), wants, speaks, decode, observe });
