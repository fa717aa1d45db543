import { isHostIp } from '../gateway/codec/address.ts';
import { DecodeError, Reader } from '../gateway/codec/reader.ts';
import { collector, etherType, type Said } from './collector.ts';
import { etherTypes, type Packet } from './packet.ts';

/** Address Resolution Protocol over Ethernet, for IPv4. RFC 826. Other address pairs are rejected. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'ARP');
  const htype = r.u16();
  const ptype = r.u16();
  const hlen = r.u8();
  const plen = r.u8();
  if (htype !== 1 || ptype !== etherTypes.ipv4 || hlen !== 6 || plen !== 4)
    throw new DecodeError(`Cannot read ARP: htype=${htype} ptype=${ptype} hlen=${hlen} plen=${plen}`);
  return { operation: r.u16(), senderMac: r.mac(), senderIp: r.ip4(), targetMac: r.mac(), targetIp: r.ip4() };
}

/**
 * What that tells us about the sender: also a gratuitous ARP names its address. A probe for a free address names none yet (RFC 5227
 * §1.1). Who speaks for another hardware address names that claim, and no address of its own.
 */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if ((m.operation !== 1 && m.operation !== 2) || !isHostIp(m.senderIp)) return [];
  if (m.senderMac !== packet.source) return [{ kind: 'claimed-mac', mac: m.senderMac, ip: m.senderIp }];
  return [{ kind: 'address', ip: m.senderIp }];
}

export const arp = collector({ name: 'arp', spec: 'RFC 826', matches: etherType(etherTypes.arp), decode, observe });
