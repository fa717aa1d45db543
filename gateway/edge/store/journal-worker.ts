import { closeSync, existsSync, fsyncSync, openSync, statSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { type Head, link } from '../../journal/chain.ts';
import type { Event } from '../../model/event.ts';
import { prepareSchema } from './schema.ts';
import type { FromStore, StoreOptions, ToStore } from './store-messages.ts';

/**
 * The one writer of the journal, off the page's event loop. Everything that waits is committed in one transaction (group commit).
 * On a full disk what matters (people's decisions, whatever loosens) takes the reserve; the rest is refused and counted by the caller.
 */
const { folder, reserveBytes, maxEvidenceBytes } = workerData as StoreOptions;
const port = parentPort;
if (port === null) throw new Error('Cannot run the journal writer: it is no worker thread');
const reservePath = join(folder, 'reserve.bin');
const db = new DatabaseSync(join(folder, 'journal.sqlite'));
prepareSchema(db);

const insertEvent = db.prepare('INSERT INTO event (seq, at, kind, device, prev, hash, body) VALUES (?, ?, ?, ?, ?, ?, ?)');
const insertEvidence = db.prepare('INSERT OR IGNORE INTO evidence (id, media_type, at, bytes, certificates) VALUES (?, ?, ?, ?, ?)');
const insertSnapshot = db.prepare('INSERT OR REPLACE INTO snapshot (id, seq, hash, json) VALUES (1, ?, ?, ?)');
let head = readHead();
let evidenceBytes = Number(
  db.prepare('SELECT total(length(bytes) + ifnull(length(certificates), 0)) AS sum FROM evidence').get()?.['sum'] ?? 0,
);
let waiting: ToStore[] = [];
let full = false;
keepReserve();

port.on('message', (message: ToStore) => {
  waiting.push(message);
  if (waiting.length === 1) setImmediate(flush);
});

function flush(): void {
  const batch = waiting;
  waiting = [];
  try {
    commit(batch);
    if (full) recover();
  } catch (error) {
    if (!isFull(error)) throw error;
    // The disk is full: each message alone, so that one that matters is not refused for one that does not.
    for (const message of batch) commitAlone(message);
  }
  if (batch.some(message => message.type === 'close')) close();
}

function commitAlone(message: ToStore): void {
  try {
    commit([message]);
  } catch (error) {
    if (!isFull(error)) throw error;
    const matters = message.type === 'append' && message.matters;
    if (matters && existsSync(reservePath)) {
      unlinkSync(reservePath);
      commitAlone(message);
    } else if ('id' in message) say({ type: 'refused', id: message.id, detail: error instanceof Error ? error.message : String(error) });
    if (!full)
      say({
        type: 'storage',
        state: 'full',
        detail: `no room left in the data folder; ${reserveBytes} bytes were kept for people's decisions`,
      });
    full = true;
  }
}

function commit(batch: readonly ToStore[]): void {
  const answers: FromStore[] = [];
  const before = head;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const message of batch) write(message, answers);
    db.exec('COMMIT');
  } catch (error) {
    head = before;
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
  for (const answer of answers) say(answer);
}

function write(message: ToStore, answers: FromStore[]): void {
  switch (message.type) {
    case 'append': {
      const events: Event[] = [];
      for (const body of message.events) {
        const event = link(head, message.at, body);
        const device = 'device' in body && body.device !== undefined ? body.device : null;
        insertEvent.run(event.seq, event.at, body.kind, device, event.prev, event.hash, JSON.stringify(body));
        head = { seq: event.seq, hash: event.hash };
        events.push(event);
      }
      answers.push({ type: 'committed', id: message.id, head });
      break;
    }
    case 'evidence':
      // What came first stands: a token answers one nonce, so whoever shows the same bytes again, with other certificates beside them, copied it.
      insertEvidence.run(message.evidence, message.mediaType, message.at, message.bytes, message.certificates ?? null);
      evidenceBytes += message.bytes.length + (message.certificates?.length ?? 0);
      if (evidenceBytes > maxEvidenceBytes) forgetEvidence();
      break;
    case 'snapshot':
      insertSnapshot.run(head.seq, head.hash, message.json);
      answers.push({ type: 'committed', id: message.id, head });
      break;
    case 'close':
      break;
  }
}

/** Oldest first, down to nine tenths of the cap: whoever shows a new chain each time may not fill the disk. Results in the journal stay. */
function forgetEvidence(): void {
  for (const row of db.prepare('SELECT id, length(bytes) + ifnull(length(certificates), 0) AS size FROM evidence ORDER BY at').iterate()) {
    if (evidenceBytes <= 0.9 * maxEvidenceBytes) break;
    db.prepare('DELETE FROM evidence WHERE id = ?').run(String(row['id']));
    evidenceBytes -= Number(row['size']);
  }
}

function recover(): void {
  const { bavail, bsize } = statfsSync(folder);
  // Half a full disk is no recovery: the state must not flap with every small message that still fits.
  if (bavail * bsize < (existsSync(reservePath) ? 1 : 2) * reserveBytes) return;
  full = false;
  keepReserve();
  say({ type: 'storage', state: 'recovered', detail: 'the data folder has room again' });
}

/** Fills the reserve with real blocks: a sparse file would keep nothing free. */
function keepReserve(): void {
  if (existsSync(reservePath) && statSync(reservePath).size >= reserveBytes) return;
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < 2 * reserveBytes) return;
  const file = openSync(reservePath, 'w', 0o600);
  const block = Buffer.alloc(1024 * 1024, 0x53);
  for (let left = reserveBytes; left > 0; left -= block.length) writeSync(file, block, 0, Math.min(left, block.length));
  fsyncSync(file);
  closeSync(file);
}

function readHead(): Head {
  const row = db.prepare('SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1').get();
  return row === undefined ? { seq: 0, hash: '0'.repeat(64) } : { seq: Number(row['seq']), hash: String(row['hash']) };
}

/** SQLITE_FULL (13) and SQLITE_IOERR (10, also with extended codes: a write to a full file system). */
function isFull(error: unknown): error is Error {
  if (!(error instanceof Error) || !('errcode' in error)) return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return [10, 13].includes(Number(error.errcode) & 0xff);
}

function close(): void {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  say({ type: 'closed' });
  port?.close();
}

function say(message: FromStore): void {
  port?.postMessage(message);
}
