import type { Ip, Mac, Millis, PortName, Vlan } from '../gateway/model/address.ts';
import type { Frame } from '../gateway/model/frame.ts';
import { isHostIp } from '../gateway/codec/address.ts';
import { ip4At, ip6At, macAt } from '../gateway/codec/address-at.ts';
import { CaptureFrame } from '../gateway/codec/capture.ts';
import type { Inner } from './tunnel.ts';

export const etherTypes = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  bridgedEthernet: 0x6558,
  pppoeSession: 0x8864,
  hsr: 0x892f,
  rTag: 0xf1c1,
  qinq: 0x88a8,
  oldQinq: 0x9100,
} as const;
export const ipProtocols = { icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, icmpv6: 58, ospf: 89, etherIp: 97, vrrp: 112 } as const;
export const tcpFlags = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

/** Why a layer could not be peeled; the sender is known nevertheless. */
export const faults = {
  none: '',
  vlan: 'VLAN tag is cut or names the reserved VLAN 4095',
  ipv4: 'IPv4 header length, total length or version is wrong',
  ipv6: 'IPv6 header, payload length or extension headers are wrong',
  udp: 'UDP length is wrong',
  tcp: 'TCP header length is wrong',
  segments: 'TCP segments say different bytes for the same place of a stream',
  fragments: 'fragments of one datagram overlap or go on behind its end',
} as const;
export type Fault = keyof typeof faults;

const ethernetHeader = 14;
const [pppIpv4, pppIpv6] = [0x0021, 0x0057];
/** LLC addresses of SNAP, unnumbered information, and the organisations under which EtherTypes stand. RFC 1042; IEEE 802.1H. */
const [snapSap, unnumberedInformation, rfc1042, bridgeTunnel] = [0xaa, 3, 0, 0x0000f8];
/** Caps: 802.1Q tags, of which two are usual (more would hide what is behind them), and IPv6 extension headers that are walked (RFC 8200 §4.1 names seven). */
const [maxTags, maxExtensions] = [8, 8];
const [hopByHop, routing, fragment, authentication, destination, mobility, hostIdentity, shim6] = [0, 43, 44, 51, 60, 135, 139, 140];

/**
 * A frame with its layers peeled: Ethernet II or 802.3 with LLC and SNAP, 802.1Q and QinQ tags (the outer one counts), HSR tags, PPPoE, IPv4, IPv6, UDP, TCP. One object is used for
 * every frame, so that peeling makes no garbage: all is offsets into the frame, text is made when it is asked for. Valid only until
 * the next `peel`. `peel` never throws; what is broken or cut off is left 0 and `fault` says why.
 */
export class Packet {
  /** Stands for the sensor that sees it: what collectors remember, they remember of each sensor by itself (questions.ts). */
  sensor: object = this;
  number = 0;
  at: Millis = 0;
  port: PortName = '';
  /** The frame stands here from `start`; all other offsets count from the front of `bytes` too. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  /** Captured less than what was on the wire: a broken layer then is nobody's fault. */
  isCut = false;
  vlan: Vlan = 0;
  /** Network of the tunnel in which the frame came (VNI, GRE key, ERSPAN session); 0 when it came in none. */
  segment = 0;
  /** The inner tag's VLAN where there are two tags (QinQ); else 0. */
  innerVlan: Vlan = 0;
  /** 0 when there is none (802.3 length, cut frame). Also that of SNAP under RFC 1042. */
  etherType = 0;
  /** Destination of the LLC header of an 802.3 frame; -1 when there is none. */
  dsap = -1;
  /** Of the SNAP header, where the organisation has protocols of its own; -1 when there is none. */
  snapOrganisation = -1;
  snapProtocol = 0;
  /** First byte behind the Ethernet header and tags. */
  l3 = 0;
  /** 4, 6, or 0 when the frame is not IP or its header is broken. */
  ipVersion = 0;
  /** IPv4 time to live or IPv6 hop limit. */
  ttl = 0;
  /** What IP carries, behind the IPv6 extension headers; 0 in later fragments and where the UDP or TCP header is broken. */
  ipProtocol = 0;
  /** A fragment that is not the first: what it carries has no beginning. */
  isLaterFragment = false;
  /** Of a fragment, also the first one: the identification in the IPv4 header or the IPv6 fragment header, and its data, which ends at `end`; else 0. */
  fragmentAt = 0;
  fragmentData = 0;
  /** First byte of what IP carries: of the UDP or TCP header where there is one. */
  l4 = 0;
  sourcePort = 0;
  targetPort = 0;
  tcpFlags = 0;
  /** First byte of what the innermost peeled layer carries, and the byte behind its last (padding excluded). */
  payload = 0;
  end = 0;
  fault: Fault = 'none';
  /** Set for TCP by the dissector: what stream.ts knows of the stream, and whether the source address is the sender's own, not a routed one. */
  isServer = false;
  isOwnAddress = false;
  /** What `replaceBody` has put together last: at most headers and the start of a stream. */
  #joined = new Uint8Array(0);
  /** Made when they are asked for; the body with the bytes of which it is a part, and where. */
  #source: Mac = '';
  #body = this.bytes;
  #bodyOf = this.bytes;
  #bodyFrom = 0;
  #bodyEnd = 0;

  /** False when the frame is too short to name a sender. */
  peel(frame: Frame): boolean {
    const isInChunk = frame instanceof CaptureFrame;
    const b = isInChunk ? frame.chunk : frame.bytes;
    const start = isInChunk ? frame.from : 0;
    const end = isInChunk ? frame.to : b.length;
    this.number = frame.number;
    this.at = frame.at;
    this.port = frame.port;
    this.segment = 0;
    return this.#peel(b, start, end, end - start < frame.wireLength);
  }

  /** Peels the frame that a tunnel's packet carries, as one that came to the same port. */
  peelInner(outer: Packet, inner: Inner): boolean {
    this.number = outer.number;
    this.at = outer.at;
    this.port = outer.port;
    this.sensor = outer.sensor;
    this.segment = inner.segment;
    const isNamed = this.#peel(outer.bytes, inner.start, outer.end, outer.isCut || inner.isCut);
    if (this.vlan === 0) this.vlan = inner.vlan;
    return isNamed;
  }

  #peel(b: Uint8Array, start: number, end: number, isCut: boolean): boolean {
    this.bytes = b;
    this.start = start;
    this.isCut = isCut;
    this.ipVersion = this.ipProtocol = this.sourcePort = this.targetPort = this.tcpFlags = this.vlan = this.innerVlan = this.etherType = 0;
    this.dsap = this.snapOrganisation = -1;
    this.isServer = this.isOwnAddress = this.isLaterFragment = false;
    this.fragmentAt = 0;
    this.fault = 'none';
    this.#source = '';
    this.end = end;
    this.payload = this.l4 = this.l3 = start + ethernetHeader;
    if (end - start < ethernetHeader) return false;
    let type = this.#tags(b, ((b[start + 12] ?? 0) << 8) | (b[start + 13] ?? 0));
    if (type < 0x0600) type = this.#llc(b, type);
    if (type === etherTypes.pppoeSession) type = this.#pppoe(b);
    this.etherType = type;
    // Behind the 28 bytes of ARP there is only padding, which may be missing. RFC 826.
    if (type === etherTypes.arp) this.isCut &&= this.l3 + 28 > end;
    if (type === etherTypes.ipv4) this.#ipv4(b);
    else if (type === etherTypes.ipv6) this.#ipv6(b);
    return true;
  }

  /** The frame's source. */
  get source(): Mac {
    if (this.#source === '') this.#source = macAt(this.bytes, this.start + 6);
    return this.#source;
  }

  /** Its upper 16 bits, and its lower 32. */
  get sourceHigh(): number {
    return ((this.bytes[this.start + 6] ?? 0) << 8) | (this.bytes[this.start + 7] ?? 0);
  }

  get sourceLow(): number {
    const { bytes: b, start: i } = this;
    return (((b[i + 8] ?? 0) << 24) | ((b[i + 9] ?? 0) << 16) | ((b[i + 10] ?? 0) << 8) | (b[i + 11] ?? 0)) >>> 0;
  }

  /** What the innermost peeled layer carries, as a view: one for all who are asked about the frame. */
  get body(): Uint8Array {
    const { bytes, payload, end } = this;
    if (this.#bodyOf !== bytes || this.#bodyFrom !== payload || this.#bodyEnd !== end) {
      this.#bodyOf = bytes;
      this.#bodyFrom = payload;
      this.#bodyEnd = end;
      this.#body = bytes.subarray(payload, end);
    }
    return this.#body;
  }

  /** Puts other bytes behind the headers: the start of a TCP stream in place of one segment. Copies both, to one place for all; the frame itself stays as it was. */
  replaceBody(body: Uint8Array): void {
    const { start, payload } = this;
    const size = payload - start + body.length;
    if (this.#joined.length < size) this.#joined = new Uint8Array(Math.max(size, 4096));
    this.#joined.set(this.bytes.subarray(start, payload));
    this.#joined.set(body, payload - start);
    this.bytes = this.#joined;
    this.l3 -= start;
    this.l4 -= start;
    this.payload -= start;
    this.start = 0;
    this.end = size;
  }

  /** Source address of the IP header; undefined when there is none or no host can have it. Says nothing about the frame's sender: it may be routed. */
  get sourceIp(): Ip | undefined {
    if (this.ipVersion === 0) return undefined;
    const ip = this.ipVersion === 4 ? ip4At(this.bytes, this.l3 + 12) : ip6At(this.bytes, this.l3 + 8);
    return isHostIp(ip) ? ip : undefined;
  }

  /** Whom the frame is for: the target address of the IP header, else of the frame. Any address at all, groups too. */
  get target(): string {
    if (this.ipVersion === 0) return macAt(this.bytes, this.start);
    return this.ipVersion === 4 ? ip4At(this.bytes, this.l3 + 16) : ip6At(this.bytes, this.l3 + 24);
  }

  /** Returns the EtherType behind the tags, 0 when it is cut off. The VLAN is the outer tag's; id 0 is a priority tag (IEEE 802.1Q §9.6). */
  #tags(b: Uint8Array, first: number): number {
    let type = first;
    for (let tag = 0; tag < maxTags && (type === etherTypes.vlan || type === etherTypes.qinq || type === etherTypes.oldQinq); tag++) {
      const id = (((b[this.l3] ?? 0) << 8) | (b[this.l3 + 1] ?? 0)) & 0xfff;
      if (this.l3 + 4 > this.end || id === 0xfff) {
        this.fault = 'vlan';
        return 0;
      }
      if (tag === 0) this.vlan = id;
      else if (tag === 1) this.innerVlan = id;
      type = ((b[this.l3 + 2] ?? 0) << 8) | (b[this.l3 + 3] ?? 0);
      this.l3 += 4;
    }
    // In an HSR ring every frame has a tag of six bytes: path and size, sequence, EtherType. IEC 62439-3 §5.7.1. The R-TAG of TSN is as long, IEEE 802.1CB §7.8.
    if ((type === etherTypes.hsr || type === etherTypes.rTag) && this.l3 + 6 <= this.end) {
      type = ((b[this.l3 + 4] ?? 0) << 8) | (b[this.l3 + 5] ?? 0);
      this.l3 += 6;
    }
    this.payload = this.l3;
    return type;
  }

  /** IEEE 802.3 §3.2.6: `length` counts what follows, padding excluded. Returns the EtherType of RFC 1042, else 0. IEEE 802.2 §3.2; IEEE 802 §9.2. */
  #llc(b: Uint8Array, length: number): number {
    const i = this.l3;
    this.isCut &&= i + length > this.end;
    this.end = Math.min(this.end, i + length);
    if (i + 3 > this.end) return 0;
    const control = b[i + 2] ?? 0;
    const isUnnumbered = (control & 3) === 3;
    this.dsap = b[i] ?? 0;
    this.payload = Math.min(i + (isUnnumbered ? 3 : 4), this.end);
    if (this.dsap !== snapSap || b[i + 1] !== snapSap || control !== unnumberedInformation || i + 8 > this.end) return 0;
    const organisation = ((b[i + 3] ?? 0) << 16) | ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0);
    const protocol = ((b[i + 6] ?? 0) << 8) | (b[i + 7] ?? 0);
    this.payload = i + 8;
    if ((organisation === rfc1042 || organisation === bridgeTunnel) && protocol >= 0x0600) {
      this.l3 = this.payload;
      return protocol;
    }
    this.snapOrganisation = organisation;
    this.snapProtocol = protocol;
    return 0;
  }

  /**
   * A session of PPPoE: version and type, code, session, length, then the protocol of PPP. RFC 2516 §4, RFC 1332 §3, RFC 5072 §3. Its two ends speak IP with each other
   * as on a wire of their own, so that IP in it is peeled as IP in the frame; returns the EtherType that it would have there, else that of PPPoE.
   */
  #pppoe(b: Uint8Array): number {
    const i = this.l3;
    const protocol = ((b[i + 6] ?? 0) << 8) | (b[i + 7] ?? 0);
    if (b[i] !== 0x11 || b[i + 1] !== 0 || i + 8 > this.end || (protocol !== pppIpv4 && protocol !== pppIpv6))
      return etherTypes.pppoeSession;
    this.payload = this.l3 = i + 8;
    return protocol === pppIpv4 ? etherTypes.ipv4 : etherTypes.ipv6;
  }

  /** RFC 791 §3.1. Only the first fragment has ports. */
  #ipv4(b: Uint8Array): void {
    const i = this.l3;
    const first = b[i] ?? 0;
    const header = (first & 15) << 2;
    // Hosts that leave it to the network card to cut segments show 0 in captures of their own.
    const length = ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);
    const total = length === 0 ? this.end - i : length;
    if (first >> 4 !== 4 || header < 20 || total < header || i + header > this.end || (!this.isCut && i + total > this.end))
      return this.#broken('ipv4');
    this.ipVersion = 4;
    this.ttl = b[i + 8] ?? 0;
    // What stands behind the IP packet (padding, check sequence) may be missing.
    if (length !== 0) this.isCut &&= i + total > this.end;
    this.end = Math.min(this.end, i + total);
    this.payload = i + header;
    const offset = (((b[i + 6] ?? 0) & 0x3f) << 8) | (b[i + 7] ?? 0);
    this.isLaterFragment = (offset & 0x1fff) !== 0;
    if (offset !== 0) {
      this.fragmentAt = i + 4;
      this.fragmentData = this.payload;
    }
    if (!this.isLaterFragment) this.#transport(b, b[i + 9] ?? 0);
  }

  /** RFC 8200 §3, §4. */
  #ipv6(b: Uint8Array): void {
    const i = this.l3;
    const said = ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0);
    const length = said === 0 && b[i + 6] === hopByHop ? jumboLength(b, i + 40) : said;
    if ((b[i] ?? 0) >> 4 !== 6 || i + 40 > this.end || (!this.isCut && i + 40 + length > this.end)) {
      return this.#broken('ipv6');
    }
    this.ipVersion = 6;
    this.ttl = b[i + 7] ?? 0;
    this.isCut &&= i + 40 + length > this.end;
    this.end = Math.min(this.end, i + 40 + length);
    let [next, at] = [b[i + 6] ?? 0, i + 40];
    for (let walked = 0; isExtension(next); walked++) {
      const size = next === fragment ? 8 : next === authentication ? ((b[at + 1] ?? 0) + 2) << 2 : ((b[at + 1] ?? 0) + 1) << 3;
      if (walked === maxExtensions || at + size > this.end) {
        return this.#broken('ipv6');
      }
      if (next === fragment) {
        const offset = ((b[at + 2] ?? 0) << 8) | ((b[at + 3] ?? 0) & 0xf9);
        if (offset !== 0) {
          this.fragmentAt = at;
          this.fragmentData = this.payload = at + size;
        }
        this.isLaterFragment = (offset & 0xfff8) !== 0;
        if (this.isLaterFragment) return;
      }
      next = b[at] ?? 0;
      at += size;
    }
    this.payload = at;
    this.#transport(b, next);
  }

  #transport(b: Uint8Array, protocol: number): void {
    const i = this.payload;
    this.l4 = i;
    if (protocol === ipProtocols.udp) {
      const length = ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0);
      if (i + 8 > this.end || length < 8 || (!this.isCut && i + length > this.end && this.fragmentAt === 0)) return this.#broken('udp');
      this.end = Math.min(this.end, i + length);
      this.payload = i + 8;
    } else if (protocol === ipProtocols.tcp) {
      const header = ((b[i + 12] ?? 0) >> 4) << 2;
      if (i + 20 > this.end || header < 20 || i + header > this.end) return this.#broken('tcp');
      this.tcpFlags = b[i + 13] ?? 0;
      this.payload = i + header;
    } else {
      this.ipProtocol = protocol;
      return;
    }
    this.ipProtocol = protocol;
    this.sourcePort = ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
    this.targetPort = ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);
  }

  /** What the capture cut off, or stands in the next fragment, is nobody's fault. */
  #broken(fault: Fault): void {
    if (!this.isCut && (this.fragmentAt === 0 || fault === 'ipv4' || fault === 'ipv6')) this.fault = fault;
  }
}

/**
 * A jumbogram has its length in an option of the hop-by-hop header at `i`, the first there: hosts that leave cutting to the network card show
 * such ones. 0 when there is none. RFC 2675 §2.
 */
const jumboLength = (b: Uint8Array, i: number): number =>
  b[i + 2] === 0xc2 && b[i + 3] === 4
    ? (((b[i + 4] ?? 0) << 24) | ((b[i + 5] ?? 0) << 16) | ((b[i + 6] ?? 0) << 8) | (b[i + 7] ?? 0)) >>> 0
    : 0;

const isExtension = (next: number): boolean =>
  next === hopByHop ||
  next === routing ||
  next === fragment ||
  next === authentication ||
  next === destination ||
  next === mobility ||
  next === hostIdentity ||
  next === shim6;
