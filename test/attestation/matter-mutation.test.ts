import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer, commonName, declaration, elementsOf, goodFields, keyIds, message, number, usage } from '../vectors/matter.ts';
import {
  parties,
  cdKeys,
  firmware,
  good,
  siteWith,
  site,
  type Plan,
  make,
  setCritical,
  setValue,
  bc,
  ku,
  subject,
  ids,
} from './matter-product.ts';
import { judge, nonce } from './matter-world.ts';

describe('mutations', () => {
  /** Every byte, one bit of it: which, goes round. */
  const flips = (whole: Uint8Array): readonly Uint8Array[] =>
    Array.from(whole, (byte, at) => {
      const changed = whole.slice();
      changed[at] = byte ^ (1 << (at % 8));
      return changed;
    });

  it('each flip in any signed part of a good message, or in its text, loses affirming', () => {
    const ask = judge(site);
    const cd = declaration(elementsOf(goodFields(...ids)), cdKeys);
    const parts = { dac: good.dac, pai: good.pai, ...answer(cd, nonce, parties.dacKeys.privateKey, firmware) };
    expect(ask(message(parts)).status).toBe('affirming');
    for (const name of ['dac', 'pai', 'elements', 'signature', 'challenge'] as const)
      for (const [at, changed] of flips(parts[name]).entries())
        expect(ask(message({ ...parts, [name]: changed })).status, `${name} byte ${at}`).toBe('contraindicated');
    for (const [at, changed] of flips(message(parts)).entries()) expect(ask(changed).status, `byte ${at}`).not.toBe('affirming');
  });

  it('each flip in a declaration that the device then signs anew loses affirming', () => {
    const ask = judge(site);
    const cd = declaration(elementsOf(goodFields(...ids)), cdKeys);
    for (const [at, changed] of flips(cd).entries()) {
      const sent = message({ dac: good.dac, pai: good.pai, ...answer(changed, nonce, parties.dacKeys.privateKey, firmware) });
      expect(ask(sent).status, `byte ${at}`).toBe('contraindicated');
    }
  });

  it('edits anywhere are judged, never thrown, and never affirm', () => {
    const ask = judge(site);
    const cd = declaration(elementsOf(goodFields(...ids)), cdKeys);
    const parts = { dac: good.dac, pai: good.pai, ...answer(cd, nonce, parties.dacKeys.privateKey, firmware) };
    fc.assert(
      fc.property(
        fc.constantFrom<'dac' | 'pai' | 'elements' | 'cd'>('dac', 'pai', 'elements', 'cd'),
        fc.nat(),
        fc.integer({ min: 0, max: 3 }),
        fc.uint8Array({ maxLength: 3 }),
        (name, at, gone, put) => {
          const whole = name === 'cd' ? cd : parts[name];
          const i = at % whole.length;
          const changed = Uint8Array.of(...whole.subarray(0, i), ...put, ...whole.subarray(i + gone));
          if (Buffer.from(changed).equals(whole)) return;
          const sent =
            name === 'cd' ? { ...parts, ...answer(changed, nonce, parties.dacKeys.privateKey, firmware) } : { ...parts, [name]: changed };
          expect(ask(message(sent)).status).toBe('contraindicated');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('no flip of a bad message makes it better', () => {
    const bad: readonly Plan[] = [
      { edits: { dac: setValue(ku, usage([0, 5])) } },
      { edits: { pai: setCritical(bc, false) } },
      { edits: { dac: subject([commonName, 'Mvid:1234 Mpid:00a1']) } },
      { fields: { 8: number(8, 0) } },
      { fields: { 11: keyIds(11, [new Uint8Array(20)]) } },
      { cms: p => ({ ...p, version: 2 }) },
      { firmware: Uint8Array.of(1) },
      { told: { productId: 0xa2 } },
      { answer: cd => answer(cd, new Uint8Array(32), parties.dacKeys.privateKey, firmware) },
    ];
    for (const plan of bad) {
      const { bytes: sent, chain } = make(plan);
      const ask = judge(siteWith({}, chain));
      expect(ask(sent).status).toBe('contraindicated');
      // What nothing signs is a person's word about the product, and only there can a flip take a contradiction back.
      const told = plan.told === undefined ? sent.length : Buffer.from(sent).indexOf('"productId"');
      for (const [at, changed] of flips(sent).entries())
        if (at < told && at % 11 === 0) expect(ask(changed).status, `${JSON.stringify(plan)} byte ${at}`).toBe('contraindicated');
    }
  });
});
