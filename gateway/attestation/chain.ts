import type { AttestedIdentity } from '../model/attestation.ts';
import type { Hex } from '../model/address.ts';
import { sameBytes } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import { attribute, attributeTypes, printable } from '../codec/x509-name.ts';
import type { Certificate } from '../codec/x509.ts';
import type { Checks } from './checks.ts';
import type { ChainClaims, MeasuredClaim } from './claims.ts';
import { shownClaim } from './device-class.ts';
import { openDiceClaims, openDiceModel, tcbClaims } from './dice-claims.ts';
import { contentOf, type DiceContent, hasDice, hasLayers, keyPurposes } from './dice-content.ts';
import { EvidenceError, UnjudgedError } from './evidence-error.ts';
import { keyHash } from './evidence.ts';
import { type CheckedPath, checkPath, type Path } from './path.ts';
import type { Context } from './scheme.ts';
import { type Anchor, anchorsFor } from './trust.ts';

/** One certificate of a chain, read whole: X.509, or CBOR in its form. */
export type Link = { readonly certificate: Certificate; readonly content: DiceContent };
/** `path`: the certificates of the chain that are vouched for, leaf first; what was sent beside them says nothing. */
export type ChainFound = ChainClaims & { readonly path: readonly Certificate[]; readonly anchor: Anchor };

/**
 * Checks a chain of read certificates, leaf first, up to an anchor, and says what it claims: the union of the measurements over the whole path, each said by the key
 * that signed its certificate. `named`: what a profile says of the identity, once the path is checked; `follow`: how it is, by default up to an anchor for identity.
 * Throws EvidenceError or DecodeError.
 */
export function verifyChain(
  links: readonly Link[],
  context: Context,
  checks: Checks,
  named: (path: readonly Certificate[], identity: AttestedIdentity) => AttestedIdentity = (_, identity) => identity,
  follow: Follow = identityPath,
): ChainFound {
  const chain = links.map(link => link.certificate);
  const path = checkedPath(chain, context, follow);
  const extra = chain.filter(c => !path.certificates.includes(c) && !sameBytes(c.der, path.anchor.certificate.der)).length;
  const found = `up to ${path.anchor.name}${extra === 0 ? '' : `; ${extra} unrelated certificates take no part`}`;
  const untold = path.revocation?.filter(r => r.status === 'unknown') ?? [];
  if (untold.length === 0) checks.pass('chain', found);
  // Its anchor lets that pass, so it costs no admission; but nobody must take it for good.
  else
    checks.pass('chain', `${found}; nothing tells whether ${untold.length} of its certificates are revoked`, {
      seen: 'revocation unknown',
    });
  const told = toldBefore(path, links);
  const identity = named(path.certificates, told.identity);
  const { measured, unappraised, purposes, nonces } = told;
  checks.pass('identity', `${identity.subject}${purposes.length === 0 ? '' : `; keys for ${purposes.join(', ')}`}`, {
    seen: identity.serial === undefined ? undefined : printable(identity.serial),
  });
  return {
    path: path.certificates,
    identity,
    anchor: path.anchor,
    measured,
    unappraised,
    pathEnds: identity.notAfter,
    ...(nonces.length === 0 ? {} : { nonces }),
  };
}

/** What a checked path tells, the same each time. */
type Told = Pick<ChainFound, 'identity' | 'measured' | 'unappraised'> & {
  readonly path: Path;
  readonly contents: readonly DiceContent[];
  readonly purposes: readonly string[];
  readonly nonces: readonly Uint8Array[];
};

/** By the leaf, for as long as it lives. It follows from the certificates, what was read in them, and the anchor: with another of these it is told anew. */
const toldOf = new WeakMap<Certificate, Told>();

function toldBefore({ certificates, anchor }: Path, links: readonly Link[]): Told {
  const contents = certificates.map(certificate => links.find(link => link.certificate === certificate)?.content ?? nothingSaid);
  const [leaf] = certificates;
  const known = leaf && toldOf.get(leaf);
  if (known?.path.anchor === anchor && isSame(known.path.certificates, certificates) && isSame(known.contents, contents)) return known;
  const told = tell({ certificates, anchor }, contents);
  if (leaf !== undefined) toldOf.set(leaf, told);
  return told;
}

const nothingSaid: DiceContent = { infos: [], unappraised: [] };
const isSame = <T>(a: readonly T[], b: readonly T[]): boolean => a.length === b.length && a.every((one, i) => one === b[i]);

function tell(path: Path, contents: readonly DiceContent[]): Told {
  const measured = claimsOf(path, contents);
  return {
    path,
    contents,
    identity: identityOf(path, contents, measured),
    measured: classified(measured, contents, path.anchor.vendor),
    unappraised: contents.flatMap(content => content.unappraised),
    purposes: [...new Set(path.certificates.flatMap(keyPurposes))],
    nonces: contents.flatMap(content => (content.nonce === undefined ? [] : [content.nonce])),
  };
}

/** What the certificates of a checked path tell by themselves. Throws DecodeError: what cannot be read is never "no measurements". */
export const toldBy = (path: Path): Pick<ChainFound, 'identity' | 'measured' | 'unappraised'> =>
  tell(path, path.certificates.map(contentOf));

/** ML-DSA (RFC 9881): not broken, but not on our list of algorithms. */
const mlDsaArc = /^2\.16\.840\.1\.101\.3\.4\.3\.1[789]$/;
const isMlDsa = ({ signatureAlgorithm, key }: Certificate): boolean =>
  mlDsaArc.test(signatureAlgorithm.oid) ||
  (key.kind === 'other' && /^(?:key algorithm 2\.16\.840\.1\.101\.3\.4\.3\.1[789]|COSE key type 7)\b/.test(key.found));

/** How the path of a chain is found and checked. Throws EvidenceError. */
export type Follow = (chain: readonly Certificate[], context: Context) => CheckedPath;
const identityPath: Follow = (chain, { trust, keys, now }) => checkPath(chain, anchorsFor(trust, 'identity'), now, keys, trust.revocation);

/** A chain that fails for want of an algorithm that we do not know is neither good nor bad: nothing of it was found wrong. */
function checkedPath(chain: readonly Certificate[], context: Context, follow: Follow): CheckedPath {
  try {
    return follow(chain, context);
  } catch (error) {
    const unknowable = error instanceof EvidenceError && ['ALGORITHM_REFUSED', 'CHAIN_UNTRUSTED', 'CHAIN_INCOMPLETE'].includes(error.code);
    const odd = chain.find(isMlDsa);
    if (!unknowable || odd === undefined) throw error;
    throw new UnjudgedError(
      'ALGORITHM_REFUSED',
      'chain',
      `Cannot judge ${odd.subject.text}: ML-DSA is outside the algorithms that we check`,
      {
        expected: 'ECDSA or RSA with SHA-2, or Ed25519',
        seen: odd.signatureAlgorithm.oid,
      },
    );
  }
}

function claimsOf(path: Path, inPath: readonly DiceContent[]): readonly MeasuredClaim[] {
  const stages = inPath.filter(content => content.input !== undefined);
  return inPath.flatMap((content, i) => {
    const signer = path.certificates[i + 1] ?? path.anchor.certificate;
    const by = { key: keyHash(signer), name: signer.subject.text };
    const layer = stages.length - stages.indexOf(content);
    return [
      ...content.infos.flatMap(info => tcbClaims(info, by)),
      ...(content.input === undefined ? [] : openDiceClaims(content.input, layer, by)),
    ];
  });
}

/** Open DICE names neither vendor nor model: the vendor is then the anchor's, the model the profile that the outermost stage names. */
function classified(
  measured: readonly MeasuredClaim[],
  inPath: readonly DiceContent[],
  vendor: string | undefined,
): readonly MeasuredClaim[] {
  const inputs = inPath.flatMap(content => (content.input === undefined ? [] : [content.input]));
  if (inputs.length === 0 || measured.some(claim => claim.model !== undefined)) return measured;
  const model = inputs.findLast(input => input.profileName !== undefined)?.profileName ?? openDiceModel;
  return measured.map(claim => ({ ...(vendor === undefined ? {} : { vendor }), model, ...claim }));
}

/** Longest serial, UTF-16 units: X.520 allows 64 in a name, RFC 4108 any length. */
const maxSerial = 255;

/** Serial as 802.1AR has it: in the subject, else in the HardwareModuleName. */
export const serialOf = (certificate: Certificate): string | undefined =>
  attribute(certificate.subject, attributeTypes.serialNumber) ?? certificate.hardwareModule?.serial;

/**
 * The certificate that stands for the device: the highest below the anchor that names an instance (serial or UEID). Nothing below it can
 * change it, since its issuer is the vendor. What stands below the highest measurement was named by what was measured, so by the device
 * itself: it names nobody. Without one: the issuer of the highest measurement (DICE DeviceID), else the leaf.
 */
function deviceAt({ certificates }: Path, contents: readonly DiceContent[]): number {
  const named = certificates.findLastIndex((c, i) => serialOf(c) !== undefined || contents[i]?.ueid !== undefined);
  const told = contents.findLastIndex(hasLayers);
  if (named >= 0 && named >= told) return named;
  const measured = certificates.findLastIndex((c, i) => hasDice(c) || contents[i]?.input !== undefined);
  return measured < 0 ? 0 : Math.min(measured + 1, certificates.length - 1);
}

const instanceOf = (certificate: Certificate, ueid: Hex | undefined): string | undefined =>
  serialOf(certificate) ?? (ueid === undefined ? undefined : `ueid:${ueid}`);

function identityOf(path: Path, contents: readonly DiceContent[], measured: readonly MeasuredClaim[]): AttestedIdentity {
  const at = deviceAt(path, contents);
  const device = path.certificates[at] ?? path.anchor.certificate;
  const leaf = path.certificates[0] ?? device;
  const serial = instanceOf(device, contents[at]?.ueid);
  if (serial !== undefined && serial.length > maxSerial) throw new DecodeError(`Cannot read serial: ${serial.length} characters`);
  const named = shownClaim(measured);
  return {
    ...(serial === undefined ? {} : { serial }),
    subject: device.subject.text,
    issuer: device.issuer.text,
    deviceKey: keyHash(device),
    leafKey: keyHash(leaf),
    anchor: path.anchor.name,
    ...(named?.vendor === undefined ? {} : { vendor: named.vendor }),
    ...(named?.model === undefined ? {} : { model: named.model }),
    ...(named?.version === undefined ? {} : { version: named.version }),
    ...(named?.svn === undefined ? {} : { svn: named.svn.toString() }),
    notAfter: Math.min(...path.certificates.map(c => c.notAfter)),
  };
}
