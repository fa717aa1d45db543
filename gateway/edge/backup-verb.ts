import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { type Head, emptyHead } from '../journal/chain.ts';
import { asUser } from './as-user.ts';

const help = `Usage: sallyport backup FILE [--data DIR]

Writes what the gateway knows into FILE, a tar archive of mode 0600, while it runs or not: settings, the site's policy in the data folder,
accounts, keys, the journal with its Evidence. It holds secrets. Policy folders elsewhere are not in it.
It prints the head of the journal: noted elsewhere, it shows that nobody cut the copy.

  --data DIR   data folder of the gateway (default: /var/lib/sallyport)

To restore, with the gateway stopped: tar -xpf FILE --numeric-owner -C DIR into an empty DIR, then start it. What the restored journal
says is enforced from then on: whoever was let in or cut off since is as before.

Exit codes: 0 good, 1 wrong call or failure of ours
`;

/** Made anew by each start, or of this machine's moment: the disk's reserve, sockets, what is being written. The journal is copied by SQLite. */
const left = ['./enforced', './journal.sqlite', './journal.sqlite-*', './reserve.bin', './*.sock', './*.new', './*.tmp'];
/** tar says 1 when something changed below its hands. */
const attempts = 5;

type Io = { readonly stdout: { write(text: string): unknown } };

/** `sallyport backup`: returns the exit code. */
export function backup(args: readonly string[], io: Io): number {
  const options = { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help === true) {
    io.stdout.write(help);
    return 0;
  }
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) throw new Error('Cannot back up: give one FILE; see sallyport backup --help');
  const file = resolve(given);
  const { seq, hash } = writeBackup(resolve(values.data ?? '/var/lib/sallyport'), file);
  io.stdout.write(`${file}\njournal head: ${seq} ${hash}\n`);
  return 0;
}

/**
 * Writes the archive; it is there whole or not at all. Returns the head of the journal in it. The journal cannot be copied as files while it is written (its
 * newest pages are in the -wal); SQLite copies it in one read transaction, which holds nobody up. The folder is the gateway's, who hears strangers and could
 * put links into it: root opens the archive and is the gateway's user for the rest. Throws when there is nothing to copy, or the file exists.
 */
export function writeBackup(data: string, file: string, temporary = '/var/tmp'): Head {
  const journal = join(data, 'journal.sqlite');
  if (!existsSync(journal)) throw new Error(`Cannot back up ${data}: it holds no journal, or you may not look into it`);
  if (existsSync(file)) throw new Error(`Cannot write ${file}: it exists`);
  if (dirname(file) === data || dirname(file).startsWith(`${data}/`)) throw new Error(`Cannot write ${file}: it would be part of itself`);
  const { uid, gid } = lstatSync(data);
  const work = mkdtempSync(join(temporary, 'sallyport-backup-'));
  const unfinished = `${file}.new`;
  try {
    if (process.getuid?.() === 0) chownSync(work, uid, gid);
    const head = asUser(uid, gid, () => copyJournal(journal, join(work, 'journal.sqlite')));
    pack(unfinished, { data, work, uid, gid });
    renameSync(unfinished, file);
    sync(dirname(file));
    return head;
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(unfinished, { force: true });
  }
}

function copyJournal(from: string, to: string): Head {
  const db = new DatabaseSync(from, { readOnly: true });
  try {
    db.exec('PRAGMA busy_timeout = 5000');
    db.prepare('VACUUM INTO ?').run(to);
  } finally {
    db.close();
  }
  chmodSync(to, 0o600);
  const copied = new DatabaseSync(to, { readOnly: true });
  try {
    const row = copied.prepare('SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1').get();
    return row === undefined ? emptyHead : { seq: Number(row['seq']), hash: String(row['hash']) };
  } finally {
    copied.close();
  }
}

type From = { readonly data: string; readonly work: string; readonly uid: number; readonly gid: number };

/** Each other file is replaced whole by whoever writes it, so that any moment will do. Owners are numbers: the gateway's user has no name. */
function pack(archive: string, { data, work, uid, gid }: From): void {
  const excluded = ['--anchored', '--no-wildcards-match-slash', ...left.map(pattern => `--exclude=${pattern}`)];
  const argv = ['--create', '--file=-', '--numeric-owner', ...excluded, '-C', data, '.', '-C', work, 'journal.sqlite'];
  for (let attempt = 1; ; attempt += 1) {
    const out = openSync(archive, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
    try {
      const { status, stderr, error } = asUser(uid, gid, () =>
        spawnSync('tar', argv, { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' }),
      );
      fsyncSync(out);
      if (status === 0) return;
      if (status !== 1 || attempt === attempts) throw new Error(`Cannot back up ${data}: ${error?.message ?? stderr.trim()}`);
    } finally {
      closeSync(out);
    }
  }
}

function sync(folder: string): void {
  const open = openSync(folder, 'r');
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}
