import type { Vlan } from '../gateway/model/address.ts';
import { u16At, u32At } from '../gateway/codec/number-at.ts';
import { etherTypes, ipProtocols, type Packet } from './packet.ts';

/** UDP ports to which tunnels send: VXLAN (RFC 7348 §5) and what Linux had before it, Geneve (RFC 8926 §3.3), VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe-13 §7). */
const [vxlan, oldVxlan, geneve, vxlanGpe] = [4789, 8472, 6081, 4790];
/** EtherTypes of frames in frames: MPLS with a label for one and for several receivers (RFC 5332 §3), service chains (RFC 8300 §2), backbone bridges (IEEE 802.1Q §9.7). */
const [mpls, mplsMulticast, nsh, backbone] = [0x8847, 0x8848, 0x894f, 0x88e7];
/** “Ethernet” as the next protocol of NSH and VXLAN-GPE. RFC 8300 §2.2. */
const nextIsEthernet = 3;
/** Cap: labels of MPLS that are walked. */
const maxLabels = 8;
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
  (p.ipProtocol === ipProtocols.udp &&
    (p.targetPort === vxlan || p.targetPort === geneve || p.targetPort === oldVxlan || p.targetPort === vxlanGpe)) ||
  p.ipProtocol === ipProtocols.etherIp ||
  (p.ipVersion === 0 && isFrameInFrame(p.etherType));

const isFrameInFrame = (type: number): boolean => type === mpls || type === mplsMulticast || type === nsh || type === backbone;

/**
 * The inner frame of GRE (transparent Ethernet, ERSPAN I to III), VXLAN, Geneve, EtherIP, MPLS, NSH and backbone bridges; undefined when there is none. What carries IP
 * alone (IP in IP, 6in4, Teredo, GRE of routed packets) shows no hardware address, so nobody of whom it could be told.
 */
export function innerFrame(p: Packet): Inner | undefined {
  const inner = readInner(p);
  return inner !== undefined && inner.start <= p.end ? inner : undefined;
}

function readInner(p: Packet): Inner | undefined {
  if (p.ipVersion === 0) return p.etherType === backbone ? inBackbone(p) : p.etherType === nsh ? inNsh(p) : inMpls(p);
  if (p.ipProtocol === ipProtocols.gre) return inGre(p);
  if (p.ipProtocol === ipProtocols.etherIp) return inEtherIp(p);
  if (p.targetPort === geneve) return inGeneve(p);
  return p.targetPort === vxlanGpe ? inVxlanGpe(p) : inVxlan(p);
}

/** IEEE 802.1Q §9.7: the service's number stands in the lower three bytes. */
const inBackbone = ({ bytes: b, l3: i }: Packet): Inner => ({ start: i + 4, vlan: 0, segment: u32At(b, i) & 0xffffff, isCut: false });

/** RFC 8300 §2.2, §2.3: version 2 bits, length in words 6, next protocol 8; then the number of the path, 24. */
function inNsh({ bytes: b, l3: i }: Packet): Inner | undefined {
  if ((b[i] ?? 0) >> 6 !== 0 || b[i + 3] !== nextIsEthernet) return undefined;
  return { start: i + ((b[i + 1] ?? 0) & 0x3f) * 4, vlan: 0, segment: u32At(b, i + 4) >>> 8, isCut: false };
}

/**
 * An Ethernet pseudowire, RFC 4448 §4.6: below the last label (RFC 3032 §2.1) a control word, all zero where frames are not numbered. Without one nothing tells a frame
 * from an IP packet for certain (RFC 4928 §2).
 */
function inMpls({ bytes: b, l3 }: Packet): Inner | undefined {
  for (let i = l3; i < l3 + maxLabels * 4; i += 4)
    if (((b[i + 2] ?? 0) & 1) !== 0)
      return u32At(b, i + 4) === 0 ? { start: i + 8, vlan: 0, segment: u32At(b, i) >>> 12, isCut: false } : undefined;
  return undefined;
}

/** RFC 3378 §3: version 3, the rest is zero. */
const inEtherIp = ({ bytes: b, l4: i }: Packet): Inner | undefined =>
  u16At(b, i) === 0x3000 ? { start: i + 2, vlan: 0, segment: 0, isCut: false } : undefined;

/** Version 2 bits, the flags I and P, next protocol; then the VNI. draft-ietf-nvo3-vxlan-gpe-13 §3. */
function inVxlanGpe({ bytes: b, payload: i }: Packet): Inner | undefined {
  if (((b[i] ?? 0) & 0x3c) !== 0x0c || b[i + 3] !== nextIsEthernet) return undefined;
  return { start: i + 8, vlan: 0, segment: u32At(b, i + 4) >>> 8, isCut: false };
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
