import { detectionRules } from '../../gateway/detection/index.ts';
import { Detector } from '../../gateway/detection/detector.ts';
import { Intake } from '../../gateway/inventory/intake.ts';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import type { AlarmType } from '../../gateway/model/alarm.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import type { Settings, ZoneSettings } from '../../gateway/model/settings.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';
import { lookupsOf } from '../../gateway/policy/lookups.ts';
import type { PolicyFile } from '../../gateway/policy/policy.ts';
import { settings, zone } from '../gateway/fixture.ts';

export const [axis, axis2, siemens, laptop, router, server] = [
  '00:40:8c:00:00:01',
  '00:40:8c:00:00:02',
  '00:1b:1b:00:00:03',
  '00:02:b3:00:00:04',
  '00:00:0c:00:00:05',
  '00:25:90:00:00:06',
];
const vendors: Readonly<Record<string, string>> = {
  '00:40:8c': 'Axis Communications AB',
  '00:1b:1b': 'Siemens AG',
  '00:02:b3': 'Intel Corporation',
  '00:00:0c': 'Cisco Systems, Inc',
  '00:25:90': 'Super Micro Computer, Inc.',
};
export const vendorOf = (mac: string): string | undefined => vendors[mac.slice(0, 8)];
type Where = { readonly port?: string; readonly vlan?: number; readonly collector?: string };

export type WorldOptions = {
  readonly only?: AlarmType;
  readonly learnsMs?: number;
  readonly zones?: readonly ZoneSettings[];
  /** It listens at a mirror port only: no uplink is known. */
  readonly isMirror?: true;
  /** DHCP servers that the settings name. */
  readonly dhcpServers?: readonly string[];
  /** What was known before a restart. */
  readonly inventory?: Inventory;
  /** Who made which address, otherwise than in the world's own list. */
  readonly makerOf?: (mac: string) => string | undefined;
  /** Policy files. */
  readonly files?: readonly PolicyFile[];
};

/** Addresses of the gateway itself. */
export const [ownIp, ownIp6] = ['10.20.0.254', 'fe80::fe'];
export function siteOf(zones: readonly ZoneSettings[], isMirror?: true, dhcpServers: readonly string[] = []): Settings {
  const site = settings(zones);
  if (isMirror === true) return { ...site, network: { kind: 'listen', ports: ['v1', 'v2', 'v3'] } };
  return site.network.kind === 'bridge' ? { ...site, network: { ...site.network, ip: ownIp, dhcpServers } } : site;
}

/** A site with a clock of its own, one rule or all, and what they raised. Nothing but what is said here happens. */
export class World {
  now = 1_700_000_000_000;
  frame = 0;
  readonly inventory: Inventory;
  readonly events: EventBody[] = [];
  readonly #intake: Intake;

  readonly #options: WorldOptions;

  constructor(options: WorldOptions = {}) {
    const { only, learnsMs = 0, zones = [zone()], files = [], inventory = new Inventory(), isMirror } = options;
    this.#options = options;
    this.inventory = inventory;
    const { policy, problems } = loadPolicy(files);
    if (policy === undefined) throw new Error(problems.map(({ text }) => text).join('\n'));
    const rules = new Detector(detectionRules.filter(({ name }) => only === undefined || name === only));
    this.#intake = new Intake({
      inventory: this.inventory,
      settings: siteOf(zones, isMirror),
      ownIp6: [{ ip: ownIp6 }],
      vendorOf,
      rules,
      policy: lookupsOf(() => policy),
      learnsMs,
      emit: (at, event) => {
        this.inventory.apply({ at, body: event });
        this.events.push(event);
      },
    });
  }

  /** The gateway starts again with what it has kept: the rules know nothing of their own any more. */
  restarted(ms = 0): World {
    const inventory = Inventory.from(structuredClone(this.inventory.snapshot()));
    const next = new World({ ...this.#options, inventory });
    next.now = this.now + ms;
    return next;
  }

  /** A device speaks: once, one millisecond later, one frame. */
  say(mac: string, facts: readonly Fact[], { port = 'v1', vlan = 0, collector = 'arp' }: Where = {}): this {
    this.now++;
    this.frame++;
    const said = facts.map(fact => ({ at: this.now, port, vlan, mac, collector, frame: this.frame, fact }));
    this.#intake.take({ kind: 'observed', observations: said }, this.now);
    return this;
  }

  address(mac: string, ip: string, where: Where = {}): this {
    return this.say(mac, [{ kind: 'address', ip }], where);
  }

  wait(ms: number): this {
    this.now += ms;
    this.#intake.tick(this.now);
    return this;
  }

  get alarms(): readonly Extract<EventBody, { readonly kind: 'alarm' }>[] {
    return this.events.flatMap(event => (event.kind === 'alarm' ? [event] : []));
  }

  /** `type actor victim` of each alarm. */
  get raised(): readonly string[] {
    return this.alarms.map(({ alarm, actor, victimMac }) => [alarm, actor, victimMac].filter(part => part !== undefined).join(' '));
  }
}
