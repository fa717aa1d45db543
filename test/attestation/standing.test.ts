import { beforeAll, describe, expect, it } from 'vitest';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { makeDiceDevice, makeVendor, type Vendor } from '../vectors/pki.ts';
import { checksOf, referenceSet, result, spec, verifier } from './world.ts';

let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
});
const judged = async (sets: readonly ReferenceSet[]) => result(verifier([acme], { sets })((await makeDiceDevice(acme, spec)).chain));
const other: ReferenceSet = {
  ...referenceSet,
  id: 'new.json#1 sha256:11',
  components: [{ name: 'firmware', layer: 1, versions: [{ version: 'fw-2', alg: 'sha-256', digest: 'cd'.repeat(32) }] }],
};

describe('firmware that only reference values list that are accepted no more', () => {
  it.each([
    ['revoked', 'contraindicated', 'REFERENCE_REVOKED'],
    ['superseded', 'contraindicated', 'VERSION_DENIED'],
    ['ended', 'warning', 'REFERENCE_MISSING'],
  ] as const)('%s: it is %s, %s', async (standing, status, reason) => {
    for (const sets of [[{ ...referenceSet, standing }], [other, { ...referenceSet, standing }]])
      expect(await judged(sets)).toMatchObject({ status, reason, referenceSets: [referenceSet.id] });
  });
  it('is good as long as a set in force lists it too', async () =>
    expect(
      await judged([
        { ...referenceSet, standing: 'revoked' },
        { ...referenceSet, id: 'again#1 sha256:22' },
      ]),
    ).toMatchObject({
      status: 'affirming',
      referenceSets: ['again#1 sha256:22'],
    }));
  it('is good as long as one of the sets that list it is of its security version, whichever comes first', async () => {
    const strict = { ...referenceSet, id: 'strict#1 sha256:33', minSvn: '9' };
    for (const sets of [
      [strict, referenceSet],
      [referenceSet, strict],
    ])
      expect(await judged(sets)).toMatchObject({ status: 'affirming', referenceSets: [referenceSet.id] });
    expect(await judged([strict])).toMatchObject({ status: 'contraindicated', reason: 'VERSION_DENIED' });
  });
  it('does not make unknown firmware known', async () =>
    expect(await judged([other, { ...other, id: 'x', standing: 'revoked' }])).toMatchObject({
      status: 'contraindicated',
      reason: 'DIGEST_UNKNOWN',
    }));
});

describe('Evidence out of our own store', () => {
  it('is judged as of when it was fresh, and is no fresher for it', async () => {
    const { chain } = await makeDiceDevice(acme, spec);
    const now = Date.now();
    const at = now - 400_000;
    const kept = result(verifier([acme], { now, freshness: { kind: 'kept', at, expires: at + 600_000 } })(chain));
    expect(kept).toMatchObject({ status: 'affirming', assurance: 5, at, expires: at + 600_000 });
    expect(kept.checks.find(c => c.check === 'fresh')?.detail).toContain('when it was judged first');
  });
});

describe('a chain that no handshake of now shows', () => {
  it('and that is kept is judged as when it was shown, with its instant and its end', async () => {
    const at = Date.now() - 60_000;
    const kept = { kind: 'kept', at, expires: at + 600_000 } as const;
    const judge = verifier([acme], { freshness: kept });
    expect(result(judge((await makeDiceDevice(acme, spec)).chain))).toMatchObject({ status: 'affirming', at, expires: kept.expires });
  });
  it('and that lies in a file proves nothing, but all else of it is judged', async () => {
    const r = result(verifier([acme], { freshness: { kind: 'none' } })((await makeDiceDevice(acme, spec)).chain));
    expect(r).toMatchObject({ status: 'none', assurance: 0, reason: 'EVIDENCE_NOT_FRESH' });
    expect(checksOf(r)).toEqual(expect.arrayContaining(['fresh warned', 'chain passed', 'reference passed']));
  });
});
