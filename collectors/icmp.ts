import { ip4, isHostIp } from '../gateway/codec/address.ts';
import { DecodeError, Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, ipProtocol } from './collector.ts';
import { ipProtocols } from './packet.ts';

/** Types that say something of their sender. RFC 792, RFC 1256 §3. */
const [redirect, routerAdvertisement] = [5, 9];
/** Types that there are (IANA, ICMP Parameters), deprecated ones and experiments included. */
const [lastOfOld, extendedEcho, lastOfAll] = [40, 42, 43];
/** Router addresses that are read; the rest is passed over. */
const maxAddresses = 16;

/** Internet Control Message Protocol. RFC 792; router advertisements of RFC 1256. Of other types only the header is read. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'ICMP');
  const [type, code] = [r.u8(), r.u8()];
  if (type > lastOfOld && (type < extendedEcho || type > lastOfAll) && type < 253) throw new DecodeError(`Cannot read ICMP: type ${type}`);
  r.skip(2); // checksum: a broken one is the receiver's business
  if (type === redirect) return { kind: 'redirect', type, code, gateway: ip4(r.take(4)), target: redirected(r) } as const;
  if (type !== routerAdvertisement) {
    r.skip(4);
    return { kind: 'other', type, code } as const;
  }
  const [count, size, lifetimeSeconds] = [r.u8(), r.u8(), r.u16()];
  if (size < 2) throw r.fault(`router addresses of ${size} words`);
  const routers = Array.from({ length: Math.min(count, maxAddresses) }, () => ip4(new Reader(r.take(size * 4), 'ICMP').take(4)));
  return { kind: 'router-advertisement', type, code, lifetimeSeconds, routers } as const;
}

/** Whose packet it was for: the target in the IPv4 header that the redirect carries. */
function redirected(r: Reader): string {
  r.skip(16);
  return ip4(r.take(4));
}

/** A router tells of itself; who redirects wants to be believed as one. Echoes and errors tell nothing about what sent them. */
export function observe(m: ReturnType<typeof decode>): readonly Fact[] {
  switch (m.kind) {
    case 'redirect':
      return isHostIp(m.gateway) ? [{ kind: 'router', protocol: 'redirect', ip: m.gateway, detail: `for ${m.target}` }] : [];
    case 'router-advertisement':
      return m.routers
        .filter(isHostIp)
        .map(ip => ({ kind: 'router', protocol: 'irdp', ip, detail: `lifetime ${m.lifetimeSeconds} s` }) as const);
    case 'other':
      return [];
  }
}

export const icmp = collector({ name: 'icmp', spec: 'RFC 792, RFC 1256', matches: ipProtocol(ipProtocols.icmp), decode, observe });
