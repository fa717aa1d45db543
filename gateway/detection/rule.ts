import type { Ip, Mac, Millis, PortName, Vlan } from '../model/address.ts';
import type { AlarmType } from '../model/alarm.ts';
import type { Device } from '../model/device.ts';
import type { Observation } from '../model/fact.ts';

/** How the sender stood in the inventory when it spoke: `found` and `moved` by this very observation. */
export type Arrival = 'found' | 'moved' | 'known';

/**
 * What a rule may look up: the inventory as it was before the observation is folded in, so that old and new can be compared.
 * Lent for one call; read only. A device that is found by the observation is there already, without facts.
 */
export type Context = {
  readonly now: Millis;
  readonly arrival: Arrival;
  /** All devices with this hardware address, on any port and VLAN. */
  readonly withMac: (mac: Mac) => readonly Device[];
  /** All devices that say they use this address. */
  readonly withIp: (ip: Ip) => readonly Device[];
  /** When the device last sent anything. */
  readonly lastAt: (device: Device) => Millis;
  /** How many devices a port has. */
  readonly countOn: (port: PortName) => number;
  readonly vendorOf: (mac: Mac) => string | undefined;
  /** DHCP servers that the settings name. */
  readonly dhcpServers: readonly Ip[];
  /** Ports towards the rest of the network: routers, switches and servers belong there. */
  readonly uplinks: readonly PortName[];
  /** Until then all is taken as the usual state; rules about novelty keep silent. */
  readonly learnsUntil: Millis;
  /** True for one VLAN, and for two between which frames pass unrouted (mirrored ports tag one direction only). */
  readonly isSameSegment: (a: Vlan, b: Vlan) => boolean;
};

/** What the machine lends; the detector adds what it knows itself. */
export type Lookups = Omit<Context, 'isSameSegment'>;

/** Something a rule found. The detector makes one stateful alarm of all with the same type, actor and victim. */
export type Finding = {
  readonly actor: Mac;
  readonly victim?: Mac;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly at: Millis;
  readonly frame: number;
  readonly detail: string;
};

/** The state of one rule. `observe` sees what is new about an address; `tick` comes about once a second. Both are cheap and never throw. */
export type Watch = {
  observe(observation: Observation, context: Context): readonly Finding[];
  tick?(context: Omit<Context, 'arrival'>): readonly Finding[];
};

/** One rule: a file here and a line in `index.ts`. Pure; its state has a cap and an age. `knownFalse`: what looks alike and is not meant. */
export type DetectionRule = {
  readonly name: AlarmType;
  readonly spec: string;
  readonly knownFalse: readonly string[];
  readonly create: () => Watch;
};

export const nothing: readonly Finding[] = [];

/** A finding about the sender of an observation. */
export const found = (o: Observation, detail: string, victim?: Mac): readonly Finding[] => [
  {
    actor: o.mac,
    ...(victim === undefined ? {} : { victim }),
    port: o.port,
    vlan: o.vlan,
    at: o.at,
    frame: o.frame,
    detail,
  },
];
