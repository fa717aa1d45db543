import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalStore } from '../../gateway/edge/store/journal-store.ts';
import type { EventBody } from '../../gateway/model/event.ts';

const megabyte = 1024 * 1024;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: a full disk needs root to mount a small tmpfs');

/** A journal on a file system of 16 MB, of which 3 MB are kept for people. */
describe.skipIf(!isRoot)('a full disk', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `sallyport-full-${process.pid}-`));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'sallyport-test', folder]);
  });
  afterEach(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  const noise = (n: number): EventBody => ({
    kind: 'malformed',
    port: 'v1',
    mac: '02:00:00:00:00:01',
    collector: 'arp',
    message: `${n} `.repeat(500),
    count: 1,
  });
  const word: EventBody = { kind: 'person-released', device: 'd1', by: 'anna', reason: 'mended' };

  it('refuses what outsiders cause, says so, still commits people’s decisions, and recovers', async () => {
    const said: string[] = [];
    const store = new JournalStore(folder, state => said.push(state), 3 * megabyte);
    await store.append(0, [noise(0)], false);
    expect(existsSync(join(folder, 'reserve.bin'))).toBe(true);
    const filler = join(folder, 'filler.bin');
    writeFileSync(filler, Buffer.alloc(10 * megabyte, 1));
    let refused = 0;
    for (let n = 0; n < 4000 && refused < 5; n += 1)
      await store.append(n, [noise(n), noise(n), noise(n)], false).catch(() => (refused += 1));
    expect(refused).toBe(5);
    expect(said).toEqual(['full']);
    const before = store.head.seq;
    for (let n = 0; n < 50; n += 1) await store.append(n, [word], true);
    expect(store.head.seq).toBe(before + 50);
    rmSync(filler);
    for (let n = 0; n < 2; n += 1) await store.append(1, [noise(1)], false);
    expect(said).toEqual(['full', 'recovered']);
    await store.close();
    const again = new JournalStore(folder, () => {}, 3 * megabyte);
    expect(again.restored.events.filter(({ body }) => body.kind === 'person-released')).toHaveLength(50);
    await again.close();
  });
});
