import { hex, ip4, ip6, isHostIp, mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip, Mac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, udpPorts } from './collector.ts';
import { isForGroup, ownerOf } from './on-link.ts';
import type { Packet } from './packet.ts';

/** RFC 2281 §4; the second is for IPv6. */
const [hsrpPort, hsrp6Port] = [1985, 2029];

/** RFC 2281 §5.1. Version 2 has the same. An Advertise (3) tells of interfaces only. */
export const opcodes = { hello: 0, coup: 1, resign: 2, advertise: 3 } as const;

/** States of version 1 (RFC 2281 §5.1) and of version 2. */
const states1: { readonly [state: number]: string } = { 0: 'initial', 1: 'learn', 2: 'listen', 4: 'speak', 8: 'standby', 16: 'active' };
const states2: { readonly [state: number]: string } = {
  0: 'disabled',
  1: 'initial',
  2: 'learn',
  3: 'listen',
  4: 'speak',
  5: 'standby',
  6: 'active',
};

/** The TLV of version 2 that describes a group, and its length. Cisco, *HSRP version 2*. */
const [groupState, groupStateLength] = [1, 40];
const maxGroups = 8;

type Group = { readonly group: number; readonly state: string; readonly priority: number; readonly ip: Ip; readonly mac: Mac };

/** Hot Standby Router Protocol, version 1 and 2. RFC 2281; Cisco, *HSRP version 2*. Passwords are not kept. */
export function decode(bytes: Uint8Array): readonly Group[] {
  const r = new Reader(bytes, 'HSRP');
  // Version 1 begins with its number, 0; version 2 with the type of its first TLV, which is never 0.
  return bytes[0] === 0 ? readVersion1(r) : readVersion2(r);
}

function readVersion1(r: Reader): readonly Group[] {
  const [, opcode] = [r.u8(), r.u8()];
  if (opcode > opcodes.advertise) throw r.fault(`opcode ${opcode}`);
  if (opcode === opcodes.advertise) {
    r.skip(14);
    return [];
  }
  const state = r.u8();
  r.skip(2); // hello time, hold time
  const [priority, group] = [r.u8(), r.u8()];
  r.skip(1 + 8); // reserved, authentication
  const ip = ip4(r.take(4));
  return [{ group, state: states1[state] ?? `unknown-${state}`, priority, ip, mac: `00:00:0c:07:ac:${hex(Uint8Array.of(group))}` }];
}

function readVersion2(r: Reader): readonly Group[] {
  const groups: Group[] = [];
  do {
    const type = r.u8();
    const t = new Reader(r.take(r.u8()), 'HSRP group state');
    if (type !== groupState) continue;
    if (t.left !== groupStateLength) throw t.fault(`length ${t.left}`);
    const [version, opcode, state, ipVersion, group] = [t.u8(), t.u8(), t.u8(), t.u8(), t.u16()];
    if (version !== 2 || opcode > opcodes.resign) throw t.fault(`version ${version}, opcode ${opcode}`);
    t.skip(6); // identifier: the sender's own address
    const priority = t.u32();
    t.skip(8); // hello time, hold time
    const address = t.take(16);
    // 12 bits of the group stand in the virtual address.
    const virtual = Uint8Array.of(0, 0, 0x0c, 0x9f, 0xf0 | ((group >> 8) & 15), group & 255);
    const virtual6 = Uint8Array.of(0, 0x05, 0x73, 0xa0, (group >> 8) & 15, group & 255);
    const [ip, own] = ipVersion === 6 ? [ip6(address), mac(virtual6)] : [ip4(address.subarray(0, 4)), mac(virtual)];
    if (groups.length < maxGroups) groups.push({ group, state: states2[state] ?? `unknown-${state}`, priority, ip, mac: own });
  } while (r.left > 0);
  return groups;
}

/** The sender is a router of these groups. HSRP goes to a group address only and not beyond the link (RFC 2281 §4). */
export function observe(groups: readonly Group[], packet: Packet): readonly Fact[] {
  if (!isForGroup(packet)) return [];
  return groups.map(g => ({
    kind: 'router',
    protocol: 'hsrp',
    detail: `group ${g.group}, ${g.state}, priority ${g.priority}`,
    // Unknown while it is still learnt.
    ...(isHostIp(g.ip) ? { ip: g.ip } : {}),
    mac: g.mac,
    ...ownerOf(packet),
  }));
}

export const hsrp = collector({ name: 'hsrp', spec: 'RFC 2281', matches: udpPorts(hsrpPort, hsrp6Port), decode, observe });
