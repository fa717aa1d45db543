import type { Fact } from '../gateway/model/fact.ts';
import type { Packet } from './packet.ts';

/** What stacks set as time to live; one hop further it is less. */
const initialTtls: ReadonlySet<number> = new Set([30, 32, 60, 64, 100, 128, 200, 255]);

/**
 * True when the frame's sender made the datagram itself, as far as can be seen: no router has counted its hop, or it is for a group, which
 * stays on the link or is repeated by a router on purpose. Who speaks from behind a router must not name the router.
 */
export const isOwnDatagram = (p: Packet): boolean => ((p.bytes[p.start] ?? 0) & 1) === 1 || initialTtls.has(p.ttl);

/** A port of the sender, by a URL on its own address that it announces: the address and the service. Nothing when the URL is on another host. */
export function servedAt(url: string, name: string, p: Packet): readonly Fact[] {
  const found = /^(https?):\/\/(?:([0-9.]{7,15})|\[([0-9a-f:]{2,39})(?:%25[\w.-]{1,20})?\])(?::(\d{1,5}))?(?:\/|$)/i.exec(url);
  const ip = p.sourceIp;
  if (found === null || ip === undefined || (found[2] ?? found[3]?.toLowerCase()) !== ip) return [];
  const port = Number(found[4] ?? (found[1]?.toLowerCase() === 'https' ? 443 : 80));
  const address: Fact = { kind: 'address', ip };
  return port === 0 || port > 65_535 ? [address] : [address, { kind: 'service', protocol: 'tcp', port, name }];
}

/** A UUID in any of the ways in which protocols write it, `urn:uuid:…`, `uuid:…`, in lower case; undefined when it is none or says nothing (all zero). */
export function uuidOf(text: string): string | undefined {
  const found = /(?:^|uuid:)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9a-f-])/i.exec(text.slice(0, 255));
  const uuid = found?.[1]?.toLowerCase();
  return uuid === undefined || /^[0-]+$/.test(uuid) ? undefined : uuid;
}
