import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalStore } from '../../../gateway/edge/store/journal-store.ts';
import { projectRoot } from '../../architecture/imports.ts';
import { readCsv } from '../../export/read-csv.ts';
import { labIsMissing } from '../../lab/namespace.ts';
import { seen } from './found-and-decided.ts';

const day = 86_400_000;
let folder = '';
let head = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), `slpoff-${process.pid}-`));
  const store = new JournalStore(folder, () => {}, 1024 * 1024);
  head = (await store.append(day, seen(1), false)).hash;
  await store.append(3 * day, seen(2), false);
  await store.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const sallyport = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['gateway/cli.ts', 'export', ...args, '--data', folder], { cwd: projectRoot, encoding: 'utf8' });

describe('the inventory of the past without a gateway', () => {
  it('is read from the journal where it lies, with the event up to which its chain was followed', () => {
    const csv = sallyport('--as-of', '1970-01-03');
    expect(csv.stderr).toBe(
      `The gateway does not answer: its journal is read instead\nFolded from 2 events of the journal, their chain whole, head ${head}\n`,
    );
    expect([csv.status, readCsv(csv.stdout).map(row => row[2])]).toEqual([0, ['asset_id', 'd1']]);
    const bom = JSON.parse(sallyport('--as-of', '1970-01-05', '--format', 'cyclonedx').stdout) as { components: unknown[] };
    expect(bom.components).toHaveLength(2);
  });

  it('is not the present, is signed by nobody, and not believed where the journal was changed', () => {
    for (const args of [[], ['--as-of', '1970-01-03', '--format', 'ear'], ['--format', 'journal']])
      expect(sallyport(...args), args.join(' ')).toMatchObject({ status: 1, stdout: '' });
    expect(sallyport('--as-of', '2999-01-01').stderr).toContain('still to come');
    const db = new DatabaseSync(join(folder, 'journal.sqlite'));
    db.exec("UPDATE event SET body = replace(body, 'dock', 'lab') WHERE seq = 1");
    db.close();
    const broken = sallyport('--as-of', '1970-01-03');
    expect([broken.status, broken.stdout, broken.stderr.includes('event 1 was changed after it was written')]).toEqual([1, '', true]);
  });

  it.skipIf(labIsMissing())(
    'is read by root as the folder’s owner: a link to a journal of root leads nowhere, and nothing in the folder becomes root’s',
    () => {
      for (const name of ['', ...readdirSync(folder)]) chownSync(join(folder, name), 61174, 61174);
      expect(sallyport('--as-of', '1970-01-03').status).toBe(0);
      expect(readdirSync(folder).filter(name => statSync(join(folder, name)).uid !== 61174)).toEqual([]);
      const roots = mkdtempSync(join(tmpdir(), `slpoff-root-${process.pid}-`));
      renameSync(join(folder, 'journal.sqlite'), join(roots, 'journal.sqlite'));
      symlinkSync(join(roots, 'journal.sqlite'), join(folder, 'journal.sqlite'));
      const { status, stdout } = sallyport('--as-of', '1970-01-03');
      rmSync(roots, { recursive: true, force: true });
      expect([status, stdout]).toEqual([1, '']);
    },
  );
});
