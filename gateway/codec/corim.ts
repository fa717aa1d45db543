import type { Millis } from '../model/address.ts';
import { hex } from './address.ts';
import { bytesOf, type CborMap, CborTag, type CborValue, decodeCbor, listOf, mapOf, numberOf, maxCborFile, textOf } from './cbor.ts';
import { checkLabels, type Comid, decodeComid, entityName, tagId } from './comid.ts';
import { type CoseMessage, coseHeaders, decodeCose } from './cose.ts';
import { DecodeError } from './reader.ts';

/** Concise Reference Integrity Manifest (draft-ietf-rats-corim §4): CoMIDs and what they are bundled with. Everything throws DecodeError. Untrusted. */
export type Corim = {
  readonly id: string;
  readonly comids: readonly Comid[];
  /** Who does not know it must not use the CoRIM (§4.1.4). A URI, or `oid:` and the object identifier's bytes. */
  readonly profile?: string;
  readonly validity?: Validity;
  readonly entities: readonly string[];
  /** Tags of other kinds, by their CBOR tag: 505 CoSWID, 508 CoTL. */
  readonly otherTags: readonly number[];
  readonly dependsOn: number;
};

export type Validity = { readonly notBefore?: Millis; readonly notAfter?: Millis };

/** A signed CoRIM as it stands in its COSE_Sign1 (§4.2); what it holds is decoded only after its signature was checked. */
export type SignedCorim = {
  readonly message: CoseMessage;
  readonly payload: Uint8Array;
  /** Who signed, as the signer says. */
  readonly signer: string;
  readonly validity?: Validity;
};

const tags = { corim: 501, coswid: 505, comid: 506, cotl: 508 } as const;
/** Tags that older texts of the draft put around all (500) and around a signed one (502), as they are encoded. They say nothing else. */
const wrappers: readonly (readonly number[])[] = [
  [0xd9, 0x01, 0xf4],
  [0xd9, 0x01, 0xf6],
];
const unwrapped = (bytes: Uint8Array): Uint8Array =>
  wrappers.reduce((rest, wrapper) => (wrapper.every((byte, i) => rest[i] === byte) ? rest.subarray(wrapper.length) : rest), bytes);
const maxTags = 128;
/** Content types of a CoRIM within COSE: of the draft, and of its older texts. */
const contentTypes: readonly CborValue[] = ['application/rim+cbor', 'application/corim-unsigned+cbor'];
/** Header parameters: corim-meta and CWT Claims (RFC 9597); a hash in place of the CoRIM (draft-ietf-cose-hash-envelope). */
const headers = { meta: 8, cwtClaims: 15, hashAlgorithm: 258 } as const;

/** True iff it is tagged as COSE_Sign1: such a one carries its own signature. */
export const isSignedCorim = (bytes: Uint8Array): boolean => unwrapped(bytes)[0] === 0xd2;

/** Opens the envelope of a signed CoRIM. Throws DecodeError. */
export function decodeSignedCorim(bytes: Uint8Array): SignedCorim {
  const message = decodeCose(unwrapped(bytes), undefined, true);
  if (message.kind !== 'sign1') throw new DecodeError('Cannot read signed CoRIM: no COSE_Sign1');
  const { protectedHeader } = message;
  if (protectedHeader.has(headers.hashAlgorithm))
    throw new DecodeError('Cannot read signed CoRIM: it signs the hash of a CoRIM that is elsewhere');
  const content = protectedHeader.get(coseHeaders.contentType);
  if (!contentTypes.includes(content)) throw new DecodeError('Cannot read signed CoRIM: its content type is another');
  if (message.payload === undefined) throw new DecodeError('Cannot read signed CoRIM: its payload is detached');
  return { message, payload: message.payload, ...signerOf(protectedHeader) };
}

type Signer = { readonly signer: string; readonly validity?: Validity };

/** §4.2.2: who signed and for how long, as corim-meta, as CWT claims or as both; one of them must be protected. Of both, neither may say more than the other. */
function signerOf(header: CborMap): Signer {
  const [meta, claims] = [header.get(headers.meta), header.get(headers.cwtClaims)];
  const byMeta = meta === undefined ? undefined : metaOf(meta);
  const byClaims = claims === undefined ? undefined : claimsOf(mapOf(claims, 'CoRIM CWT claims'));
  if (byMeta === undefined || byClaims === undefined) {
    const only = byMeta ?? byClaims;
    if (only === undefined) throw new DecodeError('Cannot read signed CoRIM: neither corim-meta nor CWT claims are protected');
    return only;
  }
  // One is a name and the other often a URI. Neither proves anything: the key does.
  const signer = byMeta.signer === byClaims.signer ? byMeta.signer : `${byMeta.signer}, ${byClaims.signer}`;
  return { signer, validity: bothValidities(byMeta.validity, byClaims.validity) };
}

function metaOf(value: CborValue): Signer {
  const map = mapOf(decodeCbor(bytesOf(value, 'corim-meta'), rules), 'corim-meta');
  const validity = map.get(1);
  return {
    signer: textOf(mapOf(map.get(0), 'corim-meta signer').get(0), 'corim-meta signer'),
    ...(validity === undefined ? {} : { validity: validityOf(validity) }),
  };
}

function claimsOf(map: CborMap): Signer {
  const [notAfter, notBefore] = [map.get(4), map.get(5)];
  return {
    signer: textOf(map.get(1), 'CoRIM CWT issuer'),
    validity: {
      ...(notBefore === undefined ? {} : { notBefore: seconds(notBefore) }),
      ...(notAfter === undefined ? {} : { notAfter: seconds(notAfter) }),
    },
  };
}

/** The time that both leave. */
export function bothValidities(a: Validity = {}, b: Validity = {}): Validity {
  const latest = [a.notBefore, b.notBefore].filter((at): at is Millis => at !== undefined);
  const first = [a.notAfter, b.notAfter].filter((at): at is Millis => at !== undefined);
  return {
    ...(latest.length === 0 ? {} : { notBefore: Math.max(...latest) }),
    ...(first.length === 0 ? {} : { notAfter: Math.min(...first) }),
  };
}

/** How its CBOR is read: whoever signed it signed these bytes, so they need not be the shortest. */
const rules = { file: true, lenient: true } as const;

/** Reads a tagged unsigned CoRIM, which must be all the bytes. */
export function decodeCorim(bytes: Uint8Array): Corim {
  const whole = decodeCbor(unwrapped(bytes), rules);
  if (!(whole instanceof CborTag) || whole.number !== tags.corim) throw new DecodeError('Cannot read CoRIM: no tag 501');
  const map = mapOf(whole.value, 'CoRIM');
  checkLabels(map.keys(), [0, 1, 2, 3, 4, 5], 'CoRIM');
  const list = listOf(map.get(1), 'CoRIM tags');
  if (list.length === 0 || list.length > maxTags) throw new DecodeError(`Cannot read CoRIM tags: ${list.length} of them`);
  const tagged = list.map(one => {
    if (one instanceof CborTag) return one;
    throw new DecodeError('Cannot read CoRIM tags: one has no tag');
  });
  const [dependents, profile, validity, entities] = [map.get(2), map.get(3), map.get(4), map.get(5)];
  return {
    id: tagId(map.get(0)),
    comids: tagged.filter(t => t.number === tags.comid).map(t => decodeComid(bytesOf(t.value, 'CoMID', 0, maxCborFile))),
    ...(profile === undefined ? {} : { profile: profileOf(profile) }),
    ...(validity === undefined ? {} : { validity: validityOf(validity) }),
    entities: entities === undefined ? [] : listOf(entities, 'CoRIM entities').map(entityName),
    otherTags: tagged.filter(t => t.number !== tags.comid).map(t => t.number),
    dependsOn: dependents === undefined ? 0 : listOf(dependents, 'CoRIM dependent RIMs').length,
  };
}

function profileOf(value: CborValue): string {
  // Older texts of the draft have a list there; with more than one nobody could say which of them a tag follows.
  if (Array.isArray(value)) {
    const [only, ...more] = listOf(value, 'CoRIM profiles');
    if (more.length > 0) throw new DecodeError(`Cannot read CoRIM profiles: ${more.length + 1} of them`);
    return profileOf(only);
  }
  const inner = value instanceof CborTag ? value.value : value;
  if (value instanceof CborTag && value.number === 111) return `oid:${hex(bytesOf(inner, 'CoRIM profile', 1, 255))}`;
  if (value instanceof CborTag && value.number !== 32) throw new DecodeError(`Cannot read CoRIM profile: tag ${value.number}`);
  return textOf(inner, 'CoRIM profile');
}

/** validity-map (§7.3). */
function validityOf(value: CborValue): Validity {
  const map = mapOf(value, 'CoRIM validity');
  const [notBefore, notAfter] = [map.get(0), map.get(1)];
  if (notAfter === undefined) throw new DecodeError('Cannot read CoRIM validity: it has no end');
  return { ...(notBefore === undefined ? {} : { notBefore: seconds(notBefore) }), notAfter: seconds(notAfter) };
}

/** Epoch-based date and time (RFC 8949 §3.4.2), with its tag or without, in seconds, which may have a fraction. */
function seconds(value: CborValue): Millis {
  const plain = value instanceof CborTag && value.number === 1 ? value.value : value;
  const found = numberOf(plain, 'CoRIM date');
  if (Math.abs(found) < 2 ** 43) return Math.floor(found * 1000);
  throw new DecodeError('Cannot read CoRIM date: no number of seconds');
}
