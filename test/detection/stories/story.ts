import type { AlarmType } from '../../../gateway/model/alarm.ts';
import * as b from '../../vectors/frames/build.ts';
import { dcp, block } from '../../vectors/frames/profinet-dcp.ts';
import { advertisement, linkAddress } from '../../vectors/frames/ndp.ts';
import { linux, windows } from '../../vectors/frames/tcp-syn.ts';
import { mudFile, mudText, mudUrl } from '../../vectors/mud.ts';
import { zone } from '../../gateway/fixture.ts';
import * as s from '../said.ts';
import { axisIp, laptopIp, mac, minute, routerIp, serverIp } from '../scenario.ts';
import type { Wire } from '../wire.ts';
import { axis, laptop, router, server, type WorldOptions } from '../world.ts';

export const day = 24 * 3_600_000;

type Happens = (w: Wire) => unknown;
/** `before`: what happens while the site is learnt. */
type Around = { readonly before?: Happens; readonly options?: WorldOptions };
/** What an attacker does, and whom the rule names: `actor victim`. */
type Meant = readonly [happens: Happens, raises: string, around?: Around];
/** What happens in any plant. `also`: what else is rightly told of it, by other rules; a new device always may be. */
type Harmless = Happens | ({ readonly happens: Happens; readonly also?: readonly AlarmType[] } & Around);

/** Of each rule, stories for it and against it. */
export type Stories = {
  readonly [rule in AlarmType]?: {
    readonly for: { readonly [name: string]: Meant };
    readonly against: { readonly [name: string]: Harmless };
  };
};

/** A camera at its port, at its usual work. */
export const works = (w: Wire, port: string): Wire => w.send([s.arp(axis, axisIp), s.plain(axis, axisIp)], port).wait(minute / 2);

export const spare = '10.20.0.6';
export const outside = (from: string): readonly Uint8Array[] =>
  ['8.8.8.8', '9.9.9.9', '1.1.1.1', '4.4.4.4'].map(ip => s.passesOn(from, ip));
export const gateway = [s.arp(router, routerIp), ...outside(router)];
/** Says by neighbour discovery that it has the address. RFC 4861 §4.4. */
export const neighbour = (who: string, ip: string): Uint8Array =>
  b.ethernet(who, '33:33:00:00:00:01', 0x86dd, b.ipv6(ip, 'ff02:0:0:0:0:0:0:1', 58, advertisement(0x20, ip, linkAddress(2, who)), [], 255));
export const plant = [s.arp(router, routerIp), s.arp(axis, axisIp), s.arp(server, serverIp), s.arp(laptop, laptopIp)];
export const [v6, routerV6] = ['fd00:0:0:0:0:0:0:9', 'fd00:0:0:0:0:0:0:1'];
export const asks = (who: string, own: string, n: number): Uint8Array => s.arpAsk(who, own, `10.20.1.${n}`);
export const chaddr = (n: number): string => mac('94:12:34', n);
export const phone = (n: number): string => mac('1a:7c:00', n);
export const learnt = (...frames: readonly Uint8Array[]) => ({ before: (w: Wire) => w.send(frames) });
export const each = (n: number, make: (i: number) => readonly Uint8Array[]): readonly Uint8Array[] =>
  Array.from({ length: n }, (_, i) => make(i)).flat();
export const slowly = (w: Wire, n: number, everyMs: number, frame: (i: number) => readonly Uint8Array[]): Wire => {
  for (let i = 0; i < n; i++) w.send(frame(i)).wait(everyMs);
  return w.send([s.arp(server, serverIp)]);
};
export const knock = (i: number): Uint8Array => s.tcp(laptop, laptopIp, axisIp, 40_000 + i, 1000 + i);
export const switchUp = [s.bpdu(axis, [0x8000, router])];
export const thing = [s.discover(axis, { mud: mudUrl }), s.arp(axis, axisIp)];
export const mudSite = { options: { files: [{ path: 'policies.d/mud/thermo.json', text: mudText(mudFile()) }] }, ...learnt(...thing) };
export const setName = (who: string, target: string): Uint8Array =>
  b.padded(60, b.ethernet(who, target, 0x8892, dcp(0xfefd, 4, 0, [block(2, 2, 'plc-9')])));
export const write = (who: string, ip: string): Uint8Array => s.modbusWrite(who, ip, axisIp);
export const opensBehind = (ttl: number): Uint8Array =>
  s.tcp(laptop, laptopIp, serverIp, 40_001, 443, { options: ttl > 64 ? windows : linux, ttl });

const { default: _, ...plainZone } = zone();
export const cold = { ...plainZone, name: 'cold', ports: ['v1'], prefixes: ['10.20.4.0/24'] };
export const rest = zone({ name: 'rest', prefixes: ['10.20.5.0/24'] });
