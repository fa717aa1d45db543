import { describe, expect, it } from 'vitest';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { anyPolicies, type PolicyInput } from '../../gateway/attestation/policy-graph.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { ca, certificate, inhibitAny, keyId, mappings, policies, policyConstraints } from '../vectors/path-pki.ts';
import { build, caA, caB, deepLeaf, keys, leaf, root, verdict } from './path-world.ts';
import { cost } from '../undisturbed.ts';

const [gold, silver, any] = ['1.2.3.1', '1.2.3.2', '2.5.29.32.0'];
const explicit: PolicyInput = { ...anyPolicies, requireExplicit: true };
type Extensions = readonly Uint8Array[];

/** A root, A with `a`, and a leaf with `of`. */
const judged = (input: PolicyInput, a: Extensions, of: Extensions): string =>
  verdict({ leaf: leaf({ extensions: of }), with: [caA({ extensions: [ca(), ...a] })], rules: { policies: input } });
/** The same with B between. */
const deep = (input: PolicyInput, a: Extensions, b: Extensions, of: Extensions): string =>
  verdict({
    leaf: deepLeaf({ extensions: of }),
    with: [caA({ extensions: [ca(), ...a] }), caB({ extensions: [ca(), ...b] })],
    rules: { policies: input },
  });
const refused = 'POLICY_NOT_PERMITTED';

describe('certificate policies', () => {
  it('do not count where nobody asks for them', () => {
    expect(judged(anyPolicies, [], [])).toBe('accepted');
    expect(judged(anyPolicies, [policies(gold)], [policies(silver)])).toBe('accepted');
  });
  it('that are asked for must stand in every certificate', () => {
    expect(judged(explicit, [policies(gold)], [policies(gold, silver)])).toBe('accepted');
    expect(judged(explicit, [policies(gold)], [policies(silver)])).toBe(refused);
    expect(judged(explicit, [policies(gold)], [])).toBe(refused);
    expect(judged(explicit, [], [policies(gold)])).toBe(refused);
  });
  it('must be among those that we accept', () => {
    const wants = (...acceptable: readonly string[]): PolicyInput => ({ ...explicit, acceptable });
    expect(judged(wants(gold), [policies(gold, silver)], [policies(gold, silver)])).toBe('accepted');
    expect(judged(wants('1.2.3.9'), [policies(gold)], [policies(gold)])).toBe(refused);
    expect(judged(wants('1.2.3.9'), [policies(any)], [policies(any)])).toBe('accepted');
    expect(judged(wants('1.2.3.9'), [policies(any)], [policies(gold)])).toBe(refused);
  });
  it('may be any, unless that is inhibited', () => {
    expect(judged(explicit, [policies(any)], [policies(gold)])).toBe('accepted');
    expect(judged({ ...explicit, inhibitAny: true }, [policies(any)], [policies(gold)])).toBe(refused);
    expect(deep(explicit, [policies(gold), inhibitAny(0)], [policies(any)], [policies(gold)])).toBe(refused);
    expect(deep(explicit, [policies(gold), inhibitAny(1)], [policies(any)], [policies(gold)])).toBe('accepted');
  });
  it('are required by a CA from where it says, and by an anchor', () => {
    expect(judged(anyPolicies, [policyConstraints(0)], [])).toBe(refused);
    expect(judged(anyPolicies, [policyConstraints(1)], [])).toBe(refused);
    expect(judged(anyPolicies, [policyConstraints(2)], [])).toBe('accepted');
    expect(deep(anyPolicies, [policyConstraints(2)], [], [])).toBe(refused);
    expect(deep(anyPolicies, [policyConstraints(3)], [], [])).toBe('accepted');
    expect(verdict({ leaf: leaf(), with: [caA()], anchors: [root({ extensions: [ca(), policyConstraints(0)] })] })).toBe(refused);
  });
  it('are required by the leaf itself with 0', () => expect(judged(anyPolicies, [], [policyConstraints(0)])).toBe(refused));
  it('are mapped by a CA, unless that is inhibited', () => {
    const mapped = [policies(gold), mappings([gold, silver])];
    expect(judged(explicit, mapped, [policies(silver)])).toBe('accepted');
    expect(judged(explicit, mapped, [policies(gold)])).toBe(refused);
    expect(judged({ ...explicit, inhibitMapping: true }, mapped, [policies(silver)])).toBe(refused);
    expect(judged({ ...explicit, acceptable: [gold] }, mapped, [policies(silver)])).toBe('accepted');
    expect(judged({ ...explicit, acceptable: [silver] }, mapped, [policies(silver)])).toBe(refused);
    expect(judged(explicit, [policies(any), mappings([gold, silver])], [policies(silver)])).toBe('accepted');
    expect(
      deep(explicit, [policies(gold), policyConstraints(undefined, 0)], [policies(gold), mappings([gold, silver])], [policies(silver)]),
    ).toBe(refused);
  });
  it('may not be mapped from or to any policy', () => {
    expect(judged(anyPolicies, [policies(gold), mappings([gold, any])], [])).toBe(refused);
    expect(judged(anyPolicies, [policies(gold), mappings([any, gold])], [])).toBe(refused);
  });

  it('that a tree would multiply at every level are a graph, and bounded (RFC 9618)', () => {
    const count = 40;
    const all = Array.from({ length: count }, (_, i) => `1.2.3.${i}`);
    const everyToEvery = mappings(...all.slice(0, 11).flatMap(a => all.slice(0, 11).map((b): readonly [string, string] => [a, b])));
    const extensions = [ca(), policies(...all), everyToEvery];
    // Eight levels: a tree would have 11^8 nodes.
    const chain = Array.from({ length: 8 }, (_, i) =>
      certificate({
        subject: `CN=L${i}`,
        issuer: i === 0 ? 'CN=Root' : `CN=L${i - 1}`,
        keys: keys.a,
        signer: i === 0 ? keys.root : keys.a,
        extensions,
      }),
    );
    const given = { leaf: leaf({ issuer: 'CN=L7', extensions: [policies(all[3] ?? '')] }), with: chain, rules: { policies: explicit } };
    expect(cost(() => expect(build(given, new Work(new KeyCache())).certificates.length).toBe(9))).toBeLessThan(2000);
  });
});

describe('policies without end', () => {
  it('in one certificate are refused when it is read', () => {
    const many = Array.from({ length: 129 }, (_, i) => `1.2.3.${i}`);
    expect(() => verdict({ leaf: leaf({ extensions: [keyId('x'), policies(...many)] }), with: [caA()] })).toThrow('more than 128');
  });
});
