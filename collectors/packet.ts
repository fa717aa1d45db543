import type { Ip, Mac, Millis, PortName, Vlan } from '../gateway/model/address.ts';
import type { Frame } from '../gateway/model/frame.ts';
import { ip4, ip6, isHostIp, macAt } from '../gateway/codec/address.ts';
import { CaptureFrame } from '../gateway/codec/capture.ts';

export const etherTypes = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd, qinq: 0x88a8, oldQinq: 0x9100 } as const;
export const ipProtocols = { tcp: 6, udp: 17 } as const;
export const tcpFlags = { syn: 2, rst: 4, ack: 16 } as const;

/** Why a layer could not be peeled; the sender is known nevertheless. */
export const faults = {
  none: '',
  vlan: 'VLAN tag is cut or names the reserved VLAN 4095',
  ipv4: 'IPv4 header length, total length or version is wrong',
  ipv6: 'IPv6 header, payload length or extension headers are wrong',
  udp: 'UDP length is wrong',
  tcp: 'TCP header length is wrong',
} as const;
export type Fault = keyof typeof faults;

const ethernetHeader = 14;
/** Caps: 802.1Q tags and IPv6 extension headers that are walked (RFC 8200 §4.1 names seven). */
const [maxTags, maxExtensions] = [2, 8];
const [hopByHop, routing, fragment, authentication, destination, mobility, hostIdentity, shim6] = [0, 43, 44, 51, 60, 135, 139, 140];

/**
 * A frame with its layers peeled: Ethernet II, 802.1Q and QinQ tags (the outer one counts), IPv4, IPv6, UDP, TCP. One object is used for
 * every frame, so that peeling makes no garbage: all is offsets into the frame, text is made when it is asked for. Valid only until
 * the next `peel`. `peel` never throws; what is broken or cut off is left 0 and `fault` says why.
 */
export class Packet {
  number = 0;
  at: Millis = 0;
  port: PortName = '';
  /** The frame stands here from `start`; all other offsets count from the front of `bytes` too. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  /** Captured less than what was on the wire: a broken layer then is nobody's fault. */
  isCut = false;
  vlan: Vlan = 0;
  /** 0 when there is none (802.3 length, cut frame). */
  etherType = 0;
  /** First byte behind the Ethernet header and tags. */
  l3 = 0;
  /** 4, 6, or 0 when the frame is not IP or its header is broken. */
  ipVersion = 0;
  /** IPv4 time to live or IPv6 hop limit. */
  ttl = 0;
  /** Set only where ports can be read: not in later fragments. */
  ipProtocol = 0;
  sourcePort = 0;
  targetPort = 0;
  tcpFlags = 0;
  /** First byte of what the innermost peeled layer carries, and the byte behind its last (padding excluded). */
  payload = 0;
  end = 0;
  fault: Fault = 'none';
  /** Set for TCP by the dissector: what streams.ts knows of the stream, and whether the source address is the sender's own, not a routed one. */
  isServer = false;
  isOwnAddress = false;

  /** False when the frame is too short to name a sender. */
  peel(frame: Frame): boolean {
    const isInChunk = frame instanceof CaptureFrame;
    const b = isInChunk ? frame.chunk : frame.bytes;
    const start = isInChunk ? frame.from : 0;
    const end = isInChunk ? frame.to : b.length;
    this.number = frame.number;
    this.at = frame.at;
    this.port = frame.port;
    this.bytes = b;
    this.start = start;
    this.isCut = end - start < frame.wireLength;
    this.ipVersion = this.ipProtocol = this.sourcePort = this.targetPort = this.tcpFlags = this.vlan = this.etherType = 0;
    this.isServer = this.isOwnAddress = false;
    this.fault = 'none';
    this.end = end;
    this.payload = this.l3 = start + ethernetHeader;
    if (end - start < ethernetHeader) return false;
    const type = this.#tags(b, ((b[start + 12] ?? 0) << 8) | (b[start + 13] ?? 0));
    if (type < 0x0600) return true; // 802.3 length, IEEE 802.3 §3.2.6
    this.etherType = type;
    if (type === etherTypes.ipv4) this.#ipv4(b);
    else if (type === etherTypes.ipv6) this.#ipv6(b);
    return true;
  }

  /** The frame's source. */
  get source(): Mac {
    return macAt(this.bytes, this.start + 6);
  }

  /** What the innermost peeled layer carries, as a view. */
  get body(): Uint8Array {
    return this.bytes.subarray(this.payload, this.end);
  }

  /** Source address of the IP header; undefined when there is none or no host can have it. Says nothing about the frame's sender: it may be routed. */
  get sourceIp(): Ip | undefined {
    if (this.ipVersion === 0) return undefined;
    const i = this.l3 + (this.ipVersion === 4 ? 12 : 8);
    const ip = this.ipVersion === 4 ? ip4(this.bytes.subarray(i, i + 4)) : ip6(this.bytes.subarray(i, i + 16));
    return isHostIp(ip) ? ip : undefined;
  }

  /** Whom the frame is for: the target address of the IP header, else of the frame. Any address at all, groups too. */
  get target(): Ip | Mac {
    if (this.ipVersion === 0) return macAt(this.bytes, this.start);
    const i = this.l3 + (this.ipVersion === 4 ? 16 : 24);
    return this.ipVersion === 4 ? ip4(this.bytes.subarray(i, i + 4)) : ip6(this.bytes.subarray(i, i + 16));
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
      type = ((b[this.l3 + 2] ?? 0) << 8) | (b[this.l3 + 3] ?? 0);
      this.l3 += 4;
    }
    this.payload = this.l3;
    return type;
  }

  /** RFC 791 §3.1. Only the first fragment has ports. */
  #ipv4(b: Uint8Array): void {
    const i = this.l3;
    const first = b[i] ?? 0;
    const header = (first & 15) << 2;
    const total = ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);
    if (first >> 4 !== 4 || header < 20 || total < header || i + header > this.end || (!this.isCut && i + total > this.end))
      return this.#broken('ipv4');
    this.ipVersion = 4;
    this.ttl = b[i + 8] ?? 0;
    this.end = Math.min(this.end, i + total);
    this.payload = i + header;
    const isLaterFragment = ((((b[i + 6] ?? 0) & 0x1f) << 8) | (b[i + 7] ?? 0)) !== 0;
    if (!isLaterFragment) this.#transport(b, b[i + 9] ?? 0);
  }

  /** RFC 8200 §3, §4. */
  #ipv6(b: Uint8Array): void {
    const i = this.l3;
    const length = ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0);
    if ((b[i] ?? 0) >> 4 !== 6 || i + 40 > this.end || (!this.isCut && i + 40 + length > this.end)) {
      return this.#broken('ipv6');
    }
    this.ipVersion = 6;
    this.ttl = b[i + 7] ?? 0;
    this.end = Math.min(this.end, i + 40 + length);
    let [next, at] = [b[i + 6] ?? 0, i + 40];
    for (let walked = 0; isExtension(next); walked++) {
      const size = next === fragment ? 8 : next === authentication ? ((b[at + 1] ?? 0) + 2) << 2 : ((b[at + 1] ?? 0) + 1) << 3;
      if (walked === maxExtensions || at + size > this.end) {
        return this.#broken('ipv6');
      }
      const isLaterFragment = next === fragment && (((b[at + 2] ?? 0) << 8) | ((b[at + 3] ?? 0) & 0xf8)) !== 0;
      if (isLaterFragment) return;
      next = b[at] ?? 0;
      at += size;
    }
    this.payload = at;
    this.#transport(b, next);
  }

  #transport(b: Uint8Array, protocol: number): void {
    const i = this.payload;
    if (protocol === ipProtocols.udp) {
      const length = ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0);
      if (i + 8 > this.end || length < 8 || (!this.isCut && i + length > this.end && !this.#isFragment(b))) return this.#broken('udp');
      this.end = Math.min(this.end, i + length);
      this.payload = i + 8;
    } else if (protocol === ipProtocols.tcp) {
      const header = ((b[i + 12] ?? 0) >> 4) << 2;
      if (i + 20 > this.end || header < 20 || i + header > this.end) return this.#broken('tcp');
      this.tcpFlags = b[i + 13] ?? 0;
      this.payload = i + header;
    } else return;
    this.ipProtocol = protocol;
    this.sourcePort = ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
    this.targetPort = ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);
  }

  /** The first fragment of a longer datagram: its UDP length is more than it carries. */
  #isFragment(b: Uint8Array): boolean {
    return this.ipVersion === 6 || ((b[this.l3 + 6] ?? 0) & 0x20) !== 0;
  }

  /** What the capture cut off is nobody's fault. */
  #broken(fault: Fault): void {
    if (!this.isCut) this.fault = fault;
  }
}

const isExtension = (next: number): boolean =>
  next === hopByHop ||
  next === routing ||
  next === fragment ||
  next === authentication ||
  next === destination ||
  next === mobility ||
  next === hostIdentity ||
  next === shim6;
