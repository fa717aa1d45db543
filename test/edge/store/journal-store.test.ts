import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxCertificates, maxChainBytes, messageEvidence, sha256 } from '../../../gateway/attestation/evidence.ts';
import { JournalStore } from '../../../gateway/edge/store/journal-store.ts';
import { packCertificates, unpackCertificates } from '../../../gateway/edge/store/kept-evidence.ts';
import { Inventory } from '../../../gateway/inventory/inventory.ts';
import { deviceFound } from './device-found.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-store-${process.pid}-`));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const numbered = (n: number) => messageEvidence('application/eat+cwt', new Uint8Array(600).fill(n));
const open = () => new JournalStore(folder, () => {}, 1024 * 1024);

describe('the journal store', () => {
  it('gives back what was committed, in order, with its chain followed', async () => {
    const store = open();
    const heads = await Promise.all([1, 2, 3].map(n => store.append(n, [deviceFound(n)], false)));
    expect(heads.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(store.timeline('d2', 10).map(({ body }) => body)).toEqual([deviceFound(2)]);
    await store.close();
    const again = open();
    expect(again.restored.events.map(({ body }) => body)).toEqual([1, 2, 3].map(deviceFound));
    await again.close();
  });

  it('starts from a snapshot and the events after it', async () => {
    const store = open();
    await store.append(1, [deviceFound(1)], false);
    const inventory = new Inventory();
    inventory.apply({ at: 1, body: deviceFound(1) });
    await store.saveSnapshot(inventory.snapshot());
    await store.append(2, [deviceFound(2)], false);
    await store.close();
    const again = open();
    expect(again.restored.snapshot?.records.map(({ device }) => device.id)).toEqual(['d1']);
    expect(again.restored.events.map(({ body }) => body)).toEqual([deviceFound(2)]);
    await again.append(3, [deviceFound(3)], false);
    expect(again.head.seq).toBe(3);
    await again.close();
  });

  it('refuses to start on a journal that was changed behind its back', async () => {
    const store = open();
    await store.append(1, [deviceFound(1), deviceFound(2)], false);
    await store.close();
    const db = new DatabaseSync(join(folder, 'journal.sqlite'));
    db.exec("UPDATE event SET body = replace(body, 'v1', 'v2') WHERE seq = 1");
    db.close();
    expect(open).toThrow(/event 1 was changed/);
  });

  it('keeps Evidence under its hash', async () => {
    const store = open();
    const token = messageEvidence('application/eat+cwt', Uint8Array.of(1, 2, 3));
    store.keepEvidence(token, 1);
    await store.append(1, [deviceFound(1)], false);
    expect(store.evidence(token.id)).toEqual({ mediaType: token.mediaType, bytes: token.bytes, certificates: [] });
    expect(store.evidence('bb')).toBeUndefined();
    await store.close();
  });

  it('keeps the certificates that came beside a token, and not those that a copy of it brings', async () => {
    const certificates = [new Uint8Array(300).fill(1), Uint8Array.of(2)];
    const bytes = Uint8Array.of(7);
    const store = open();
    store.keepEvidence(messageEvidence('application/eat+cwt', bytes, certificates), 1);
    store.keepEvidence(messageEvidence('application/eat+cwt', bytes, [Uint8Array.of(9)]), 2);
    await store.append(1, [deviceFound(1)], false);
    await store.close();
    const again = open();
    expect(again.evidence(sha256(bytes))?.certificates).toEqual(certificates);
    await again.close();
  });

  it('keeps of a chain nothing twice, and beside a token no more than a judge takes', () => {
    const one = new Uint8Array(10);
    expect(packCertificates('application/vnd.sallyport.x509-chain', [one])).toBeUndefined();
    expect(packCertificates('application/eat+cwt', [])).toBeUndefined();
    expect(
      packCertificates(
        'application/eat+cwt',
        Array.from({ length: maxCertificates + 1 }, () => one),
      ),
    ).toBeUndefined();
    expect(packCertificates('application/eat+cwt', [new Uint8Array(maxChainBytes + 1)])).toBeUndefined();
    const packed = packCertificates('application/eat+cwt', [one, one]) ?? new Uint8Array();
    expect(unpackCertificates(packed)).toEqual([one, one]);
    for (let cut = 1; cut < packed.length; cut += 1)
      if (cut !== 14) expect(() => unpackCertificates(packed.subarray(0, cut)), String(cut)).toThrow('kept certificates');
  });

  it('opens a journal of the version before, whose tokens had nothing beside them', async () => {
    const store = open();
    store.keepEvidence(messageEvidence('application/eat+cwt', Uint8Array.of(1)), 1);
    await store.append(1, [deviceFound(1)], false);
    await store.close();
    const db = new DatabaseSync(join(folder, 'journal.sqlite'));
    db.exec('ALTER TABLE evidence DROP COLUMN certificates; PRAGMA user_version = 1');
    db.close();
    const again = open();
    expect(again.head.seq).toBe(1);
    expect(again.evidence(sha256(Uint8Array.of(1)))).toMatchObject({ certificates: [] });
    const beside = messageEvidence('application/eat+cwt', Uint8Array.of(2), [Uint8Array.of(3)]);
    again.keepEvidence(beside, 2);
    await again.append(2, [deviceFound(2)], false);
    expect(again.evidence(beside.id)?.certificates).toEqual([Uint8Array.of(3)]);
    await again.close();
  });

  it('keeps no more Evidence than its cap, the newest', async () => {
    const store = new JournalStore(folder, () => {}, 4096, 10_000);
    for (let n = 0; n < 30; n += 1) store.keepEvidence({ ...numbered(n), certificates: [new Uint8Array(400)] }, n);
    await store.append(1, [deviceFound(1)], false);
    const left = Array.from({ length: 30 }, (_, n) => n).filter(n => store.evidence(numbered(n).id) !== undefined);
    expect(left.length).toBeLessThanOrEqual(10);
    expect(left.at(-1)).toBe(29);
    await store.close();
  });

  it('loses nothing acknowledged when it is killed at any moment', async () => {
    const script = `
      import { JournalStore } from ${JSON.stringify(join(import.meta.dirname, '../../../gateway/edge/store/journal-store.ts'))};
      const store = new JournalStore(${JSON.stringify(folder)}, () => {}, 4096);
      for (let n = store.head.seq + 1; ; n += 1) {
        const head = await store.append(n, [{ kind: 'port-state', port: 'v1', state: 'up', detail: String(n) }], false);
        process.stdout.write(head.seq + '\\n');
      }`;
    let last = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let acknowledged = last;
      child.stdout.on('data', (bytes: Buffer) => {
        const lines = bytes.toString('utf8').trim().split('\n');
        acknowledged = Math.max(acknowledged, Number(lines.at(-1)));
        if (acknowledged > last + 5 * (round + 1)) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      const store = open();
      expect(store.head.seq).toBeGreaterThanOrEqual(acknowledged);
      expect(store.restored.events.map(({ seq }) => seq)).toEqual(Array.from({ length: store.head.seq }, (_, n) => n + 1));
      last = store.head.seq;
      await store.close();
    }
    expect(last).toBeGreaterThan(30);
  });
});
