import type { AlarmType } from '../../gateway/model/alarm.ts';
import type { Wire } from './wire.ts';
import * as s from './said.ts';
import { router, type WorldOptions } from './world.ts';

/** What happens on the wire. `options`: the site it happens at. */
export type Story = { readonly happens: (w: Wire) => unknown; readonly options?: WorldOptions };
type Meant = Story & { readonly raises: string };
/** Of one rule: what it means, as `actor victim`, what else it means, and its look-alikes by name. */
export type Scenario = Meant & {
  readonly also?: { readonly [what: string]: Meant };
  readonly isNo: { readonly [lookAlike: string]: Story['happens'] | Story };
};

/** Stories by rule. */
export type Scenarios = { readonly [rule in AlarmType]?: Scenario };

export const [minute, hour] = [60_000, 3_600_000];
export const [axisIp, routerIp, laptopIp, serverIp] = ['10.20.0.9', '10.20.0.1', '10.20.0.50', '10.20.0.5'];
export const [second, virtual] = ['00:00:0c:00:00:77', '00:00:5e:00:01:07'];
export const many = (n: number, make: (i: number) => Uint8Array): readonly Uint8Array[] => Array.from({ length: n }, (_, i) => make(i));
export const mac = (prefix: string, i: number): string =>
  `${prefix}:${[i >> 16, i >> 8, i].map(x => (x & 255).toString(16).padStart(2, '0')).join(':')}`;
/** Two routers of one group: both say so, and each says its own address. */
export const group = (say: typeof s.vrrp): readonly Uint8Array[] => [
  s.arp(router, '10.20.0.2'),
  s.arp(second, '10.20.0.3'),
  say(router, '10.20.0.2', routerIp),
  say(second, '10.20.0.3', routerIp),
];
