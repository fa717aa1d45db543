import { KeyCache } from '../../gateway/attestation/keys.ts';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { buildPath, type Building } from '../../gateway/attestation/path-build.ts';
import type { Path, Rules } from '../../gateway/attestation/path-rules.ts';
import { anyPolicies } from '../../gateway/attestation/policy-graph.ts';
import { type Anchor, readAnchor } from '../../gateway/attestation/trust.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { ca, certificate, type Keys, newKeys, type Plan } from '../vectors/path-pki.ts';

/** A root, two CAs and a leaf with certificates of our own: what is not said otherwise is right. */
export const now = Date.UTC(2026, 0, 1);
export const rules: Rules = { now, purpose: 'any', leafUsage: [], judgeAnchorDates: false, policies: anyPolicies };
export const keys: { readonly [who in 'root' | 'a' | 'b' | 'leaf' | 'other']: Keys } = {
  root: newKeys(),
  a: newKeys(),
  b: newKeys(),
  leaf: newKeys(),
  other: newKeys(),
};
type Change = Partial<Plan>;
export const root = (change: Change = {}): Uint8Array =>
  certificate({ subject: 'CN=Root', issuer: 'CN=Root', keys: keys.root, signer: keys.root, extensions: [ca()], ...change });
export const caA = (change: Change = {}): Uint8Array =>
  certificate({ subject: 'CN=A', issuer: 'CN=Root', keys: keys.a, signer: keys.root, extensions: [ca()], ...change });
export const caB = (change: Change = {}): Uint8Array =>
  certificate({ subject: 'CN=B', issuer: 'CN=A', keys: keys.b, signer: keys.a, extensions: [ca()], ...change });
/** Under A. */
export const leaf = (change: Change = {}): Uint8Array =>
  certificate({ subject: 'CN=leaf', issuer: 'CN=A', keys: keys.leaf, signer: keys.a, ...change });
/** Under B. */
export const deepLeaf = (change: Change = {}): Uint8Array => leaf({ issuer: 'CN=B', signer: keys.b, ...change });

export type Given = {
  readonly leaf: Uint8Array;
  readonly with?: readonly Uint8Array[];
  readonly anchors?: readonly Uint8Array[];
  readonly rules?: Partial<Rules>;
  readonly maxIntermediates?: number;
  readonly accept?: (path: Path, work: Work) => void;
};
export const anchorsOf = (ders: readonly Uint8Array[]): readonly Anchor[] => ders.map((der, i) => readAnchor(`anchor ${i}`, der));

export function build(given: Given, work: Work = new Work(new KeyCache())): Path {
  const { accept } = given;
  const building: Building = {
    leaf: decodeCertificate(given.leaf),
    intermediates: (given.with ?? []).map(decodeCertificate),
    anchors: anchorsOf(given.anchors ?? [root()]),
    rules: { ...rules, ...given.rules },
    ...(given.maxIntermediates === undefined ? {} : { maxIntermediates: given.maxIntermediates }),
    ...(accept === undefined ? {} : { accept: path => accept(path, work) }),
  };
  return buildPath(building, work);
}

/** `accepted`, or the reason code. */
export function verdict(given: Given): string {
  try {
    build(given);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return error.code;
  }
}
