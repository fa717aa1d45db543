import * as b from '../vectors/frames/build.ts';
import { fragments4, fragments6 } from '../vectors/frames/fragments.ts';
import { segment } from '../vectors/frames/tcp-syn.ts';
import { mdnsResponse } from '../vectors/frames/index.ts';
import { bridgeGroup, ieee8023, llc, toGroup } from '../vectors/frames/infrastructure.ts';
import { adu } from '../vectors/frames/modbus.ts';
import { linkAddress, routerAdvertisement } from '../vectors/frames/ndp.ts';
import { bridgeId } from '../vectors/frames/stp.ts';
import { llmnrAnswer, nbnsAnswer, nbnsRegistration } from '../vectors/frames/udp.ts';

/** Frames of the stories in `scenarios.ts`, composed with the builders of the vectors. */
const zero = '00:00:00:00:00:00';
export const nobody = '00:90:4c:00:00:99';

/** Announces its address. RFC 5227 §2.3. */
export const arp = (mac: string, ip: string): Uint8Array => b.ethernet(mac, b.broadcast, 0x0806, b.arp(1, mac, ip, zero, ip));
export const arpReply = (mac: string, ip: string, claimed = mac): Uint8Array =>
  b.ethernet(mac, nobody, 0x0806, b.arp(2, claimed, ip, nobody, '10.20.0.77'));
/** Asks whether an address is free: it names none of its own. RFC 5227 §2.1.1. */
export const arpProbe = (mac: string, ip: string): Uint8Array => b.ethernet(mac, b.broadcast, 0x0806, b.arp(1, mac, '0.0.0.0', zero, ip));
export const arpAsk = (mac: string, ip: string, target: string): Uint8Array =>
  b.ethernet(mac, b.broadcast, 0x0806, b.arp(1, mac, ip, zero, target));

type Datagram = { readonly from: string; readonly to?: string; readonly ttl?: number; readonly target?: string };
export const udp = (
  mac: string,
  { from, to = '10.20.0.77', ttl = 64, target = nobody }: Datagram,
  source: number,
  port: number,
  body: Uint8Array,
): Uint8Array => b.ethernet(mac, target, 0x0800, b.ipv4(from, to, 17, b.udp(source, port, body), { ttl }));
/** A packet of somebody else that it passes on: a hop is counted. */
export const passesOn = (mac: string, from: string): Uint8Array => udp(mac, { from, ttl: 61 }, 4000, 4001, b.bytes('x'));
export const plain = (mac: string, from: string, ttl = 64): Uint8Array => udp(mac, { from, ttl }, 4000, 4001, b.bytes('x'));
/** Registers its name with all. RFC 1002 §4.2.2. */
export const registers = (mac: string, from: string, name: string, ttl = 64): Uint8Array =>
  udp(mac, { from, ttl, to: '10.20.0.255', target: b.broadcast }, 137, 137, nbnsRegistration({ name, ip: from }));

type Tcp = { readonly flags?: number; readonly options?: readonly number[]; readonly ttl?: number; readonly target?: string };
export const tcp = (
  mac: string,
  from: string,
  to: string,
  source: number,
  port: number,
  { flags = 2, options = [], ttl = 64, target = nobody }: Tcp = {},
): Uint8Array => b.ethernet(mac, target, 0x0800, b.ipv4(from, to, 6, segment(source, port, flags, options), { ttl }));
/** TCP data of a connection whose opening nobody saw. */
export const data = (mac: string, from: string, to: string, port: number, body: Uint8Array): Uint8Array =>
  b.ethernet(mac, nobody, 0x0800, b.ipv4(from, to, 6, b.tcp(40_000, port, 0x18, body)));
export const modbusWrite = (mac: string, from: string, to: string, code: 6 | 16 = 16): Uint8Array =>
  data(mac, from, to, 502, adu(code === 6 ? [6, b.u16(100), b.u16(2)] : [16, b.u16(100), b.u16(2), 4, 0, 1, 0, 2]));
export const modbusRead = (mac: string, from: string, to: string): Uint8Array => data(mac, from, to, 502, adu([3, b.u16(100), b.u16(2)]));

type Ask = {
  readonly name?: string;
  readonly parameters?: readonly number[];
  readonly chaddr?: string;
  readonly giaddr?: string;
  readonly mud?: string;
  /** Client identifier, its type first. RFC 2132 §9.14. */
  readonly client?: readonly number[];
};
/** DHCP DISCOVER; through a relay when `giaddr` is given. */
export const discover = (mac: string, { name, parameters, chaddr = mac, giaddr = '0.0.0.0', mud, client }: Ask = {}): Uint8Array => {
  const options: [number, string | readonly number[]][] = [[53, [1]]];
  if (name !== undefined) options.push([12, name]);
  if (parameters !== undefined) options.push([55, parameters]);
  if (client !== undefined) options.push([61, client]);
  if (mud !== undefined) options.push([161, mud]);
  const body = b.udp(giaddr === '0.0.0.0' ? 68 : 67, 67, b.dhcp({ op: 1, chaddr, options, giaddr }));
  return b.ethernet(mac, b.broadcast, 0x0800, b.ipv4(giaddr, '255.255.255.255', 17, body));
};
/** OFFER of a server, or ACK of a lease. */
export const offer = (
  mac: string,
  server: string,
  { via = server, type = 2, chaddr = nobody, yiaddr = '10.20.0.77', router = '', from = 67 } = {},
): Uint8Array => {
  const body = b.dhcp({
    op: 2,
    chaddr,
    yiaddr,
    options: [[53, [type]], [54, b.ip4(server)], ...(router === '' ? [] : [[3, b.ip4(router)] as [number, readonly number[]]])],
  });
  return b.ethernet(mac, b.broadcast, 0x0800, b.ipv4(via, '255.255.255.255', 17, b.udp(from, 68, body)));
};
const linkLocal = (mac: string): string => `fe80:0:0:0:0:0:0:${mac.slice(-2)}`;
/** Router Advertisement. RFC 4861 §4.2. */
export const advertise = (mac: string, flags = 0): Uint8Array =>
  b.ethernet(
    mac,
    '33:33:00:00:00:01',
    0x86dd,
    b.ipv6(linkLocal(mac), 'ff02:0:0:0:0:0:0:1', 58, routerAdvertisement(flags, 1800, linkAddress(1, mac)), [], 255),
  );
/** VRRP 2 for one virtual address, from the router's own address (RFC 9568 §7.3 asks for the virtual one; some use their own) or from `source`. */
export const vrrp = (mac: string, ip: string, virtual: string, source = mac): Uint8Array =>
  toGroup(source, ip, '224.0.0.18', 112, b.bytes(0x21, 7, 100, 1, 0, 1, b.u16(0), b.ip4(virtual), new Uint8Array(8)), 255);
export const hsrp = (mac: string, ip: string, virtual: string): Uint8Array =>
  toGroup(mac, ip, '224.0.0.2', 17, b.udp(1985, 1985, b.bytes(0, 0, 16, 3, 10, 200, 7, 0, b.padded(8, b.bytes('x')), b.ip4(virtual))), 1);
/** Configuration BPDU. IEEE 802.1D §9.3.1. */
export const bpdu = (mac: string, root: readonly [priority: number, mac: string]): Uint8Array =>
  ieee8023(
    mac,
    bridgeGroup,
    llc(
      0x42,
      b.bytes(
        b.u16(0),
        0,
        0,
        0,
        bridgeId(root[0], root[1]),
        b.u32(4),
        bridgeId(root[1] === mac ? root[0] : 0x8000, mac),
        b.u16(0x8007),
        b.u16(0),
        b.u16(0x1400),
        b.u16(0x200),
        b.u16(0xf00),
      ),
    ),
  );
export const llmnr = (mac: string, ip: string, name: string): Uint8Array => udp(mac, { from: ip }, 5355, 50_000, llmnrAnswer(name, ip));
export const nbns = (mac: string, ip: string, name: string, answer = ip, suffix = 0): Uint8Array =>
  udp(mac, { from: ip }, 137, 137, nbnsAnswer(name, answer, suffix));
export const mdns = (mac: string, ip: string, name: string): Uint8Array =>
  b.ethernet(
    mac,
    b.mdnsMac,
    0x0800,
    b.ipv4(ip, '224.0.0.251', 17, b.udp(5353, 5353, mdnsResponse([{ type: 'A', name: `${name}.local`, ttl: 120, data: ip }])), {
      ttl: 255,
    }),
  );
/** MRP test frame of the manager. IEC 62439-2. */
export const mrp = (mac: string, state: 'open' | 'closed'): Uint8Array =>
  b.ethernet(
    mac,
    '01:15:4e:00:00:01',
    0x88e3,
    b.bytes(
      b.u16(1),
      [2, 18, b.u16(0x8000), b.mac(mac), b.u16(0), b.u16(state === 'open' ? 0 : 1), b.u16(1), b.u32(7000)],
      [1, 18, b.u16(9), new Uint8Array(16).fill(0xff)],
      0,
      0,
    ),
  );
/** PRP supervision of a node. IEC 62439-3 §4.4. */
export const prp = (mac: string): Uint8Array =>
  b.padded(60, b.ethernet(mac, '01:15:4e:00:01:00', 0x88fb, b.bytes(b.u16(1), b.u16(9), [20, 6, b.mac(mac)], 0, 0)));
/** Says its firmware by SSH. RFC 4253 §4.2. */
export const httpServer = (mac: string, ip: string, text: string): Uint8Array =>
  b.ethernet(
    mac,
    nobody,
    0x0800,
    b.ipv4(ip, '10.20.0.77', 6, b.tcp(80, 40_000, 0x18, b.bytes(`HTTP/1.1 200 OK\r\nServer: ${text}\r\n\r\n`))),
  );
/** Says its firmware by mDNS. */
export const firmware = (mac: string, ip: string, text: string): Uint8Array =>
  b.ethernet(
    mac,
    b.mdnsMac,
    0x0800,
    b.ipv4(
      ip,
      '224.0.0.251',
      17,
      b.udp(5353, 5353, mdnsResponse([{ type: 'TXT', name: 'a._http._tcp.local', ttl: 120, data: [`fw=${text}`] }])),
      { ttl: 255 },
    ),
  );
export const [pieces, pieces6] = [fragments4, fragments6];
