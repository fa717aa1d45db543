import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RevocationStore } from '../../../gateway/edge/store/revocation-store.ts';

let folder = '';
let said: string[] = [];
const open = () => new RevocationStore(folder, line => void said.push(line));
const bytes = (n: number): Uint8Array => new TextEncoder().encode(`item ${n}`);
const hash = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex');
const names = () => readdirSync(join(folder, 'revocation')).sort();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-revocation-${process.pid}-`));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('what was fetched about revocation', () => {
  it('is there after a restart, with the instant at which it came, for its owner only', async () => {
    const store = open();
    await store.keep('crl', bytes(1), [], 1_000_000);
    await store.keep('ocsp', bytes(2), [], 2_000_000);
    expect(open().all()).toEqual([
      { kind: 'crl', der: Buffer.from(bytes(1)).toString('base64'), seen: 1_000_000 },
      { kind: 'ocsp', der: Buffer.from(bytes(2)).toString('base64'), seen: 2_000_000 },
    ]);
    for (const name of names()) expect(statSync(join(folder, 'revocation', name)).mode & 0o777).toBe(0o600);
  });
  it('replaces what it brings up to date', async () => {
    const store = open();
    await store.keep('crl', bytes(1), [], 1_000_000);
    await store.keep('crl', bytes(2), [hash(bytes(1)), 'no hash', '../../passwd'], 2_000_000);
    expect(names()).toEqual([`${hash(bytes(2))}.crl`]);
  });
  it('is bounded: the oldest goes first', async () => {
    const store = open();
    for (let n = 0; n < 70; n++) await store.keep('crl', bytes(n), [], 1_000 * (n + 1));
    expect(store.all()).toHaveLength(64);
    expect(store.all()[0]?.seen).toBe(7_000);
    await store.keep('crl', new Uint8Array(6_000_000), [], 1_000_000);
    expect(store.all()).toHaveLength(64);
  });
  it('that is torn or foreign is left out', async () => {
    await open().keep('crl', bytes(1), [], 1_000_000);
    const [name = ''] = names();
    writeFileSync(join(folder, 'revocation', name), readFileSync(join(folder, 'revocation', name)).subarray(1));
    writeFileSync(join(folder, 'revocation', 'x.crl'), 'x');
    writeFileSync(join(folder, 'revocation', `${'0'.repeat(64)}.crl.new`), 'x');
    mkdirSync(join(folder, 'revocation', 'sub'));
    expect(open().all()).toEqual([]);
    expect(names()).toEqual([name]);
  });
  it('costs nothing but freshness when it cannot be written', async () => {
    const store = open();
    rmSync(join(folder, 'revocation'), { recursive: true });
    await store.keep('crl', bytes(1), [], 1_000_000);
    expect(said.join()).toContain('Cannot keep what was fetched');
    expect(store.all()).toEqual([]);
  });
});
