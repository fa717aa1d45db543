import { createHash } from 'node:crypto';
import type { AttestedIdentity } from '../../model/attestation.ts';
import { sameBytes } from '../../codec/bytes.ts';
import type { SpdmHash } from '../../codec/spdm-algorithms.ts';
import { type SpdmChain, type SpdmDevice, spdmDevice, spdmMarks, spdmOids } from '../../codec/spdm-certificate.ts';
import { sameName } from '../../codec/x509-name-match.ts';
import type { Certificate } from '../../codec/x509.ts';
import { attestAnchors, checkAttestPath } from '../attesting-key.ts';
import { verifyChain } from '../chain.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims } from '../claims.ts';
import { contentOf, hasLayers } from '../dice-content.ts';
import { checkSize, sha256 } from '../evidence.ts';
import { EvidenceError } from '../evidence-error.ts';
import { isSelfIssued } from '../path-rules.ts';
import type { Context } from '../scheme.ts';
import type { Anchor } from '../trust.ts';

/** The chain up to an anchor of ours, held to what DSP0274 §10.6.1 wants of certificates besides. */
export type TrustedChain = {
  readonly leaf: Certificate;
  readonly claims: ChainClaims;
  readonly anchor: Anchor;
  readonly device?: SpdmDevice;
};

/** Throws EvidenceError or DecodeError. */
export function trustChain({ certificates, rootHash }: SpdmChain, hash: SpdmHash, context: Context, checks: Checks): TrustedChain {
  checkSize(certificates);
  // SPDM puts the root first, X.509 the leaf.
  const links = certificates
    .map(der => context.keys.certificate(der))
    .toReversed()
    .map(certificate => ({ certificate, content: contentOf(certificate) }));
  const chain = links.map(link => link.certificate);
  const [leaf] = chain;
  if (leaf === undefined) throw violated('it is empty', 'a leaf', 'none');
  checkLeaf(leaf);
  checkMarks(chain);
  checkRoot(chain, rootHash, hash, context);
  const named = (inPath: readonly Certificate[], identity: AttestedIdentity) => deviceOf(inPath, identity).identity;
  const { path, ...claims } = verifyChain(links, context, checks, named, checkAttestPath);
  const { device } = deviceOf(path, claims.identity);
  return { leaf, claims, anchor: claims.anchor, ...(device === undefined ? {} : { device }) };
}

/** A leaf signs for the device: it is no CA, and its key is not kept for requesters alone. */
function checkLeaf(leaf: Certificate): void {
  if (leaf.basicConstraints?.ca === true) throw violated(`${leaf.subject.text} is a CA and cannot be a leaf`, 'cA FALSE', 'cA TRUE');
  const purposes = leaf.extendedKeyUsage;
  if (!purposes.includes(spdmOids.requester) || purposes.includes(spdmOids.responder)) return;
  throw new EvidenceError('KEY_USAGE_WRONG', 'chain', `Cannot accept ${leaf.subject.text} as responder: its key is for requesters`, {
    expected: `${spdmOids.responder}, or no purpose of SPDM`,
    seen: purposes.join(', '),
  });
}

/** What never changes cannot be vouched for by what the device itself may change. Leaf first. */
function checkMarks(chain: readonly Certificate[]): void {
  const isMarked = (certificate: Certificate, mark: string): boolean => spdmMarks(certificate).includes(mark);
  const mutable = chain.findLastIndex(c => isMarked(c, spdmOids.mutable));
  const fixed = chain.find((c, i) => i <= mutable && isMarked(c, spdmOids.hardwareIdentity));
  if (fixed !== undefined)
    throw violated(
      `${fixed.subject.text} says that it never changes, below or as one that may`,
      'hardware identity above what is mutable',
      'below it',
    );
}

/**
 * The hash that the chain begins with is of its root: of the one that it holds, else of the anchor that issued its first certificate. When we trust one
 * further down only, nothing here knows the root.
 */
function checkRoot(chain: readonly Certificate[], rootHash: Uint8Array, { name }: SpdmHash, { trust }: Context): void {
  const top = chain.at(-1);
  if (top === undefined) return;
  const roots = isSelfIssued(top)
    ? [top]
    : attestAnchors(trust).flatMap(anchor => (sameName(anchor.certificate.subject, top.issuer) ? [anchor.certificate] : []));
  const isRoot = (root: Certificate): boolean => sameBytes(new Uint8Array(createHash(name).update(root.der).digest()), rootHash);
  if (roots.length > 0 && !roots.some(isRoot)) throw violated('it names another root than it ends at', 'the hash of its root', 'another');
}

/**
 * Whom the manufacturer says it is. The highest certificate that names an instance (a serial number of X.520, a UEID, DMTF's device information) or is marked as
 * hardware identity stands for the device: what is below it the device may have made itself, and whatever that says of who it is counts for nothing.
 */
function deviceOf(
  path: readonly Certificate[],
  identity: AttestedIdentity,
): { readonly identity: AttestedIdentity; readonly device?: SpdmDevice } {
  const namedAt = identity.serial === undefined ? -1 : path.findIndex(c => sha256(c.spki) === identity.deviceKey);
  // Below a layer that DICE measured, and from a certificate that may change downwards, the device says itself who it is.
  const mutable = path.findLastIndex(c => spdmMarks(c).includes(spdmOids.mutable));
  const least = Math.max(
    mutable + 1,
    path.findLastIndex(c => hasLayers(contentOf(c))),
  );
  const highest = (is: (c: Certificate) => boolean): number => {
    const at = path.findLastIndex(is);
    return at < least ? -1 : at;
  };
  const fixedAt = highest(c => spdmMarks(c).includes(spdmOids.hardwareIdentity));
  const informedAt = highest(c => spdmDevice(c) !== undefined);
  const informed = informedAt >= Math.max(namedAt, fixedAt) ? path[informedAt] : undefined;
  const device = informed === undefined ? undefined : spdmDevice(informed);
  const told = {
    ...(device === undefined || device.manufacturer === '' ? {} : { vendor: device.manufacturer }),
    ...(device === undefined || device.product === '' ? {} : { model: device.product }),
  };
  const found = device === undefined ? {} : { device };
  const own =
    path[fixedAt < 0 ? informedAt : fixedAt] ?? (namedAt < 0 || namedAt >= least ? undefined : path[Math.min(least, path.length - 1)]);
  if (own === undefined || namedAt >= Math.max(fixedAt, informedAt, least)) return { identity: { ...identity, ...told }, ...found };
  const { serial: _, ...unnamed } = identity;
  const serial = device === undefined || device.serial === '' ? {} : { serial: device.serial };
  const { text: subject } = own.subject;
  return { identity: { ...unnamed, ...told, ...serial, subject, issuer: own.issuer.text, deviceKey: sha256(own.spki) }, ...found };
}

const violated = (why: string, expected: string, seen: string): EvidenceError =>
  new EvidenceError('PROFILE_VIOLATED', 'chain', `Cannot accept SPDM chain: ${why}`, { expected, seen });
