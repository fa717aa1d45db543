import type { Mac, Millis, PortName, Vlan } from '../model/address.ts';
import type { AlarmType, Lookups } from '../model/alarm.ts';
import type { FactKind, Observation } from '../model/fact.ts';

/** What a rule may look up: what the machine lends, and what the detector knows itself. */
export type Context = Lookups & {
  /** True for one VLAN, and for two between which frames pass unrouted (mirrored ports tag one direction only). */
  readonly isSameSegment: (a: Vlan, b: Vlan) => boolean;
};

/** Something a rule found. The detector makes one stateful alarm of all with the same type, actor and victim. */
export type Finding = {
  readonly actor: Mac;
  readonly victim?: Mac;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly at: Millis;
  readonly frame: number;
  /** All frames that show it, when it is more than one. */
  readonly frames?: readonly number[];
  readonly detail: string;
};

/** The state of one rule. `observe` sees what is new about an address, of the kinds that the rule is about; `tick` comes about once a second. Both are cheap and never throw. */
export type Watch = {
  observe(observation: Observation, context: Context): readonly Finding[];
  tick?(context: Context): readonly Finding[];
};

/** One rule: a file here and a line in `index.ts`. Pure; its state has a cap and an age. `knownFalse`: what looks alike and is not meant. */
export type DetectionRule = {
  readonly name: AlarmType;
  readonly spec: string;
  readonly knownFalse: readonly string[];
  /** The kinds of facts that it is shown; absent: all. A device that was found or has moved comes as `seen`. */
  readonly about?: readonly FactKind[];
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

/** The same, with the frame where it began: what was counted says `since frame <n>`. It may come out with a frame of somebody else. */
export const foundSince = (o: Observation, said: string, detail: string): readonly Finding[] =>
  found({ ...o, frame: Number(/since frame (\d+)/.exec(said)?.[1] ?? o.frame) }, detail);
