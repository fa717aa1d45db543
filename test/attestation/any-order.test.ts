import { beforeAll, describe, expect, it } from 'vitest';
import { checkPathInAnyOrder } from '../../gateway/attestation/any-order.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { threeLevels } from '../vectors/mutations.ts';
import { makeDiceDevice, makeVendor, type Vendor } from '../vectors/pki.ts';
import { anchorsOf, caA, caB, deepLeaf, keys, now, root } from './path-world.ts';
import { checksOf, result, spec, verifier } from './world.ts';
import { ca } from '../vectors/path-pki.ts';

/** Chains as servers of TLS may send them: RFC 8446 §4.4.2. */
let wide: Vendor;
beforeAll(async () => {
  wide = await makeVendor({ name: 'Acme Sensors', pathLength: 2 });
});

/** All orders of these. */
const orders = <T>(of: readonly T[]): readonly (readonly T[])[] =>
  of.length < 2 ? [of] : of.flatMap((one, i) => orders([...of.slice(0, i), ...of.slice(i + 1)]).map(rest => [one, ...rest]));

describe('a DICE chain over TLS', () => {
  it('whose issuers stand in another order, with the root and strangers among them, says what it says in order', async () => {
    const { chain } = await threeLevels(wide, spec, {});
    const [leaf, ...issuers] = chain;
    const stranger = (await makeDiceDevice(await makeVendor({ name: 'Somebody Else' }), spec)).chain[1];
    const { evidence: _, at: __, expires: ___, checks, ...wanted } = result(verifier([wide])(chain));
    expect(wanted).toMatchObject({ status: 'affirming', assurance: 5 });
    expect(checks.every(c => c.outcome !== 'failed')).toBe(true);
    let tried = 0;
    for (const others of [issuers, [...issuers, wide.anchorDer], [...issuers, stranger ?? new Uint8Array()]])
      for (const order of orders(others)) {
        const judged = result(verifier([wide])([leaf ?? new Uint8Array(), ...order]));
        const { evidence: _e, at: _a, expires: _x, checks: seen, ...told } = judged;
        expect(told).toEqual(wanted);
        expect(checksOf({ ...judged, checks: seen })).toEqual(checks.map(c => `${c.check} ${c.outcome}`));
        tried++;
      }
    expect(tried).toBe(14);
  });

  it('whose own certificate is not the first is none: whose key signed the handshake stands there', async () => {
    const { chain } = await threeLevels(wide, spec, {});
    for (const order of orders(chain)) {
      const judged = result(verifier([wide])(order));
      expect([judged.status, order[0] === chain[0]]).toEqual([
        order[0] === chain[0] ? 'affirming' : 'contraindicated',
        order[0] === chain[0],
      ]);
    }
  });
});

describe('a path in any order', () => {
  const checked = (...chain: readonly Uint8Array[]) =>
    checkPathInAnyOrder(chain.map(decodeCertificate), anchorsOf([root()]), now, new KeyCache(), undefined);
  const good = [deepLeaf(), caB(), caA()] as const;
  it('goes round a CA of the same name that has ended, or has another key', () => {
    const ended = caA({ until: '20210101000000Z' });
    const replaced = caB({ keys: keys.other });
    for (const odd of [ended, replaced])
      for (const order of orders([good[1], good[2], odd])) expect(checked(good[0], ...order).certificates.length).toBe(3);
  });
  it('leads nowhere without one of them: what is wrong with it as it was sent is told', () => {
    expect(() => checked(good[0], good[2], root())).toThrow(expect.objectContaining({ code: 'CHAIN_INCOMPLETE' }));
    const forged = caB({ signer: keys.other, extensions: [ca()] });
    expect(() => checked(good[0], good[2], forged)).toThrow(expect.objectContaining({ code: 'CHAIN_INCOMPLETE' }));
    expect(() => checked(good[0], forged, good[2])).toThrow(expect.objectContaining({ code: 'SIGNATURE_INVALID' }));
  });
});
