import type { Hex } from '../model/address.ts';
import type { SignerDoubt } from '../model/reference.ts';
import type { ListedKey, ReferenceSet } from '../model/trust.ts';
import type { KeyTriple } from '../codec/comid.ts';
import {
  bothValidities,
  type Corim,
  decodeCorim,
  decodeSignedCorim,
  isSignedCorim,
  type SignedCorim,
  type Validity,
} from '../codec/corim.ts';
import { coseChain } from '../codec/cose.ts';
import { fromBase64 } from '../codec/bytes.ts';
import { keyKind } from '../codec/x509-key.ts';
import { latin1 } from '../codec/der.ts';
import { DecodeError } from '../codec/reader.ts';
import { decodeCertificate } from '../codec/x509.ts';
import { checkSize, maxCertificates, sha256 } from './evidence.ts';
import { EvidenceError } from './evidence-error.ts';
import { KeyCache } from './keys.ts';
import { classIdOf, type Dialect, dialectOf, setsOf } from './corim-sets.ts';
import { checkPath } from './path.ts';
import { type ReferenceKey, ReferenceFileError, signerOf } from './reference-values.ts';
import { checkReferenceSigner, referenceSignerRules } from './reference-signer.ts';
import { checkSign1 } from './signature.ts';
import { doubtOf, type ReferenceSigners } from './signer-doubt.ts';

/** What a file of reference values yields once its signature is good. */
export type ReferenceFile = {
  readonly sets: readonly ReferenceSet[];
  readonly keys: readonly ListedKey[];
  /** Who signed by a chain: DER in base64, leaf first; absent: a listed key did. */
  readonly signer?: readonly string[];
};

/**
 * Reads a CoRIM (draft-ietf-rats-corim): a COSE_Sign1 by one of `keys` or by a chain up to one of `signers`, or an unsigned one for which somebody here signed (`detached`, base64, over
 * its bytes). Whatever would narrow what is accepted, and is not understood, refuses the file. Throws ReferenceFileError.
 */
export function readCorim(
  name: string,
  bytes: Uint8Array,
  keys: readonly ReferenceKey[],
  detached?: string,
  signers: ReferenceSigners = noSigners,
): ReferenceFile {
  try {
    const { corim, signedBy, validity, vendor, signer, doubt } = openCorim(name, bytes, keys, detached, signers);
    const read = usable(name, corim, { signedBy, hash: sha256(bytes), ...bothValidities(validity, corim.validity) });
    const own = vendor === undefined ? read : ofVendor(read, vendor);
    const file = doubt === undefined ? own : doubted(own, doubt);
    return signer === undefined ? file : { ...file, signer };
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof EvidenceError)) throw error;
    throw new ReferenceFileError(`Cannot use ${name}: ${error.message}`);
  }
}

type Opened = {
  readonly corim: Corim;
  readonly signedBy: string;
  readonly validity?: Validity | undefined;
  /** The only vendor that the signer speaks for; absent: any, for a person listed the key itself. */
  readonly vendor?: string;
  readonly signer?: readonly string[];
  readonly doubt?: SignerDoubt;
};

/** The sets stay known, so that devices that lean on them lose what they proved; keys of devices that the signer listed are gone. */
const doubted = ({ sets }: ReferenceFile, { standing, why }: SignerDoubt): ReferenceFile => ({
  sets: sets.map(set => ({ ...set, standing, notes: [...(set.notes ?? []), why] })),
  keys: [],
});

const noSigners: ReferenceSigners = { anchors: [], now: 0 };

/** Nothing within is decoded before a key of ours vouches for it. */
function openCorim(
  name: string,
  bytes: Uint8Array,
  keys: readonly ReferenceKey[],
  detached: string | undefined,
  signers: ReferenceSigners,
): Opened {
  if (detached !== undefined) {
    const signer = signerOf(name, bytes, detached, keys);
    const inner = isSignedCorim(bytes) ? decodeSignedCorim(bytes) : undefined;
    return { corim: decodeCorim(inner?.payload ?? bytes), signedBy: signer.name, validity: inner?.validity };
  }
  if (!isSignedCorim(bytes))
    throw new ReferenceFileError(`Cannot trust ${name}: it is not signed; sign ${name} with a reference-value key of yours as ${name}.sig`);
  const signed = decodeSignedCorim(bytes);
  const cache = new KeyCache(keys.length + 1);
  const by = keys.find(({ key }) => isGood(() => checkSign1(signed.message, key.export({ format: 'der', type: 'spki' }), cache)));
  if (by === undefined) return openByChain(name, signed, signers, keys.length);
  return { corim: decodeCorim(signed.payload), signedBy: `${by.name}, as ${signed.signer}`, validity: signed.validity };
}

/**
 * A CA issues certificates to many, so one below it speaks for the anchor's vendor only, and until the first certificate of its path ends. Throws
 * ReferenceFileError, DecodeError or EvidenceError.
 */
function openByChain(name: string, signed: SignedCorim, { anchors, now, revocation }: ReferenceSigners, listed: number): Opened {
  const sent = coseChain(signed.message);
  if (sent.length === 0 || anchors.length === 0)
    throw new ReferenceFileError(`Cannot trust ${name}: its signature is by none of ${listed} reference-value keys`);
  checkSize(sent);
  const cache = new KeyCache(maxCertificates + 1);
  const path = checkPath(sent.map(decodeCertificate), anchors, now, cache, undefined, referenceSignerRules(now));
  checkReferenceSigner(path);
  const { certificates, anchor } = path;
  const leaf = certificates[0] ?? anchor.certificate;
  checkSign1(signed.message, leaf.spki, cache);
  if (anchor.expires !== undefined && now >= anchor.expires)
    throw new ReferenceFileError(`Cannot trust ${name}: ${anchor.name} has ended here`);
  if (anchor.vendor === undefined) throw new ReferenceFileError(`Cannot trust ${name}: nobody says for which vendor ${anchor.name} speaks`);
  const doubt = revocation === undefined ? undefined : doubtOf(path, revocation, now, cache);
  const ends = Math.min(...certificates.map(c => c.notAfter), anchor.expires ?? Number.MAX_SAFE_INTEGER);
  return {
    corim: decodeCorim(signed.payload),
    signedBy: `${leaf.subject.text}, by ${anchor.name}, as ${signed.signer}`,
    validity: bothValidities(signed.validity, { notAfter: ends }),
    vendor: anchor.vendor,
    signer: sent.map(der => btoa(latin1(der))),
    ...(doubt === undefined ? {} : { doubt }),
  };
}

function ofVendor(file: ReferenceFile, vendor: string): ReferenceFile {
  const foreign = [...file.sets, ...file.keys].find(one => one.vendor !== vendor);
  if (foreign === undefined) return file;
  const named = foreign.vendor === undefined || foreign.vendor === '' ? 'no vendor' : JSON.stringify(foreign.vendor.slice(0, 80));
  throw new DecodeError(`it speaks of ${named}, and its signer for ${JSON.stringify(vendor.slice(0, 80))} only`);
}

function isGood(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return false;
  }
}

/** Kinds of triples that only add to what is known of a device: without them nothing more is accepted. */
const harmless: ReadonlySet<string> = new Set(['endorsed values', 'identity keys', 'dependencies', 'memberships', 'CoSWID links']);
const coswid = 505;

type About = Validity & { readonly signedBy: string; readonly hash: Hex };

function usable(name: string, corim: Corim, about: About): ReferenceFile {
  const dialect = dialectOf(corim.profile);
  if (dialect === undefined)
    // §4.1.4: who does not know the profile must reject the whole CoRIM.
    throw new DecodeError(`its profile ${JSON.stringify(corim.profile?.slice(0, 80))} is not known here`);
  const foreign = corim.otherTags.find(tag => tag !== coswid);
  if (foreign !== undefined) throw new DecodeError(`it holds a tag ${foreign}, which may say which of its parts count`);
  for (const { others } of corim.comids)
    for (const kind of others.keys())
      if (!harmless.has(kind)) throw new DecodeError(`it holds ${kind}, which may take back what they endorse`);
  const { hash, ...shown } = about;
  const notes = notesOf(corim);
  const sets = setsOf(
    corim.comids.flatMap(c => c.reference),
    dialect,
  ).map(
    (set, i): ReferenceSet => ({
      id: `${name}#${i + 1} sha256:${hash}`,
      source: 'corim',
      ...shown,
      ...(notes.length === 0 ? {} : { notes }),
      ...set,
    }),
  );
  const keys = corim.comids.flatMap(c => c.attestKeys.map(triple => listedKeys(triple, dialect))).flat();
  if (sets.length === 0 && keys.length === 0) throw new DecodeError('it names neither reference values nor keys of devices');
  return { sets, keys };
}

/** What only adds to what is known of a device, or says of other manifests: told, and not used. */
function notesOf({ comids, otherTags, dependsOn }: Corim): readonly string[] {
  const counts = new Map<string, number>();
  for (const comid of comids) for (const [kind, count] of comid.others) counts.set(kind, (counts.get(kind) ?? 0) + count);
  if (otherTags.length > 0) counts.set('CoSWID tags', otherTags.length);
  if (dependsOn > 0) counts.set('dependent manifests', dependsOn);
  const replaced = comids.flatMap(c => c.linked.filter(l => l.relation === 'replaces').map(l => `says that it replaces tag ${l.tag}`));
  return [...[...counts].map(([kind, count]) => `${count} ${kind} are not used`), ...replaced].slice(0, 20);
}

/** The keys of one instance. A key without an instance would be an anchor, and anchors never come in a file of reference values. */
function listedKeys({ environment, keys, conditional }: KeyTriple, dialect: Dialect): readonly ListedKey[] {
  const { instance, class: named, hasGroup } = environment;
  if (instance?.kind !== 'ueid')
    throw new DecodeError('it lists a key for no UEID: keys of whole classes are anchors, which two persons add');
  if (conditional || hasGroup) throw new DecodeError('it lists a key under conditions');
  const classId = classIdOf(named, dialect);
  if (dialect !== 'plain' && (classId === undefined || keys.length !== 1 || !/^01[0-9a-f]{64}$/.test(instance.value)))
    throw new DecodeError('it lists a PSA key without implementation id, without instance id, or several for one instance');
  return keys.map(key => {
    if (key.kind !== 'spki' || key.text === undefined) throw new DecodeError(`it lists a ${key.kind} as the key of a device`);
    const spki = key.text.replace(/-----(?:BEGIN|END) PUBLIC KEY-----|\s/g, '');
    const kind = keyKind(fromBase64(spki));
    if (kind.kind === 'other') throw new DecodeError(`it lists a key of a kind that signs nothing here: ${kind.found}`);
    return {
      instance: instance.value,
      spki,
      ...(named?.vendor === undefined ? {} : { vendor: named.vendor }),
      // The token of a PSA device names the implementation itself; the class id holds it to it.
      ...(named?.model === undefined || dialect !== 'plain' ? {} : { model: named.model }),
      ...(classId === undefined ? {} : { classId }),
    };
  });
}
