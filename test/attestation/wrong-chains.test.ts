import { beforeAll, describe, expect, it } from 'vitest';
import { makeDiceDevice, makeVendor, type Vendor } from '../vectors/pki.ts';
import { mutations, threeLevels } from '../vectors/mutations.ts';
import { result, spec, verifier } from './world.ts';

let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors', pathLength: 1 });
});

describe('a wrong chain', () => {
  for (const mutation of mutations)
    it(`${mutation.name}: ${mutation.code}`, async () => {
      const outcome = verifier([acme])(await mutation.make(acme, spec));
      const judged = result(outcome);
      expect([judged.reason, judged.status]).toEqual([mutation.code, 'contraindicated']);
      const failed = judged.checks.findIndex(c => c.outcome === 'failed');
      expect(judged.checks[failed]?.code).toBe(mutation.code);
      expect(judged.checks.slice(failed + 1).every(c => c.outcome === 'not-evaluated')).toBe(true);
      expect(Object.values(judged.vector).some(value => value >= 96)).toBe(true);
    });

  it('is the only thing wrong with it: the same device without the fault affirms', async () => {
    const { chain } = await makeDiceDevice(acme, spec);
    expect(result(verifier([acme])(chain))).toMatchObject({ status: 'affirming', assurance: 5 });
  });

  it('and a chain over a model CA within the path length affirms', async () => {
    const wide = await makeVendor({ name: 'Acme Sensors', pathLength: 2 });
    const { chain } = await threeLevels(wide, spec, {});
    expect(result(verifier([wide])(chain))).toMatchObject({ status: 'affirming', assurance: 5 });
  });

  it('has no identity when its path was not verified', async () => {
    const forged = await makeVendor({ name: 'Acme Sensors' });
    const judged = result(verifier([acme])((await makeDiceDevice(forged, spec)).chain));
    expect(judged).toMatchObject({ assurance: 0, vector: { 'instance-identity': 99 } });
    expect(judged.identity).toBeUndefined();
  });
});
