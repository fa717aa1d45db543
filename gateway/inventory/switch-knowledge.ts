import type { DeviceId, Ip, Mac, Millis, Vlan } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import { type Attachment, maxSwitches, type SwitchPort, type SwitchReading, type SwitchTables } from '../model/switch.ts';
import { type Inventory, maxDevices } from './inventory.ts';
import { OutsiderQuota } from './quota.ts';
import type { DeviceRecord } from './record.ts';

/** What a switch said counts for so long when it is not heard again. Milliseconds. */
export const tablesAgeMs = 3_600_000;
/** Where a device was plugged in last is forgotten when no switch has known it for so long. Milliseconds. */
export const attachmentAgeMs = 86_400_000;
/** An address may be in so many VLANs of one switch. */
const maxPlaces = 4;

type Place = { readonly port: number; readonly vlan?: Vlan; readonly since: Millis };
type Known = Pick<SwitchTables, 'name' | 'chassis' | 'own' | 'neighbours'> & {
  readonly ip: Ip;
  readonly readAt: Millis;
  /** At most `switchCaps.entries` addresses, replaced whole with each reading. */
  readonly places: ReadonlyMap<Mac, readonly Place[]>;
  /** How many addresses each port has. */
  readonly counts: ReadonlyMap<number, number>;
  readonly ports: ReadonlyMap<number, SwitchPort>;
};

/**
 * Where devices are plugged in, as the listed switches say. Knowledge only: nothing is decided by it. Events tell differences, metered for each switch, so
 * that one which says something else each time fills no journal.
 */
export class SwitchKnowledge {
  readonly #inventory: Inventory;
  readonly #ownMac: Mac | undefined;
  readonly #emit: (now: Millis, event: EventBody) => void;
  /** At most `maxSwitches`; of listed switches only. */
  readonly #switches = new Map<Ip, Known>();
  /** What was journalled last of each switch; as many as there are switches. */
  readonly #said = new Map<Ip, string>();
  /** When a switch last knew a device; only of devices that the inventory has. */
  readonly #confirmedAt = new Map<DeviceId, Millis>();
  readonly #quota = new OutsiderQuota(maxDevices);

  constructor(parts: {
    readonly inventory: Inventory;
    readonly ownMac?: Mac | undefined;
    readonly emit: (now: Millis, event: EventBody) => void;
  }) {
    this.#inventory = parts.inventory;
    this.#ownMac = parts.ownMac;
    this.#emit = parts.emit;
  }

  /** A switch was read, or could not be. */
  take(ip: Ip, reading: SwitchReading, now: Millis): void {
    if (!this.#said.has(ip) && this.#said.size >= maxSwitches) return;
    this.#tell(ip, reading, now);
    if (reading.kind === 'read') this.#switches.set(ip, known(ip, reading.tables, this.#switches.get(ip), now));
    for (const [old, { readAt }] of this.#switches) if (now - readAt > tablesAgeMs) this.#switches.delete(old);
    const views = [...this.#switches.values()].map(one => this.#view(one));
    for (const record of this.#inventory.records()) this.#place(record, views, ip, now);
    for (const id of this.#confirmedAt.keys()) if (this.#inventory.get(id) === undefined) this.#confirmedAt.delete(id);
  }

  #tell(switchIp: Ip, reading: SwitchReading, now: Millis): void {
    const event = { kind: 'switch-read', switchIp, state: reading.kind, ...summary(reading) } as const;
    const text = JSON.stringify(event);
    if (this.#said.get(switchIp) === text || !this.#quota.take(switchIp, now)) return;
    this.#said.set(switchIp, text);
    this.#emit(now, event);
  }

  #place(record: DeviceRecord, views: readonly View[], heardFrom: Ip, now: Millis): void {
    const { id, attachedTo: old } = record.device;
    const found = best(record, views);
    if (found !== undefined) this.#confirmedAt.set(id, now);
    else if (old !== undefined && !this.#confirmedAt.has(id)) this.#confirmedAt.set(id, now);
    const isGone = found === undefined && old !== undefined && now - (this.#confirmedAt.get(id) ?? now) > attachmentAgeMs;
    if (found === undefined ? !isGone : old !== undefined && isSame(old, found)) return;
    if (!this.#quota.take(found?.switchIp ?? heardFrom, now)) return; // it is told with a later reading
    this.#emit(now, { kind: 'attached', device: id, ...(found === undefined ? {} : { to: { ...found, at: now } }) });
  }

  #view(one: Known): View {
    const [links, here] = [this.#linksOf(one), this.#portsOf(one, this.#ownMac)];
    const sides = [...one.counts].map(([port, addresses]) => {
      const how = here.has(port) ? 'here' : links.has(port) ? 'link' : 'edge';
      return [port, { how, addresses }] as const;
    });
    return { known: one, sides: new Map(sides) };
  }

  /** Ports behind which another switch stands: one that announces itself as such, or one of the list, whose own address is seen there. */
  #linksOf(one: Known): ReadonlySet<number> {
    const others = [...this.#switches.values()].filter(other => other !== one);
    const names = new Set(others.flatMap(({ chassis, name }) => [chassis, name]).filter(text => text !== ''));
    const announced = one.neighbours.filter(({ isBridge, chassis, name }) => isBridge || names.has(chassis) || names.has(name));
    const seen = others.flatMap(({ own }) => own.flatMap(mac => [...this.#portsOf(one, mac)]));
    return new Set([...announced.map(({ port }) => port), ...seen]);
  }

  #portsOf({ places }: Known, mac: Mac | undefined): ReadonlySet<number> {
    return new Set(mac === undefined ? [] : (places.get(mac) ?? []).map(({ port }) => port));
  }
}

/** A port as it looks now, with all switches that were read. */
type Side = { readonly how: Attachment['how']; readonly addresses: number };
type View = { readonly known: Known; readonly sides: ReadonlyMap<number, Side> };
type Candidate = { readonly known: Known; readonly place: Place; readonly side: Side; readonly isOtherVlan: boolean };
const ranks = { edge: 0, link: 1, here: 2 } as const;

/** The port for a device, of all that know its address. Written as plain loops: thousands of devices are placed while the gateway waits. */
function best({ device: { mac, vlan } }: DeviceRecord, views: readonly View[]): Omit<Attachment, 'at'> | undefined {
  let found: Candidate | undefined;
  for (const { known: one, sides } of views)
    for (const place of one.places.get(mac) ?? []) {
      const side = sides.get(place.port);
      if (side === undefined) continue;
      const candidate = { known: one, place, side, isOtherVlan: vlan !== 0 && place.vlan !== undefined && place.vlan !== vlan };
      if (found === undefined || order(candidate, found) < 0) found = candidate;
    }
  return found && attachment(found);
}

/**
 * Every switch on the way knows an address, all but the last one at a port that leads to another switch: so a port for devices goes before a link, and of
 * several the one with the fewest addresses; where these are as many, the one that knows it since the shortest time, for another has not yet forgotten it.
 */
const order = (a: Candidate, b: Candidate): number =>
  ranks[a.side.how] - ranks[b.side.how] ||
  Number(a.isOtherVlan) - Number(b.isOtherVlan) ||
  a.side.addresses - b.side.addresses ||
  b.place.since - a.place.since ||
  (a.known === b.known ? a.place.port - b.place.port : a.known.ip < b.known.ip ? -1 : 1);

function attachment({ known: { ip, name, chassis, ports }, place, side }: Candidate): Omit<Attachment, 'at'> {
  const port = ports.get(place.port);
  return {
    switchIp: ip,
    switchName: name,
    chassis,
    port: port?.name ?? `${place.port}`,
    ...(port?.alias === undefined ? {} : { alias: port.alias }),
    ...(place.vlan === undefined ? {} : { vlan: place.vlan }),
    ...side,
  };
}

/** A reading as it is kept. Whoever was at the same port before is there since then; at the first reading nobody knows since when. */
function known(ip: Ip, tables: SwitchTables, before: Known | undefined, now: Millis): Known {
  const places = new Map<Mac, readonly Place[]>();
  const counts = new Map<number, number>();
  // Nearly all addresses have one place, and share it with others: it is kept once.
  const single = new Map<string, readonly Place[]>();
  for (const { mac, port, vlan } of tables.entries) {
    const here = places.get(mac);
    if (here !== undefined && here.length >= maxPlaces) continue;
    if (here?.some(place => place.port === port) !== true) counts.set(port, (counts.get(port) ?? 0) + 1);
    const since = before === undefined ? 0 : (before.places.get(mac)?.find(place => place.port === port)?.since ?? now);
    const place = { port, ...(vlan === undefined ? {} : { vlan }), since };
    const key = `${port} ${vlan} ${since}`;
    const alone = single.get(key) ?? [place];
    single.set(key, alone);
    places.set(mac, here === undefined ? alone : [...here, place]);
  }
  const { name, chassis, own, neighbours } = tables;
  return { ip, name, chassis, own, neighbours, readAt: now, places, counts, ports: new Map(tables.ports.map(port => [port.port, port])) };
}

function summary(reading: SwitchReading): { readonly name?: string; readonly chassis?: string; readonly detail: string } {
  if (reading.kind !== 'read') return { detail: reading.detail };
  const { name, chassis, ports, truncated, skipped } = reading.tables;
  const cut = truncated.length === 0 ? '' : `, not all of ${truncated.join(', ')}`;
  return { name, chassis, detail: `${ports.length} ports${cut}${skipped === 0 ? '' : ', with rows that cannot be understood'}` };
}

/** True iff nothing changed that people would look at: of how many share the port, only the order of magnitude. */
function isSame(old: Attachment, found: Omit<Attachment, 'at'>): boolean {
  const text = ({ switchIp, switchName, chassis, port, alias, vlan, how, addresses }: Omit<Attachment, 'at'>): string =>
    JSON.stringify([switchIp, switchName, chassis, port, alias, vlan, how, Math.floor(Math.log2(addresses))]);
  return text(old) === text(found);
}
