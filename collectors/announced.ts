import type { Fact } from '../gateway/model/fact.ts';
import type { Packet } from './packet.ts';

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
