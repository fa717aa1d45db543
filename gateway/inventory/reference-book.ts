import type { Millis } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import { isAccepted, type ReferenceRecord, referenceKey, summaryOf } from '../model/reference.ts';
import type { ListedKey, ReferenceSet } from '../model/trust.ts';

/** Caps: sets that are known, and sets that people brought by hand, which are kept whole. The one of which was spoken longest ago gives way, revoked ones last. */
export const maxReferences = 4096;
export const maxAdded = 1024;

/** A set that no file of the site holds, with the keys of devices that came with it. */
type Added = { readonly set: ReferenceSet; readonly keys: readonly ListedKey[]; readonly signer?: readonly string[] };

/** What a restart needs of it. Plain JSON. */
export type ReferenceBookSnapshot = { readonly records: readonly ReferenceRecord[]; readonly added: readonly (readonly [string, Added])[] };

/** What was said of which reference set: the fold of files found and gone, and of people's words. It decides nothing. */
export class ReferenceBook {
  readonly #records = new Map<string, ReferenceRecord>();
  readonly #added = new Map<string, Added>();

  static from(snapshot: ReferenceBookSnapshot | undefined): ReferenceBook {
    const book = new ReferenceBook();
    for (const record of snapshot?.records ?? []) book.#records.set(record.key, record);
    for (const [key, added] of snapshot?.added ?? []) book.#added.set(key, added);
    return book;
  }

  snapshot(): ReferenceBookSnapshot {
    return { records: [...this.#records.values()], added: [...this.#added] };
  }

  get(key: string): ReferenceRecord | undefined {
    return this.#records.get(key);
  }

  records(): readonly ReferenceRecord[] {
    return [...this.#records.values()];
  }

  /** The sets that people brought. */
  added(): readonly ReferenceSet[] {
    return [...this.#added.values()].map(({ set }) => set);
  }

  /** Those of them whose file a chain signed, with its certificates. */
  signed(): readonly { readonly key: string; readonly signer: readonly string[] }[] {
    return [...this.#added].flatMap(([key, { signer }]) => (signer === undefined ? [] : [{ key, signer }]));
  }

  addedCount(): number {
    return this.#added.size;
  }

  /** Keys of devices out of files that people brought, as long as a set of theirs is accepted and nothing is said against its signer. */
  addedKeys(now: Millis, isDoubted: (key: string) => boolean): readonly ListedKey[] {
    const inForce = [...this.#added].filter(([key]) => {
      const record = this.#records.get(key);
      return record !== undefined && isAccepted(record, now) && !isDoubted(key);
    });
    return inForce.flatMap(([, { keys }]) => keys);
  }

  apply(at: Millis, body: EventBody): void {
    if (body.kind === 'reference-found') this.#found(body, at);
    else if (body.kind === 'reference-gone') this.#change(body.key, record => ({ ...record, isPresent: false }));
    else if (body.kind === 'reference-added') for (const set of body.sets) this.#add(set, body, at);
    else if (body.kind === 'reference-activated') this.#activated(body, at);
    else if (body.kind === 'reference-expired' || body.kind === 'reference-revoked') {
      const { by, reason } = body;
      const state = body.kind === 'reference-revoked' ? 'revoked' : 'superseded';
      this.#change(body.key, record => ({ ...bare(record), state, at, by, reason }));
    }
  }

  #activated({ key, replaces, by, reason, until }: Extract<EventBody, { readonly kind: 'reference-activated' }>, at: Millis): void {
    this.#change(key, record => ({ ...bare(record), state: 'active', at, by, reason }));
    const end = until === undefined ? {} : { until };
    for (const old of replaces)
      this.#change(old, record => ({ ...bare(record), state: 'superseded', at, by, reason, replacedBy: key, ...end }));
  }

  /** A file that comes back finds what was said of it: a revoked set stays revoked under whatever name. */
  #found({ key, set, state, why }: Extract<EventBody, { readonly kind: 'reference-found' }>, at: Millis): void {
    const known = this.#records.get(key);
    if (known !== undefined) return this.#put({ ...known, set, isPresent: true });
    return this.#put({ key, set, state, at, by: 'files', reason: why, isPresent: true });
  }

  #add(set: ReferenceSet, { by, reason, keys, signer }: Extract<EventBody, { readonly kind: 'reference-added' }>, at: Millis): void {
    const key = referenceKey(set.id);
    this.#added.set(key, { set, keys, ...(signer === undefined ? {} : { signer }) });
    const known = this.#records.get(key);
    if (known === undefined) this.#put({ key, set: summaryOf(set), state: 'staged', at, by, reason, isPresent: true });
    else this.#put({ ...known, set: summaryOf(set), isPresent: true });
  }

  #change(key: string, edit: (record: ReferenceRecord) => ReferenceRecord): void {
    const record = this.#records.get(key);
    if (record !== undefined) this.#put(edit(record));
  }

  #put(record: ReferenceRecord): void {
    this.#records.delete(record.key); // put last, so that the oldest gives way
    this.#records.set(record.key, record);
    if (this.#records.size <= maxReferences) return;
    const all = [...this.#records.values()];
    const oldest = all.find(r => !r.isPresent && r.state !== 'revoked') ?? all.find(r => r.state !== 'revoked') ?? all[0];
    if (oldest === undefined) return;
    this.#records.delete(oldest.key);
    this.#added.delete(oldest.key);
  }
}

/** A record without what belongs to the state that it leaves. */
function bare({ until: _until, replacedBy: _replacedBy, ...record }: ReferenceRecord): ReferenceRecord {
  return record;
}
