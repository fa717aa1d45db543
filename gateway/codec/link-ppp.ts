import type { FindIp } from './link-ip.ts';
import { u16At } from './number-at.ts';

/** Protocols of PPP (IANA), those of Cisco HDLC are EtherTypes. */
const [pppIp4, pppIp6, ip4, ip6] = [0x0021, 0x0057, 0x0800, 0x86dd];
/** First bytes of a frame: all stations of PPP (RFC 1662 §3.1), unicast and broadcast of Cisco HDLC; the second byte of PPP. */
const [allStations, unicast, broadcast, unnumbered] = [0xff, 0x0f, 0x8f, 0x03];
/** Of a PPPoE session: version and type, code, session, length. RFC 2516 §4. */
const pppoeHeader = 6;

/** The IP header behind the protocol at `at`, which is one byte where that one is odd. RFC 1661 §2, §6.5. */
function behindProtocol(b: Uint8Array, at: number): number {
  const isShort = ((b[at] ?? 0) & 1) === 1;
  const protocol = isShort ? (b[at] ?? 0) : u16At(b, at);
  return protocol === pppIp4 || protocol === pppIp6 ? at + (isShort ? 1 : 2) : -1;
}

/** PPP with or without its address and control bytes (RFC 1661 §6.6). Of some captures the first byte is the direction. */
export const inPpp: FindIp = (b, from) => behindProtocol(b, b[from + 1] === unnumbered ? from + 2 : from);

/** Address, control, EtherType. */
export const inCiscoHdlc: FindIp = (b, from) => {
  const type = u16At(b, from + 2);
  return type === ip4 || type === ip6 ? from + 4 : -1;
};

/** Serial lines, whose captures do not say which of both it is. */
export const inPppOrHdlc: FindIp = (b, from, to) =>
  b[from] === unicast || b[from] === broadcast ? inCiscoHdlc(b, from, to) : b[from] === allStations ? inPpp(b, from, to) : -1;

/** A byte that says the direction stands before the frame. */
export const inPppWithDirection: FindIp = (b, from, to) => inPpp(b, from + 1, to);

/** The packet of a PPPoE session. */
export const inPppoe: FindIp = (b, from) => behindProtocol(b, from + pppoeHeader);
