import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { InventorySnapshot } from '../../inventory/inventory.ts';
import { type Head, emptyHead, follow } from '../../journal/chain.ts';
import type { DeviceId, Hex, Millis } from '../../model/address.ts';
import type { Evidence } from '../../model/attestation.ts';
import type { Event, EventBody } from '../../model/event.ts';
import type { JournalPage, Show } from '../../model/notable.ts';
import { toEvent } from './event-row.ts';
import { PastInventories } from './past-inventory.ts';
import { notableQuery, prepareIndexes, timelineQueries } from './queries.ts';
import { prepareSchema } from './schema.ts';
import { type KeptEvidence, packCertificates, unpackCertificates } from './kept-evidence.ts';
import type { FromStore, StoreOptions, ToStore } from './store-messages.ts';

/** Kept free on disk, so that people's decisions commit on a full disk. */
const defaultReserveBytes = 64 * 1024 * 1024;
/** Evidence that is kept; the oldest gives way. */
const defaultEvidenceBytes = 256 * 1024 * 1024;

/** Challenges, and judgements like the one before, in a timeline. */
const maxRepeating = 20;

/** What a start finds: the last snapshot and the Events after it, their chain followed. */
export type Restored = {
  readonly snapshot?: InventorySnapshot;
  /** The last Event that the snapshot knows; 0 without one. */
  readonly snapshotAt: number;
  readonly events: readonly Event[];
  readonly head: Head;
};

/** The journal, the snapshot and the Evidence of one data folder. Reads happen here, writes in one worker thread. */
export class JournalStore {
  readonly #reader: DatabaseSync;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { readonly resolve: (head: Head) => void; readonly reject: (why: Error) => void }>();
  readonly restored: Restored;
  /** The site as it stood at instants that are over. */
  readonly past: PastInventories;
  #ids = 0;
  #head: Head;
  #closed: (() => void) | undefined;
  #failed: Error | undefined;

  /** `onStorage` hears when the disk is full and when it has room again. Throws when the folder or the journal cannot be read. */
  constructor(
    folder: string,
    onStorage: (state: 'full' | 'recovered', detail: string) => void,
    reserveBytes = defaultReserveBytes,
    maxEvidenceBytes = defaultEvidenceBytes,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.past = new PastInventories(folder);
    this.#reader = new DatabaseSync(join(folder, 'journal.sqlite'));
    prepareSchema(this.#reader);
    prepareIndexes(this.#reader);
    this.restored = restore(this.#reader);
    this.#head = this.restored.head;
    const options: StoreOptions = { folder, reserveBytes, maxEvidenceBytes };
    const entry = new URL(import.meta.url.endsWith('.ts') ? './journal-worker.ts' : './journal-worker.js', import.meta.url);
    this.#worker = new Worker(entry, { workerData: options, execArgv: [] });
    this.#worker.on('message', (message: FromStore) => this.#take(message, onStorage));
    this.#worker.on('error', error => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#closed?.());
  }

  get head(): Head {
    return this.#head;
  }

  /** True while nothing waits to be committed. */
  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  /** Set when the writer died: nothing more can be committed. */
  get failure(): Error | undefined {
    return this.#failed;
  }

  /** Resolves when the Events are on disk. Rejects when the disk is full; what `matters` may use the reserve. */
  append(at: Millis, events: readonly EventBody[], matters: boolean): Promise<Head> {
    return this.#ask(id => ({ type: 'append', id, at, events, matters }));
  }

  saveSnapshot(snapshot: InventorySnapshot): Promise<Head> {
    const json = JSON.stringify(snapshot);
    return this.#ask(id => ({ type: 'snapshot', id, json }));
  }

  /** Keeps Evidence under its SHA-256, with what came beside it. Lost on a full disk; the result in the journal still names it. */
  keepEvidence({ id: evidence, mediaType, bytes, certificates }: Evidence, at: Millis): void {
    const beside = packCertificates(mediaType, certificates);
    this.#post({ type: 'evidence', evidence, mediaType, at, bytes, ...(beside === undefined ? {} : { certificates: beside }) });
  }

  evidence(id: Hex): KeptEvidence | undefined {
    const row = this.#reader.prepare('SELECT media_type, bytes, certificates FROM evidence WHERE id = ?').get(id);
    if (!(row?.['bytes'] instanceof Uint8Array)) return undefined;
    const beside = row['certificates'];
    const certificates = beside instanceof Uint8Array ? unpackCertificates(beside) : [];
    return { mediaType: String(row['media_type']), bytes: row['bytes'], certificates };
  }

  /** The newest Events about a device, oldest first. Of what repeats all the time only the last few, so that they push nothing else out. */
  timeline(device: DeviceId, limit: number): readonly Event[] {
    const { told, repeating } = timelineQueries;
    const rows = [...this.#reader.prepare(told).all(device, limit), ...this.#reader.prepare(repeating).all(device, maxRepeating)];
    return rows.map(toEvent).toSorted((a, b) => a.seq - b.seq);
  }

  /** Events after one, in their order; at most `limit`. */
  events(after: number, limit: number): readonly Event[] {
    return this.#reader.prepare('SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?').all(after, limit).map(toEvent);
  }

  /** What happened on the site before an Event: at most `limit`, newest first; `show` undefined is all of it. */
  notable(show: Show | undefined, before: number, limit: number): JournalPage {
    const rows = this.#reader.prepare(notableQuery(show)).all(before, limit + 1);
    return { events: rows.slice(0, limit).map(toEvent), older: rows.length > limit };
  }

  /** Commits what waits and closes. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => {
      this.#closed = resolve;
    });
    this.#post({ type: 'close' });
    await closed;
    this.#reader.close();
  }

  #ask(message: (id: number) => ToStore): Promise<Head> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post(message(id));
    });
  }

  #post(message: ToStore): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromStore, onStorage: (state: 'full' | 'recovered', detail: string) => void): void {
    switch (message.type) {
      case 'committed':
        this.#head = message.head;
        this.#waiting.get(message.id)?.resolve(message.head);
        this.#waiting.delete(message.id);
        break;
      case 'refused':
        this.#waiting.get(message.id)?.reject(new Error(`Cannot write to the journal: ${message.detail}`));
        this.#waiting.delete(message.id);
        break;
      case 'storage':
        onStorage(message.state, message.detail);
        break;
      case 'closed':
        break;
    }
  }

  #fail(error: Error): void {
    this.#failed = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function restore(db: DatabaseSync): Restored {
  const row = db.prepare('SELECT seq, hash, json FROM snapshot WHERE id = 1').get();
  const from: Head = row === undefined ? emptyHead : { seq: Number(row['seq']), hash: String(row['hash']) };
  const events = db.prepare('SELECT * FROM event WHERE seq > ? ORDER BY seq').all(from.seq).map(toEvent);
  const head = follow(from, events);
  const restored = { snapshotAt: from.seq, events, head };
  return row === undefined ? restored : { ...restored, snapshot: JSON.parse(String(row['json'])) as InventorySnapshot };
}
