import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup, writeBackup } from '../../gateway/edge/backup-verb.ts';
import { JournalStore } from '../../gateway/edge/store/journal-store.ts';
import { labIsMissing, run } from '../lab/namespace.ts';
import { deviceFound } from './store/device-found.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `slpbak-${process.pid}-`));
  mkdirSync(at('data'), { mode: 0o700 });
  mkdirSync(at('work'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (data = at('data')): JournalStore => new JournalStore(data, () => {}, 1024 * 1024);
const restore = async (file: string): Promise<string> => {
  mkdirSync(at('restored'), { mode: 0o700 });
  const { code, stderr } = await run(undefined, ['tar', '-xpf', file, '--numeric-owner', '-C', at('restored')]);
  expect([code, stderr]).toEqual([0, '']);
  return at('restored');
};

describe('sallyport backup', () => {
  it('amid the gateway’s writing: the copy holds all that was committed before, its chain whole, and is where it says it is', async () => {
    const store = open();
    await Promise.all([1, 2, 3].map(n => store.append(n, [deviceFound(n)], false)));
    const writing = Promise.all(Array.from({ length: 200 }, (_, n) => store.append(4 + n, [deviceFound(4 + n)], false)));
    const head = writeBackup(at('data'), at('box.tar'), at('work'));
    await writing;
    await store.close();
    const again = open(await restore(at('box.tar')));
    expect(again.head).toEqual(head);
    expect(again.restored.events.slice(0, 3).map(({ body }) => body)).toEqual([1, 2, 3].map(deviceFound));
    await again.close();
  });

  it('takes settings, keys and the site’s policy with their modes, and nothing that belongs to this moment', async () => {
    const store = open();
    await store.append(1, [deviceFound(1)], false);
    mkdirSync(at('data/policies.d/rules'), { recursive: true });
    for (const name of ['settings.json', 'page.pem', 'accounts.json.new', 'policies.d/rules/10-new.new'])
      writeFileSync(at(`data/${name}`), name, { mode: 0o600 });
    const socket = createServer().listen(at('data/control.sock'));
    writeBackup(at('data'), at('box.tar'), at('work'));
    await store.close();
    socket.close();
    expect([lstatSync(at('box.tar')).mode & 0o777, readdirSync(at('work'))]).toEqual([0o600, []]);
    const restored = await restore(at('box.tar'));
    expect(new Set(readdirSync(restored, { recursive: true }).map(String))).toEqual(
      new Set(['journal.sqlite', 'page.pem', 'policies.d', 'policies.d/rules', 'policies.d/rules/10-new.new', 'settings.json']),
    );
    expect([readFileSync(join(restored, 'page.pem'), 'utf8'), lstatSync(join(restored, 'page.pem')).mode & 0o777]).toEqual([
      'page.pem',
      0o600,
    ]);
  });

  it('refuses what exists, what would be part of itself, and a folder without a journal, in one sentence', async () => {
    const store = open();
    await store.close();
    writeFileSync(at('box.tar'), 'yesterday');
    expect(() => writeBackup(at('data'), at('box.tar'), at('work'))).toThrow(`Cannot write ${at('box.tar')}: it exists`);
    expect(readFileSync(at('box.tar'), 'utf8')).toBe('yesterday');
    expect(() => writeBackup(at('data'), at('data/box.tar'), at('work'))).toThrow('it would be part of itself');
    expect(() => writeBackup(at('work'), at('other.tar'), at('work'))).toThrow(`Cannot back up ${at('work')}: it holds no journal`);
    const io = { stdout: { write: () => true } };
    expect(() => backup([], io)).toThrow('Cannot back up: give one FILE');
    expect(existsSync(at('other.tar'))).toBe(false);
  });

  it.skipIf(labIsMissing())('reads as the gateway’s user, not as root: a link that this one put there leads nowhere', async () => {
    const store = open();
    await store.append(1, [deviceFound(1)], false);
    await store.close();
    writeFileSync(at('secret'), 'of root', { mode: 0o600 });
    for (const name of ['', ...readdirSync(at('data'))]) chownSync(join(at('data'), name), 61174, 61174);
    chmodSync(folder, 0o755);
    symlinkSync(at('secret'), at('data/settings.json'));
    writeFileSync(at('data/root-only.json'), 'of root', { mode: 0o600 });
    expect(() => writeBackup(at('data'), at('box.tar'), at('work'))).toThrow(/root-only\.json.*denied/);
    expect([existsSync(at('box.tar')), existsSync(at('box.tar.new')), process.geteuid?.()]).toEqual([false, false, process.getuid?.()]);
    rmSync(at('data/root-only.json'));
    chmodSync(at('work'), 0o755);
    mkdirSync(at('data/enforced'), { mode: 0o700 }); // the enforcer's own, of this machine's moment
    writeBackup(at('data'), at('box.tar'), at('work'));
    const restored = await restore(at('box.tar'));
    expect([lstatSync(join(restored, 'settings.json')).isSymbolicLink(), existsSync(join(restored, 'enforced'))]).toEqual([true, false]);
    expect([lstatSync(restored).uid, lstatSync(join(restored, 'journal.sqlite')).uid]).toEqual([61174, 61174]);
    rmSync(at('data/journal.sqlite'));
    symlinkSync(at('secret'), at('data/journal.sqlite'));
    expect(() => writeBackup(at('data'), at('again.tar'), at('work'))).toThrow();
  });
});
