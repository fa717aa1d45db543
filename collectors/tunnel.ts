import type { Vlan } from '../gateway/model/address.ts';
import { u16At, u32At } from '../gateway/codec/number-at.ts';
import { etherTypes, ipProtocols, type Packet } from './packet.ts';

/** UDP ports to which tunnels send: VXLAN (RFC 7348 §5) and what Linux had before it, Geneve (RFC 8926 §3.3). */
const [vxlan, oldVxlan, geneve] = [4789, 8472, 6081];
/** GRE protocol types: bridged Ethernet, ERSPAN I and II, ERSPAN III (draft-foschiano-erspan-03 §4). */
const [bridged, erspan2, erspan3] = [etherTypes.bridgedEthernet, 0x88be, 0x22eb];
/** GRE flags: checksum, routing, key, sequence number; the version below them. RFC 2784 §2, RFC 2890 §2, RFC 1701. */
const [checksum, routing, key, sequence, version] = [0x8000, 0x4000, 0x2000, 0x1000, 7];

/** The Ethernet frame that a tunnel's packet carries. */
export type Inner = {
  /** Its first byte in the packet's bytes. */
  readonly start: number;
  /** The VLAN that the tunnel says where it took the tag off; else 0. */
  readonly vlan: Vlan;
  /** Network of the tunnel: VNI, GRE key or ERSPAN session; 0 when there is none. */
  readonly segment: number;
  /** The tunnel says that it cut the frame. */
  readonly isCut: boolean;
};

/** True when it may be worth to call `innerFrame`: for every packet, so integers only. */
export const isTunnel = (p: Packet): boolean =>
  p.ipProtocol === ipProtocols.gre ||
  (p.ipProtocol === ipProtocols.udp && (p.targetPort === vxlan || p.targetPort === geneve || p.targetPort === oldVxlan));

/** The inner frame of GRE (transparent Ethernet, ERSPAN I to III), VXLAN and Geneve; undefined when there is none. */
export function innerFrame(p: Packet): Inner | undefined {
  const inner = p.ipProtocol === ipProtocols.gre ? inGre(p) : p.targetPort === geneve ? inGeneve(p) : inVxlan(p);
  return inner !== undefined && inner.start <= p.end ? inner : undefined;
}

/** RFC 7348 §5: the flag I says that the VNI is valid. */
function inVxlan({ bytes: b, payload: i }: Packet): Inner | undefined {
  if (((b[i] ?? 0) & 8) === 0) return undefined;
  return { start: i + 8, vlan: 0, segment: u32At(b, i + 4) >>> 8, isCut: false };
}

/** RFC 8926 §3.4. */
function inGeneve({ bytes: b, payload: i }: Packet): Inner | undefined {
  const first = b[i] ?? 0;
  if (first >> 6 !== 0 || u16At(b, i + 2) !== bridged) return undefined;
  return { start: i + 8 + ((first & 0x3f) << 2), vlan: 0, segment: u32At(b, i + 4) >>> 8, isCut: false };
}

function inGre({ bytes: b, l4: i }: Packet): Inner | undefined {
  const [flags, protocol] = [u16At(b, i), u16At(b, i + 2)];
  if ((flags & (routing | version)) !== 0) return undefined;
  const keyAt = i + 4 + ((flags & checksum) !== 0 ? 4 : 0);
  const sequenceAt = keyAt + ((flags & key) !== 0 ? 4 : 0);
  const start = sequenceAt + ((flags & sequence) !== 0 ? 4 : 0);
  const segment = (flags & key) !== 0 ? u32At(b, keyAt) : 0;
  if (protocol === bridged) return { start, vlan: 0, segment, isCut: false };
  // Type I has no header of its own, and no sequence number.
  if (protocol === erspan2 && (flags & sequence) === 0) return { start, vlan: 0, segment, isCut: false };
  if (protocol === erspan2 && (b[start] ?? 0) >> 4 === 1) return { ...inErspan(b, start), start: start + 8 };
  if (protocol !== erspan3 || (b[start] ?? 0) >> 4 !== 2) return undefined;
  const hasSubheader = ((b[start + 11] ?? 0) & 1) !== 0;
  return { ...inErspan(b, start), start: start + (hasSubheader ? 20 : 12) };
}

/** The first word of types II and III: version 4 bits, VLAN 12, class 3, encapsulation 2, truncated 1, session 10. */
function inErspan(b: Uint8Array, i: number): Omit<Inner, 'start'> {
  const word = u32At(b, i);
  const vlan = (word >>> 16) & 0xfff;
  // Encapsulation 2: there was an 802.1Q tag, which is this VLAN now.
  return { vlan: ((word >>> 11) & 3) === 2 && vlan < 0xfff ? vlan : 0, segment: word & 0x3ff, isCut: (word & 0x400) !== 0 };
}
