import { describe, expect, it } from 'vitest';
import { isMatched, matchSet } from '../../gateway/attestation/match.ts';
import type { MeasuredClaim } from '../../gateway/attestation/claims.ts';
import type { ReferenceSet } from '../../gateway/model/trust.ts';

const flags = { notConfigured: false, notSecure: false, recovery: false, debug: false };
const claim: MeasuredClaim = {
  layer: 1,
  index: 2,
  type: '05',
  vendorInfo: '12ab',
  signer: '99',
  flags,
  digests: [{ alg: 'sha-256', value: 'aa'.repeat(32) }],
  by: { key: '00', name: 'test' },
};
const component = { name: 'fw', layer: 1, versions: [{ version: '1', alg: 'sha-256', digest: 'aa'.repeat(32) }] };
type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };
const fits = (seen: Loose<MeasuredClaim>, wanted: Partial<ReferenceSet['components'][number]>, set: Partial<ReferenceSet> = {}): boolean =>
  isMatched(
    matchSet({ id: 'x', vendor: 'v', model: 'm', components: [{ ...component, ...wanted }], ...set }, [Object.assign({}, claim, seen)]),
  );

describe('what a component demands, the Evidence must state', () => {
  it('its index', () => {
    expect(fits({}, { index: 2 })).toBe(true);
    expect(fits({}, { index: 3 })).toBe(false);
    expect(fits({ index: undefined }, { index: 2 })).toBe(false);
  });
  it('its layer, or none where it is of none; any where that was left open', () => {
    const none = { layer: undefined };
    expect([fits({}, {}), fits({ layer: 2 }, {}), fits(none, {})]).toEqual([true, false, false]);
    const { layer: _, ...ofNone } = component;
    const at = (layer: number | undefined, wanted: ReferenceSet['components'][number]): boolean =>
      isMatched(matchSet({ id: 'x', vendor: 'v', model: 'm', components: [wanted] }, [Object.assign({}, claim, { layer })]));
    expect([at(undefined, ofNone), at(1, ofNone), at(0, ofNone)]).toEqual([true, false, false]);
    const open = { ...ofNone, anyLayer: true as const };
    expect([at(undefined, open), at(1, open), at(0, open)]).toEqual([true, true, true]);
  });
  it('the bits of vendorInfo that the mask names, and its length', () => {
    expect(fits({}, { vendorInfo: '12ab' })).toBe(true);
    expect(fits({}, { vendorInfo: '12aa' })).toBe(false);
    expect(fits({}, { vendorInfo: '12a0', vendorInfoMask: 'fff0' })).toBe(true);
    expect(fits({}, { vendorInfo: '1000', vendorInfoMask: 'f000' })).toBe(true);
    expect(fits({}, { vendorInfo: '2000', vendorInfoMask: 'f000' })).toBe(false);
    expect(fits({}, { vendorInfo: '12', vendorInfoMask: 'ff' })).toBe(false);
    expect(fits({ vendorInfo: undefined }, { vendorInfo: '0000', vendorInfoMask: '0000' })).toBe(false);
  });
  it('its name, its signer and its type, where they are wanted; and no name that is not', () => {
    expect([fits({ key: 'BL' }, { key: 'BL' }), fits({ key: 'BL' }, { key: 'PRoT' })]).toEqual([true, false]);
    expect([fits({ key: 'BL' }, {}), fits({}, { key: 'BL' })]).toEqual([false, false]);
    expect([fits({}, { signer: '99' }), fits({}, { signer: '98' }), fits({ signer: undefined }, { signer: '99' })]).toEqual([
      true,
      false,
      false,
    ]);
    expect([fits({}, { type: '05' }), fits({}, { type: '06' }), fits({ type: undefined }, { type: '05' })]).toEqual([true, false, false]);
  });
  it('flags just so: what is not stated is neither', () => {
    expect(fits({}, { flags: { debug: false } })).toBe(true);
    expect(fits({}, { flags: { debug: true } })).toBe(false);
    expect(fits({}, { flags: { debug: false, recovery: true } })).toBe(false);
    expect(fits({ flags: undefined }, { flags: { debug: false } })).toBe(false);
  });
  it('a digest by an algorithm that is listed, and each by such an algorithm alike', () => {
    const [good, other, longer] = [
      { alg: 'sha-256', value: 'aa'.repeat(32) },
      { alg: 'sha-256', value: 'bb'.repeat(32) },
      { alg: 'sha-384', value: 'aa'.repeat(48) },
    ];
    expect(fits({ digests: [good, longer] }, {})).toBe(true);
    expect(fits({ digests: [longer] }, {})).toBe(false);
    expect(fits({ digests: [] }, {})).toBe(false);
    expect(fits({ digests: [good, other] }, {})).toBe(false);
  });
  it('the class by its bytes, in the token or else in DiceTcbInfo', () => {
    expect(fits({}, {}, { classId: '05' })).toBe(true);
    expect(fits({}, {}, { classId: '06' })).toBe(false);
    expect(fits({ classId: '06' }, {}, { classId: '05' })).toBe(false);
    expect(fits({ type: undefined }, {}, { classId: '05' })).toBe(false);
  });
});

describe('one component is measured by one claim', () => {
  const set = (...components: ReferenceSet['components']): ReferenceSet => ({ id: 'x', vendor: 'v', model: 'm', components });
  const [second, exact] = [
    { ...claim, index: 3 },
    { ...component, name: 'exact', index: 2 },
  ];

  it('a second that fits it as well is unknown, and does not take its place', () => {
    const match = matchSet(set(component), [claim, second]);
    expect([match.unknown, match.missing, match.pairs.map(pair => pair.claim)]).toEqual([[second], [], [claim]]);
  });
  it('one that fits several leaves to another what only that one fits, whichever comes first', () => {
    for (const components of [
      [exact, component],
      [component, exact],
    ])
      for (const claims of [
        [claim, second],
        [second, claim],
      ]) {
        const match = matchSet(set(...components), claims);
        expect([match.unknown, match.missing]).toEqual([[], []]);
        expect(match.pairs.find(pair => pair.component === exact)?.claim).toBe(claim);
      }
  });
});
