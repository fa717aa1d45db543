import { ip4, ip6, isHostIp, mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip, Mac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, udpPorts } from './collector.ts';
import { isForGroup, ownerOf } from './on-link.ts';
import type { Packet } from './packet.ts';

const glbpPort = 3222;

/** Parts of a message. Cisco publishes no format; this one is what its routers send. */
export const tlvTypes = { hello: 1, forwarder: 2, authentication: 3 } as const;
const families = { ipv4: 1, ipv6: 2 } as const;
const maxForwarders = 4;

/** Gateway Load Balancing Protocol of Cisco. Passwords are not kept. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'GLBP');
  const version = r.u8();
  if (version !== 1) throw r.fault(`version ${version}`);
  r.skip(1);
  const group = r.u16();
  r.skip(2 + 6); // unknown; the sender's own address
  let [priority, ip]: [number | undefined, Ip | undefined] = [undefined, undefined];
  const forwarders: Mac[] = [];
  while (r.left > 0) {
    const [type, length] = [r.u8(), r.u8()];
    if (length < 2) throw r.fault(`part of length ${length}`);
    const t = new Reader(r.take(length - 2), 'GLBP part');
    if (type === tlvTypes.hello) {
      t.skip(3); // unknown, state, unknown
      priority = t.u8();
      t.skip(2 + 4 + 4 + 2 + 2 + 2); // unknown, hello time, hold time, redirect, timeout, unknown
      const [family, address] = [t.u8(), t.take(t.u8())];
      if (family === families.ipv4) ip = ip4(address);
      else if (family === families.ipv6) ip = ip6(address);
    } else if (type === tlvTypes.forwarder) {
      t.skip(12); // number, state, unknown, priority, weight, unknown
      const own = mac(t.take(6));
      if (forwarders.length < maxForwarders) forwarders.push(own);
    }
  }
  return { group, priority, ip, forwarders };
}

/** The sender is a gateway of the group, with the virtual addresses that it forwards for. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Fact[] {
  if (!isForGroup(packet) || m.priority === undefined) return [];
  const [first] = m.forwarders;
  const others = m.forwarders.length < 2 ? '' : `, also ${m.forwarders.slice(1).join(' ')}`;
  const where = { ...(m.ip !== undefined && isHostIp(m.ip) ? { ip: m.ip } : {}), ...(first === undefined ? {} : { mac: first }) };
  return [{ kind: 'router', protocol: 'glbp', detail: `group ${m.group}, priority ${m.priority}${others}`, ...where, ...ownerOf(packet) }];
}

export const glbp = collector({ name: 'glbp', spec: 'Cisco GLBP', matches: udpPorts(glbpPort), decode, observe });
