import type { DatabaseSync } from 'node:sqlite';

/** The schema's number, kept in `PRAGMA user_version`. A newer file than this is refused, never changed. */
export const schemaVersion = 2;

/** What came beside a token (`packCertificates`); null where nothing did, and in rows of schema 1. */
const certificatesColumn = 'ALTER TABLE evidence ADD COLUMN certificates BLOB';

/** Opens or makes the tables. Throws an Error that says what to do when the file belongs to a newer Sallyport. */
export function prepareSchema(db: DatabaseSync): void {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 1000');
  const found = Number(Object.values(db.prepare('PRAGMA user_version').get() ?? {})[0] ?? 0);
  if (found > schemaVersion)
    throw new Error(`Cannot open the journal: it has schema ${found}, this version knows ${schemaVersion}; start the newer version`);
  if (found === schemaVersion) return;
  if (found === 1) {
    db.exec(`BEGIN; ${certificatesColumn}; PRAGMA user_version = ${schemaVersion}; COMMIT;`);
    return;
  }
  db.exec(`
    BEGIN;
    CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, device TEXT, prev TEXT NOT NULL, hash TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX event_device ON event (device, seq) WHERE device IS NOT NULL;
    CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, json TEXT NOT NULL);
    CREATE TABLE evidence (id TEXT PRIMARY KEY, media_type TEXT NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID;
    ${certificatesColumn};
    PRAGMA user_version = ${schemaVersion};
    COMMIT;
  `);
}
