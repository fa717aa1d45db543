import type { DeviceId, Millis } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
import type { Effect, Input } from '../model/machine.ts';
import { isAccepted, type ReferenceRecord, referenceKey, type SignerDoubt, summaryOf } from '../model/reference.ts';
import type { ListedKey, ReferenceSet } from '../model/trust.ts';
import type { ZoneSettings } from '../model/settings.ts';
import type { Inventory } from './inventory.ts';
import type { DeviceRecord } from './record.ts';

/** What the machine lends. */
export type ReferencesParts = {
  readonly inventory: Inventory;
  readonly zoneOf: (record: DeviceRecord) => ZoneSettings;
  readonly emit: (now: Millis, event: EventBody) => void;
  readonly effect: (effect: Effect) => void;
  /** Folds an outcome in and says what follows from it, here too. */
  readonly attested: (device: DeviceId, challenge: string, outcome: ChallengeOutcome, now: Millis) => void;
};

/** Why a judgement of kept Evidence counts: what it says of reference values and of the path. Anything else may be the fault of what was not kept. */
const telling: ReadonlySet<string> = new Set([
  'REFERENCE_REVOKED',
  'VERSION_DENIED',
  'DIGEST_UNKNOWN',
  'REFERENCE_MISSING',
  'DEBUG_ENABLED',
]);

/**
 * Reference values as the machine runs them: which sets are in force at an instant, and what becomes of devices whose proof leaned on one that is not any
 * more. Tightening comes first: they lose what they proved at once, and are judged again after that.
 */
export class References {
  readonly #parts: ReferencesParts;
  /** The sets of the site's files, as last read; those of people are in the book. At most as many as files hold. */
  #files: readonly ReferenceSet[] = [];
  /** What is said against signers of sets that people brought: as many as there are of these (`maxAdded`). */
  #doubts: ReadonlyMap<string, SignerDoubt> = new Map();
  /** Who is to be judged again once the new values were handed over: devices of the inventory. */
  readonly #again = new Set<DeviceId>();
  #inForce = '';

  constructor(parts: ReferencesParts) {
    this.#parts = parts;
  }

  take(input: Extract<Input, { readonly kind: 'references' | 'judged-again' }>, now: Millis): void {
    if (input.kind === 'references') {
      this.#doubts = new Map((input.doubts ?? []).map(({ key, ...doubt }) => [key, doubt]));
      this.#readFiles(input.sets, now);
    } else this.#judgedAgain(input.device, input.evidence, input.outcome, now);
  }

  /** The files were read: says what is new and what is gone. */
  #readFiles(sets: readonly ReferenceSet[], now: Millis): void {
    const { inventory, emit } = this.#parts;
    const keys = new Set(sets.map(s => referenceKey(s.id)));
    const held = new Set(inventory.references.added().map(s => referenceKey(s.id)));
    this.#files = sets;
    for (const { key, isPresent } of inventory.references.records())
      if (isPresent && !keys.has(key) && !held.has(key)) emit(now, { kind: 'reference-gone', key });
    for (const set of sets) {
      const key = referenceKey(set.id);
      const known = inventory.references.get(key);
      if (known?.isPresent === true && known.set.id === set.id) continue;
      emit(now, { kind: 'reference-found', key, set: summaryOf(set), ...this.#firstState(set, now) });
    }
    this.refresh(now);
  }

  /** An update waits until somebody opens a transition, and one that is older than what is in force has missed its turn; other files speak for themselves. */
  #firstState(set: ReferenceSet, now: Millis): { readonly state: 'staged' | 'active' | 'superseded'; readonly why: string } {
    const { sequence } = set;
    const rivals = this.#parts.inventory.references
      .records()
      .filter(r => r.isPresent && r.set.vendor === set.vendor && r.set.model === set.model && isAccepted(r, now));
    if (sequence === undefined || rivals.length === 0) return { state: 'active', why: 'a signed file of the site' };
    const newer = rivals.find(r => (r.set.sequence ?? -1) > sequence);
    if (newer !== undefined) return { state: 'superseded', why: `update ${newer.set.sequence} of its class is in force` };
    return { state: 'staged', why: 'an update; others of its class are in force' };
  }

  /** The sets to judge by now, each with its standing; staged ones and those that begin later are not among them. */
  effective(now: Millis): { readonly sets: readonly ReferenceSet[]; readonly keys: readonly ListedKey[] } {
    const { references } = this.#parts.inventory;
    const sets = [...this.all()].flatMap(([key, set]) => {
      const record = references.get(key);
      const standing = standingOf(set, record, now);
      return standing === 'waiting' ? [] : [standing === undefined ? set : { ...set, standing }];
    });
    return { sets, keys: references.addedKeys(now, key => this.#doubts.has(key)) };
  }

  /** All sets that somebody holds, by key. */
  all(): ReadonlyMap<string, ReferenceSet> {
    return new Map([...this.#added(), ...this.#files].map(set => [referenceKey(set.id), set]));
  }

  /** A set with all that it lists; undefined when nobody holds it any more. */
  get(key: string): ReferenceSet | undefined {
    return [...this.#files, ...this.#added()].find(set => referenceKey(set.id) === key);
  }

  /** What people brought, as its signers stand by now. */
  #added(): readonly ReferenceSet[] {
    const added = this.#parts.inventory.references.added();
    if (this.#doubts.size === 0) return added;
    return added.map(set => {
      const doubt = this.#doubts.get(referenceKey(set.id));
      return doubt === undefined ? set : { ...set, standing: doubt.standing, notes: [...(set.notes ?? []), doubt.why] };
    });
  }

  /** To be called about once a second and after each word on reference values: a deadline may have passed. */
  refresh(now: Millis): void {
    const { sets } = this.effective(now);
    const inForce = JSON.stringify(sets.map(({ id, standing }) => [id, standing]));
    if (inForce === this.#inForce) return;
    this.#inForce = inForce;
    const byKey = new Map(sets.map(set => [referenceKey(set.id), set]));
    for (const record of this.#parts.inventory.records()) this.#withdraw(record, byKey, now);
    this.#parts.effect({ kind: 'trust' });
  }

  /** A result that was on its way while its values were taken out of force is no better for it. */
  attested(device: DeviceId, now: Millis): void {
    const record = this.#parts.inventory.get(device);
    if (record === undefined) return;
    this.#withdraw(record, new Map(this.effective(now).sets.map(set => [referenceKey(set.id), set])), now);
  }

  #withdraw({ device, attestation }: DeviceRecord, sets: ReadonlyMap<string, ReferenceSet>, now: Millis): void {
    const { result, status } = attestation;
    if (result === undefined || status === 'contraindicated' || status === 'none') return;
    const bad = result.referenceSets.flatMap(id => {
      const set = sets.get(referenceKey(id));
      return set?.standing === 'revoked' || set?.standing === 'superseded' ? [set] : [];
    })[0];
    if (bad?.standing === undefined) return;
    this.#again.add(device.id);
    // What another set in force lists too is not taken from a device that did nothing wrong; the judge has the last word.
    if ([...sets.values()].some(set => set.standing === undefined && isListedBy(set, bad, result))) return;
    const code = bad.standing === 'revoked' ? 'REFERENCE_REVOKED' : 'VERSION_DENIED';
    const record = this.#parts.inventory.references.get(referenceKey(bad.id));
    const note = bad.notes?.at(-1);
    const who = record?.state === bad.standing ? ` by ${record.by}: ${record.reason}` : note === undefined ? '' : ` (${note})`;
    const detail = `what it measures is listed by ${bad.id}, which is ${bad.standing}${who}`;
    this.#parts.emit(now, { kind: 'reference-withdrawn', device: device.id, set: bad.id, code, detail });
  }

  /** The new values were handed over: whoever leaned on old ones is judged by them. A quote has counters that only the next one can be compared with. */
  noted({ kind }: EventBody, now: Millis): void {
    if (kind !== 'trust-loaded') return;
    for (const id of this.#again) {
      const record = this.#parts.inventory.get(id);
      const result = record?.attestation.result;
      if (record === undefined || result === undefined || result.quote !== undefined || result.expires <= now) continue;
      const { name: zone, evidenceTtlSeconds: ttlSeconds } = this.#parts.zoneOf(record);
      const { evidence, at, expires } = result;
      this.#parts.effect({ kind: 'judge-again', device: id, evidence, at, expires, ttlSeconds, zone });
    }
    this.#again.clear();
  }

  /** Kept Evidence was judged again. It counts unless the device has shown other Evidence since, or the judgement is not about reference values. */
  #judgedAgain(device: DeviceId, evidence: string, outcome: ChallengeOutcome, now: Millis): void {
    const { inventory, attested } = this.#parts;
    const last = inventory.get(device)?.attestation.result;
    if (outcome.kind !== 'appraised' || last?.evidence !== evidence || outcome.result.evidence !== evidence) return;
    const { reason } = outcome.result;
    if (reason !== undefined && !telling.has(reason)) return;
    attested(device, `again-${evidence.slice(0, 16)}`, outcome, now);
  }
}

/** `waiting`: not in force yet. */
function standingOf(set: ReferenceSet, record: ReferenceRecord | undefined, now: Millis): ReferenceSet['standing'] | 'waiting' {
  // What its file says of its signer, or a person of it.
  if (record?.state === 'revoked' || set.standing === 'revoked') return 'revoked';
  if (record?.state === 'staged' || (set.notBefore ?? 0) > now) return 'waiting';
  if (record !== undefined && !isAccepted(record, now)) return 'superseded';
  return set.standing === 'ended' || (set.notAfter !== undefined && set.notAfter <= now) ? 'ended' : undefined;
}

/** True iff the set is for the same class, and each digest that was seen is one of its own. */
function isListedBy(set: ReferenceSet, like: ReferenceSet, { digestsSeen }: AttestationResult): boolean {
  if (set.vendor !== like.vendor || set.model !== like.model || digestsSeen.length === 0 || digestsSeen.length >= 64) return false;
  const listed = new Set(set.components.flatMap(c => c.versions.map(v => `${v.alg}:${v.digest}`)));
  return digestsSeen.every(d => listed.has(`${d.alg}:${d.value}`));
}
