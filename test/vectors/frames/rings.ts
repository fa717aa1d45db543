import * as b from './build.ts';
import { gateway, host, hostIp, peer } from './infrastructure.ts';

/** Ring protocols. Composed from IEC 62439-2 (MRP), IEC 62439-3 (HSR, PRP), ODVA *The CIP Networks Library* volume 2 §9-5 (DLR). */
const domain = new Uint8Array(16).fill(0xff);
const common = [1, 18, b.u16(0x1234), domain];
export const mrpTest = (state: 0 | 1): Uint8Array =>
  b.bytes(b.u16(1), [2, 18, b.u16(0x8000), b.mac(gateway), b.u16(0), b.u16(state), b.u16(1), b.u32(7000)], common, 0, 0);
/** With two bytes of padding behind the first TLV. */
export const mrpLink = b.bytes(b.u16(1), [4, 12, b.mac(host), b.u16(1), b.u16(20), b.u16(1)], b.u16(0), common, 0, 0);

export const supervision = (type: number, node: string, redBox?: string): Uint8Array =>
  b.bytes(b.u16(1), b.u16(9), [type, 6, b.mac(node)], redBox === undefined ? [] : [30, 6, b.mac(redBox)], 0, 0);
/** Behind the HSR tag: path and size, sequence, EtherType of what follows. */
export const hsrTagged = (source: string, type: number, body: Uint8Array): Uint8Array =>
  b.ethernet(source, '01:15:4e:00:01:00', 0x892f, b.bytes(b.u16(0x1000 | (body.length + 6)), b.u16(9), b.u16(type), body));

export const dlr = (type: number, ip: string, ...rest: readonly b.Part[]): Uint8Array =>
  b.bytes(2, 1, type, 0, b.ip4(ip), b.u32(77), ...rest);
export const beacon = (state: number): Uint8Array => dlr(1, hostIp, state, 10, b.u32(400), b.u32(1960), new Uint8Array(20));
/** DLR frames are tagged for their priority, with VLAN 0. */
const dlrFrame = (source: string, target: string, body: Uint8Array): Uint8Array =>
  b.tagged(source, target, [[0x8100, 0xe000]], 0x80e1, body);

export const ringVectors = {
  'mrp-test': b.ethernet(gateway, '01:15:4e:00:00:01', 0x88e3, mrpTest(1)),
  'mrp-link-down': b.padded(60, b.ethernet(host, '01:15:4e:00:00:02', 0x88e3, mrpLink)),
  'prp-supervision': b.padded(60, b.ethernet(host, '01:15:4e:00:01:00', 0x88fb, supervision(20, host))),
  'prp-redbox': b.padded(60, b.ethernet(gateway, '01:15:4e:00:01:00', 0x88fb, supervision(20, host, peer))),
  'hsr-supervision': hsrTagged(host, 0x88fb, supervision(23, host)),
  'dlr-beacon': dlrFrame(host, '01:21:6c:00:00:01', beacon(1)),
  'dlr-neighbour-check-response': dlrFrame(peer, '01:21:6c:00:00:02', dlr(3, '192.0.2.34', new Uint8Array(30))),
  'dlr-sign-on': dlrFrame(host, '01:21:6c:00:00:03', dlr(7, hostIp, b.u16(1), b.mac(host), b.ip4(hostIp), new Uint8Array(18))),
};
