import { addressClass } from '../model/address-class.ts';
import type { DeviceId } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import type { LinkEvidence } from '../model/link.ts';
import type { Inventory } from './inventory.ts';
import { maxRelinks } from './links.ts';
import type { DeviceRecord } from './record.ts';
import { evidenceKey, linksAt, type Sign } from './signs.ts';

/** Records of one group; a value that more addresses than `maxSharers` show is a default or a copy, and links nobody. */
export const maxMembers = 64;
export const maxSharers = 8;
/** Records that are compared with one that said something new, those that share most first. */
const maxCandidates = 8;

/** One address on one port, whatever VLANs it speaks in: its records are compared as one. */
const stationOf = ({ device: { mac, port } }: DeviceRecord): string => `${mac} ${port}`;

/** Journals an Event and folds it in at once, unless the quota of what outsiders cause is used up. */
type Emit = (event: EventBody) => void;

/**
 * Looks whether a record that said something new counts as one device with others, or does no longer. A link is for people to see and for
 * their quarantine to act on; nothing is granted along it. Whoever copies what a device says can link himself to it, so:
 * he is let in only for what he says alike with *each* member, which keeps him from drawing strangers together; a contradiction puts him
 * out, never the others; and what was undone is not done again by the same words.
 */
export function relink(inventory: Inventory, id: DeviceId, emit: Emit): void {
  const record = inventory.get(id);
  if (record === undefined || !mayLink(record)) return;
  // Who says nothing that others say too, and is in no group, has nobody to be linked with or parted from.
  if (!inventory.sharesSigns(id) && !inventory.links.isInGroup(id)) return;
  for (const sign of inventory.signs(id)) if (isCommon(inventory, sign)) partSharers(inventory, sign, emit);
  part(inventory, record, emit);
  join(inventory, record, emit);
}

/** A clone is another device by definition, and a virtual router address is nobody's own. */
const mayLink = ({ device }: DeviceRecord): boolean => device.cloneOf === undefined && addressClass(device.mac) !== 'virtual';

function isCommon(inventory: Inventory, sign: Sign): boolean {
  if (sign.weight === 0) return false;
  return inventory.countOfSign(sign.key) > maxSharers && new Set(inventory.withSign(sign.key).map(stationOf)).size > maxSharers;
}

/** Undoes what rests on a value that has turned out to be common. */
function partSharers(inventory: Inventory, sign: Sign, emit: Emit): void {
  for (const { device } of inventory.withSign(sign.key)) {
    const links = inventory.links.groupOf(device.id)?.links ?? [];
    const rests = links.some(
      ({ a, b, by, evidence }) =>
        (a === device.id || b === device.id) &&
        by === undefined &&
        evidence.some(one => evidenceKey(one) === sign.key) &&
        scoreOf(evidence.filter(one => evidenceKey(one) !== sign.key).flatMap(one => signOf(inventory, device.id, one) ?? [])) < linksAt,
    );
    if (rests) leave(inventory, device.id, `more than ${maxSharers} addresses say the same ${sign.name}`, [], emit);
  }
}

const signOf = (inventory: Inventory, id: DeviceId, { sign, value }: LinkEvidence): Sign | undefined =>
  inventory.signs(id).find(one => one.name === sign && one.value === value);

/** Puts the record out of its group when it contradicts a member, or says no longer what let it in. A person's link stays. */
function part(inventory: Inventory, record: DeviceRecord, emit: Emit): void {
  const { id } = record.device;
  const group = inventory.links.groupOf(id);
  if (group === undefined || group.links.some(({ a, b, by }) => by !== undefined && (a === id || b === id))) return;
  const own = inventory.signs(record.device.id);
  for (const member of membersOf(inventory, group.members)) {
    if (member.device.id === id) continue;
    const against = contradictions(own, inventory.signs(member.device.id));
    if (against.length > 0) return leave(inventory, id, `contradicts ${member.device.id}`, against, emit);
    const link = group.links.find(({ a, b }) => (a === id && b === member.device.id) || (b === id && a === member.device.id));
    const lost = link?.evidence.filter(({ sign, value }) => isTakenBack(own, sign, value)) ?? [];
    if (lost.length > 0 && !isEnough(shared(inventory, [record], [member]), [record], [member]))
      return leave(inventory, id, `says no longer the same as ${member.device.id}`, [], emit);
    if (link !== undefined && isWeaker(inventory, id, link.evidence))
      return leave(inventory, id, `what it says alike with ${member.device.id} is the default of a model`, [], emit);
  }
}

/** True iff it still says all of it, and that no longer counts as much as it did. */
function isWeaker(inventory: Inventory, id: DeviceId, evidence: readonly LinkEvidence[]): boolean {
  const signs = evidence.flatMap(one => signOf(inventory, id, one) ?? []);
  return evidence.length > 0 && signs.length === evidence.length && scoreOf(signs) < linksAt;
}

/** True iff the record now says something else instead; that it has not said it for long takes nothing back. */
const isTakenBack = (signs: readonly Sign[], name: string, value: string): boolean =>
  signs.some(one => one.name === name) && !signs.some(one => one.name === name && one.value === value);

function join(inventory: Inventory, record: DeviceRecord, emit: Emit): void {
  const { id } = record.device;
  for (const other of candidates(inventory, record)) {
    const ours = membersOf(inventory, inventory.links.groupOf(id)?.members ?? [id]);
    const theirs = membersOf(inventory, inventory.links.groupOf(other.device.id)?.members ?? [other.device.id]);
    if (ours.includes(other) || ours.length + theirs.length > maxMembers) continue;
    if (!fits(inventory, ours, theirs)) continue;
    const evidence = shared(inventory, [record], [other]);
    if (!isEnough(evidence, [record], [other])) continue;
    const group = [...ours, ...theirs].map(({ device }) => device.id).reduce((a, b) => (Number(a.slice(1)) < Number(b.slice(1)) ? a : b));
    const said = evidence.map(({ sign, frames }) => ({ sign: sign.name, value: sign.value, frames }));
    emit({ kind: 'devices-linked', device: id, other: other.device.id, group, evidence: said, score: scoreOf(evidence.map(e => e.sign)) });
  }
}

/** Records that share signs with this one, those with most first, at most `maxCandidates`. */
function candidates(inventory: Inventory, record: DeviceRecord): readonly DeviceRecord[] {
  const weights = new Map<DeviceRecord, number>();
  for (const sign of inventory.signs(record.device.id)) {
    if (sign.weight === 0 || isCommon(inventory, sign)) continue;
    for (const other of inventory.withSign(sign.key))
      if (other !== record && mayLink(other) && !isElsewhere(record, other)) weights.set(other, (weights.get(other) ?? 0) + sign.weight);
  }
  return [...weights]
    .filter(([, weight]) => weight >= linksAt)
    .toSorted(([a, x], [b, y]) => y - x || Number(a.device.id.slice(1)) - Number(b.device.id.slice(1)))
    .slice(0, maxCandidates)
    .map(([other]) => other);
}

/** Given by people to a place in the plant: a spare takes them over from the device that it replaces, which had fallen silent so long before. Milliseconds. */
const goneMs = 60_000;
const ofPlace: ReadonlySet<Sign['name']> = new Set(['profinet-device', 'bacnet-device']);
/** True iff one of them had fallen silent before the other one came. */
const isSuccession = (a: DeviceRecord, b: DeviceRecord): boolean =>
  b.device.firstSeen - a.seen.lastAt > goneMs || a.device.firstSeen - b.seen.lastAt > goneMs;

/** The same address on another port is a clone or has moved; it is no second interface. */
const isElsewhere = (a: DeviceRecord, b: DeviceRecord): boolean => a.device.mac === b.device.mac && a.device.port !== b.device.port;

/** True iff each station of the one side says enough alike with each of the other, and nobody contradicts anybody. */
function fits(inventory: Inventory, ours: readonly DeviceRecord[], theirs: readonly DeviceRecord[]): boolean {
  const sides = [stations(ours), stations(theirs)];
  return (sides[0] ?? []).every(mine =>
    (sides[1] ?? []).every(
      other =>
        !mine.some(a =>
          other.some(b => isElsewhere(a, b) || contradictions(inventory.signs(a.device.id), inventory.signs(b.device.id)).length > 0),
        ) && isEnough(shared(inventory, mine, other), mine, other),
    ),
  );
}

const stations = (records: readonly DeviceRecord[]): readonly (readonly DeviceRecord[])[] => [...Map.groupBy(records, stationOf).values()];

const membersOf = (inventory: Inventory, ids: readonly DeviceId[]): readonly DeviceRecord[] => ids.flatMap(id => inventory.get(id) ?? []);

type Shared = { readonly sign: Sign; readonly frames: readonly [number, number] };

/** What two stations say alike, without what is common or was undone between them. */
function shared(inventory: Inventory, mine: readonly DeviceRecord[], other: readonly DeviceRecord[]): readonly Shared[] {
  const found = new Map<string, Shared>();
  for (const a of mine)
    for (const b of other) {
      const undone = inventory.links.undone(inventory.pairOf(a.device.id, b.device.id));
      if (undone !== undefined && undone.count > maxRelinks) return [];
      const theirs = new Map(inventory.signs(b.device.id).map(sign => [sign.key, sign]));
      for (const sign of inventory.signs(a.device.id)) {
        const same = theirs.get(sign.key);
        if (ofPlace.has(sign.name) && isSuccession(a, b)) continue;
        if (same === undefined || sign.weight === 0 || undone?.signs.includes(sign.key) === true || isCommon(inventory, sign)) continue;
        found.set(sign.key, { sign, frames: [sign.frame, same.frame] });
      }
    }
  return [...found.values()];
}

/** A made-up address is let in for a pair of signs only: whoever changes it at will has one copied soon. */
function isEnough(evidence: readonly Shared[], mine: readonly DeviceRecord[], other: readonly DeviceRecord[]): boolean {
  const signs = evidence.map(({ sign }) => sign);
  if (scoreOf(signs) < linksAt) return false;
  const isRandom = [...mine, ...other].some(({ device }) => addressClass(device.mac) === 'randomised');
  return !isRandom || new Set(signs.map(({ family }) => family)).size > 1 || signs.some(({ name }) => name === 'ethercat-twin');
}

function scoreOf(signs: readonly Sign[]): number {
  const heaviest = new Map<string, number>();
  for (const { family, weight } of signs) heaviest.set(family, Math.max(weight, heaviest.get(family) ?? 0));
  return [...heaviest.values()].reduce((sum, weight) => sum + weight, 0);
}

/** What two records say that one device cannot: different values of an exclusive sign, and none in common. */
function contradictions(mine: readonly Sign[], other: readonly Sign[]): readonly LinkEvidence[] {
  return mine.flatMap(sign => {
    const theirs = other.filter(one => one.exclusive !== undefined && one.exclusive === sign.exclusive);
    const [first] = theirs;
    const own = mine.filter(one => one.exclusive === sign.exclusive).map(({ value }) => value);
    if (first === undefined || theirs.some(({ value }) => own.includes(value))) return [];
    return [{ sign: sign.name, value: sign.value, against: first.value, frames: [sign.frame, first.frame] as const }];
  });
}

function leave(inventory: Inventory, id: DeviceId, reason: string, against: readonly LinkEvidence[], emit: Emit): void {
  const event = unlinkedEvent(inventory, id, reason, against);
  if (event !== undefined) emit(event);
}

/** The Event by which a record leaves its group, with all that it says alike with the others. Undefined when it is in none. */
export function unlinkedEvent(
  inventory: Inventory,
  id: DeviceId,
  reason: string,
  against: readonly LinkEvidence[] = [],
): Extract<EventBody, { kind: 'devices-unlinked' }> | undefined {
  const group = inventory.links.groupOf(id);
  const record = inventory.get(id);
  if (group === undefined || record === undefined) return undefined;
  const others = group.members.filter(member => member !== id);
  const alike = new Map<string, LinkEvidence>();
  const links = group.links.filter(({ a, b }) => a === id || b === id).flatMap(({ evidence }) => evidence);
  for (const one of links) alike.set(evidenceKey(one), one);
  for (const other of membersOf(inventory, others))
    for (const { sign, frames } of shared(inventory, [record], [other]))
      alike.set(sign.key, { sign: sign.name, value: sign.value, frames });
  return { kind: 'devices-unlinked', device: id, others, group: group.id, evidence: [...alike.values(), ...against], reason };
}
