import { describe, expect, it } from 'vitest';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { limits, Work } from '../../gateway/attestation/work.ts';
import {
  ca,
  certificate,
  extension,
  issuerKeyId,
  keyId,
  type Keys,
  nameConstraints,
  name,
  alternativeNames,
  newKeys,
  spkiOf,
} from '../vectors/path-pki.ts';
import { build, caA, caB, deepLeaf, keys, leaf, root, verdict } from './path-world.ts';
import { cost as cpuMillis } from '../undisturbed.ts';

const names = (path: ReturnType<typeof build>): readonly string[] => path.certificates.map(c => c.subject.text);
const otherRoot = (): Uint8Array =>
  certificate({ subject: 'CN=Other', issuer: 'CN=Other', keys: keys.other, signer: keys.other, extensions: [ca()] });
/** A, certified by the other root. */
const crossed = (change = {}): Uint8Array => caA({ issuer: 'CN=Other', signer: keys.other, ...change });
const expired = { until: '20250101000000Z' };

describe('a path is found', () => {
  it('in any order, with what does not belong to it left out', () => {
    const stranger = certificate({ subject: 'CN=Stranger', issuer: 'CN=Nobody', keys: keys.other, signer: keys.other, extensions: [ca()] });
    expect(names(build({ leaf: deepLeaf(), with: [stranger, caB(), root(), caA()] }))).toEqual(['CN=leaf', 'CN=B', 'CN=A']);
  });
  it('over a cross-certificate to the anchor that we have', () => {
    for (const with_ of [
      [caA(), crossed()],
      [crossed(), caA()],
    ]) {
      expect(verdict({ leaf: leaf(), with: with_ })).toBe('accepted');
      expect(verdict({ leaf: leaf(), with: with_, anchors: [otherRoot()] })).toBe('accepted');
    }
  });
  it('around an expired cross-certificate, and an expired certificate of the same CA', () => {
    expect(verdict({ leaf: leaf(), with: [caA(expired), crossed()], anchors: [root(), otherRoot()] })).toBe('accepted');
    expect(verdict({ leaf: leaf(), with: [caA(expired), caA()] })).toBe('accepted');
    expect(verdict({ leaf: leaf(), with: [caA(expired)] })).toBe('CHAIN_UNTRUSTED');
  });
  it('around one that breaks a rule of the whole path', () => {
    const constrained = caA({ extensions: [ca(), nameConstraints([name.dns('example.org')])] });
    const named = leaf({ extensions: [alternativeNames(name.dns('example.com'))] });
    expect(verdict({ leaf: named, with: [constrained] })).toBe('NAME_NOT_PERMITTED');
    expect(verdict({ leaf: named, with: [constrained, crossed()], anchors: [root(), otherRoot()] })).toBe('accepted');
  });
  it('when key identifiers are wrong: they say where to look first and decide nothing', () => {
    const mine = leaf({ extensions: [issuerKeyId('nothing')] });
    expect(verdict({ leaf: mine, with: [caA({ extensions: [ca(), keyId('something')] })] })).toBe('accepted');
  });
  it('by key identifier first: a hundred CAs of the same name cost nothing', () => {
    const wanted = caA({ extensions: [ca(), keyId('right')] });
    const decoys = Array.from({ length: 100 }, () => caA({ keys: newKeys(), extensions: [ca(), keyId('wrong')] }));
    const given = { leaf: leaf({ extensions: [issuerKeyId('right')] }), with: [...decoys, wanted] };
    expect(verdict(given)).toBe('accepted');
  });
  it('past a hundred certificates of one CA that lead nowhere: its key made the signature once', () => {
    const nowhere = Array.from({ length: 100 }, (_, i) => caA({ issuer: `CN=Nobody ${i}`, signer: keys.other }));
    const byB = caA({ issuer: 'CN=B', signer: keys.b });
    const under = caB({ issuer: 'CN=Root', signer: keys.root });
    expect(names(build({ leaf: leaf(), with: [...nowhere, byB, under] }))).toEqual(['CN=leaf', 'CN=A', 'CN=B']);
  });
  it('among CAs that all certified one another: the way that ends soonest is tried first', () => {
    const cas = Array.from({ length: 10 }, (_, i) => ({ subject: `CN=Mesh ${i}`, keys: newKeys() }));
    const by = (of: (typeof cas)[number], issuer: string, signer: Keys): Uint8Array =>
      certificate({ ...of, issuer, signer, extensions: [ca()] });
    const mesh = cas.flatMap(of => cas.flatMap(other => (of === other ? [] : [by(of, other.subject, other.keys)])));
    const [first, last] = [cas[0], cas.at(-1)];
    if (first === undefined || last === undefined) throw new Error('no CAs');
    const named = leaf({ issuer: last.subject, signer: last.keys });
    expect(verdict({ leaf: named, with: [...mesh, by(first, 'CN=Root', keys.root)] })).toBe('accepted');
    expect(verdict({ leaf: named, with: [...mesh, by(first, 'CN=Root', keys.other)] })).not.toBe('accepted');
  });
  it('beside a CA whose key is no point of its curve', () => {
    const broken = spkiOf(keys.a);
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
    expect(verdict({ leaf: leaf(), with: [caA({ spki: broken }), caA()] })).toBe('accepted');
  });
});

describe('a path is not found', () => {
  it('over more than ten CAs, those that only gave themselves new keys among them', () => {
    const renewed = (count: number): string => {
      const own = Array.from({ length: count }, newKeys);
      // Identifiers of keys lead straight up, so that the cap ends it and not the budget.
      const all = own.map((k, i) => {
        const extensions = [ca(), keyId(`k${i}`), issuerKeyId(`k${i + 1}`)];
        const signer = own[i + 1];
        return caA({ keys: k, extensions, ...(signer === undefined ? {} : { issuer: 'CN=A', signer }) });
      });
      return verdict({ leaf: leaf({ signer: own[0] ?? keys.a, extensions: [issuerKeyId('k0')] }), with: all });
    };
    expect([renewed(1), renewed(10)]).toEqual(['accepted', 'accepted']);
    expect(renewed(11)).not.toBe('accepted');
  });
  it('in a ring of CAs that certify one another', () => {
    const ring = [caA({ issuer: 'CN=B', signer: keys.b }), caB()];
    expect(verdict({ leaf: leaf(), with: ring })).toBe('CHAIN_UNTRUSTED');
    expect(names(build({ leaf: leaf(), with: [...ring, caA()] }))).toEqual(['CN=leaf', 'CN=A']);
  });
  it('through more certificates than a path may have', () => {
    const chain = (length: number): readonly Uint8Array[] =>
      Array.from({ length }, (_, i) =>
        certificate({
          subject: `CN=L${i}`,
          issuer: i === 0 ? 'CN=Root' : `CN=L${i - 1}`,
          keys: keys.a,
          signer: i === 0 ? keys.root : keys.a,
          extensions: [ca()],
        }),
      );
    expect(verdict({ leaf: leaf({ issuer: 'CN=L9' }), with: chain(10) })).toBe('accepted');
    expect(verdict({ leaf: leaf({ issuer: 'CN=L10' }), with: chain(11) })).toBe('CHAIN_UNTRUSTED');
  });
  it('among more certificates than anybody sends', () => {
    expect(verdict({ leaf: leaf(), with: Array.from({ length: 129 }, () => caA()) })).toBe('EVIDENCE_MALFORMED');
    const big = caA({ extensions: [ca(), extension('1.3.6.1.4.1.99999.8', false, new Uint8Array(30_000))] });
    expect(verdict({ leaf: leaf(), with: Array.from({ length: 34 }, () => big) })).toBe('accepted');
    expect(verdict({ leaf: leaf(), with: Array.from({ length: 35 }, () => big) })).toBe('EVIDENCE_MALFORMED');
  });
});

describe('a bomb of certificates', () => {
  /** CAs of one name, each certified by each of the others, and none by an anchor: without a budget there are n! paths. */
  const bomb = (size: number): readonly Uint8Array[] => {
    const all: readonly Keys[] = [keys.a, ...Array.from({ length: size - 1 }, () => newKeys())];
    return all.flatMap(mine => all.filter(k => k !== mine).map(signer => caA({ issuer: 'CN=A', keys: mine, signer })));
  };
  const cost = (given: Parameters<typeof build>[0]): { readonly code: string; readonly millis: number; readonly work: Work } => {
    const work = new Work(new KeyCache());
    let code = 'accepted';
    const millis = cpuMillis(() => {
      try {
        build(given, work);
      } catch (error) {
        code = error instanceof Error ? error.message : '';
      }
    });
    return { code, millis, work };
  };

  it('that all certify one another ends at the budget, soon', () => {
    const { code, millis, work } = cost({ leaf: leaf(), with: bomb(11) });
    expect(code).toMatch(/too many (signatures|steps)/);
    expect(work.exhausted).toBe(true);
    expect(millis).toBeLessThan(1500);
  });
  it('whose signatures are all wrong ends at the budget of signatures', () => {
    const forged = Array.from({ length: 120 }, () => caA({ keys: newKeys() }));
    const { code, millis } = cost({ leaf: leaf({ signer: keys.other }), with: forged });
    expect(code).toBe('Cannot check chain: too many signatures');
    expect(millis).toBeLessThan(1500);
    expect(limits.signatures).toBeLessThan(forged.length);
  });
  it('of CAs that share one key ends there as well', () => {
    const shared = Array.from({ length: 100 }, (_, i) => caA({ issuer: 'CN=A', signer: keys.a, serial: i + 1 }));
    expect(cost({ leaf: leaf(), with: shared }).millis).toBeLessThan(1500);
    expect(verdict({ leaf: leaf(), with: shared })).not.toBe('accepted');
  });
});
