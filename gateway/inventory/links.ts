import type { DeviceId, Millis } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import type { DeviceGroup, DeviceLink, LinkEvidence } from '../model/link.ts';
import { evidenceKey } from './signs.ts';

/** Undone links that are remembered, the oldest giving way; and how often the machine may link the same two addresses again after that. */
export const maxUndone = 4096;
export const maxRelinks = 3;
/** Signs of one pair that are remembered as worth nothing. */
const maxVoid = 16;

/** What was undone between two addresses: those signs link them no more. `count` is how often they were parted. */
export type Undone = { readonly pair: string; readonly signs: readonly string[]; readonly count: number };
export type LinksSnapshot = { readonly groups: readonly Group[]; readonly undone: readonly Undone[] };
type Group = { readonly members: readonly DeviceId[]; readonly links: readonly DeviceLink[] };

/** Ids are numbered by age. */
const number = (id: DeviceId): number => Number(id.slice(1));
const byAge = (a: DeviceId, b: DeviceId): number => number(a) - number(b);

/** Which records count as one device: the fold over `devices-linked` and `devices-unlinked`. At most one group a record, so as many as devices. */
export class Links {
  readonly #groups = new Map<DeviceId, Group>();
  readonly #undone = new Map<string, Undone>();

  static from({ groups, undone }: LinksSnapshot): Links {
    const links = new Links();
    for (const group of groups) links.#set(group);
    for (const one of undone) links.#undone.set(one.pair, one);
    return links;
  }

  snapshot(): LinksSnapshot {
    return { groups: [...new Set(this.#groups.values())], undone: [...this.#undone.values()] };
  }

  groupOf(id: DeviceId): DeviceGroup | undefined {
    const group = this.#groups.get(id);
    return group === undefined ? undefined : { id: group.members[0] ?? id, members: group.members, links: group.links };
  }

  isInGroup(id: DeviceId): boolean {
    return this.#groups.has(id);
  }

  undone(pair: string): Undone | undefined {
    return this.#undone.get(pair);
  }

  /** Undone pairs, for tests. */
  get undoneCount(): number {
    return this.#undone.size;
  }

  /** `pairOf` names two records by what outlives them. */
  linked(body: Extract<EventBody, { kind: 'devices-linked' }>, at: Millis, pairOf: (a: DeviceId, b: DeviceId) => string): void {
    const { device: a, other: b, evidence, score, by, reason } = body;
    // Whoever links by hand takes back that it was undone.
    if (by !== undefined) this.#undone.delete(pairOf(a, b));
    const said = {
      ...(score === undefined ? {} : { score }),
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    };
    this.#join({ a, b, at, evidence, ...said });
  }

  unlinked(body: Extract<EventBody, { kind: 'devices-unlinked' }>, pairOf: (a: DeviceId, b: DeviceId) => string): void {
    for (const other of body.others) this.#note(pairOf(body.device, other), body.evidence);
    this.forget(body.device);
  }

  /** The record leaves its group, or is gone. The others stay together: each was let in for what it says alike with all. */
  forget(id: DeviceId): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    for (const member of group.members) this.#groups.delete(member);
    const members = group.members.filter(member => member !== id);
    // Who came in through the one that left keeps its link: it says when, and why.
    const links = group.links.filter(({ a, b }) => members.includes(a) || (members.includes(b) && a !== id));
    if (members.length > 1) this.#set({ members, links });
  }

  #join(link: DeviceLink): void {
    const groups = [...new Set([this.#groups.get(link.a), this.#groups.get(link.b)])].filter(group => group !== undefined);
    const members = [...new Set([link.a, link.b, ...groups.flatMap(group => group.members)])].sort(byAge);
    const others = groups.flatMap(group => group.links).filter(({ a, b }) => a !== link.a || b !== link.b);
    this.#set({ members, links: [...others, link] });
  }

  #set(group: Group): void {
    for (const member of group.members) this.#groups.set(member, group);
  }

  #note(pair: string, evidence: readonly LinkEvidence[]): void {
    const old = this.#undone.get(pair);
    this.#undone.delete(pair);
    const [oldest] = this.#undone.keys();
    if (this.#undone.size >= maxUndone && oldest !== undefined) this.#undone.delete(oldest);
    const shared = evidence.filter(({ against }) => against === undefined);
    const signs = [...new Set([...(old?.signs ?? []), ...shared.map(evidenceKey)])].slice(-maxVoid);
    this.#undone.set(pair, { pair, signs, count: (old?.count ?? 0) + 1 });
  }
}
