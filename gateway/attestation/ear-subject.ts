import type { Hex } from '../model/address.ts';
import { hex } from '../codec/address.ts';
import { bytesOf, type CborMap, type CborValue, mapOf, textOf } from '../codec/cbor.ts';
import { fromBase64Url } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import { keyKind } from '../codec/x509-key.ts';
import { printable } from '../codec/x509-name.ts';
import { sha256 } from './evidence.ts';

/**
 * Of whom an EAR speaks. No claim of the drafts names the Attester, so that three are read: the UEID of an EAT (RFC 9711 §4.2.1), at the top or in an appraisal;
 * the key that Veraison's extension attests; and the identity in our own extension, since another Sallyport may be the Verifier.
 */
export type EarSubjectNames = {
  /** UEIDs, hex. */
  readonly ueids: readonly Hex[];
  /** SHA-256 of the SubjectPublicKeyInfo of keys that are the device's. */
  readonly keys: readonly Hex[];
  /** What its own certificates call it; only our own extension says so. */
  readonly serials: readonly string[];
};

type Form = 'cbor' | 'json';
const ueidNames = ['ueid', 256] as const;
/** Extensions by their names in both dialects and their label (draft-ietf-rats-ear-03, example of extensions). */
const keyAttestation = ['ear_veraison_key_attestation', 'ear.veraison.key-attestation', -70002] as const;
const ours = ['ear_sallyport_appraisal', 'ear.sallyport.appraisal', -75300] as const;

/** Reads the names of the subject out of the claims set and its appraisals. Throws DecodeError. */
export function earSubject(claims: CborMap, form: Form): EarSubjectNames {
  const appraisals = [...mapOf(claims.get(form === 'json' ? 'submods' : 266), 'EAR submods').values()].map(one =>
    mapOf(one, 'EAR appraisal'),
  );
  const ueids = [claims, ...appraisals].flatMap(map => {
    const value = map.get(ueidNames[form === 'json' ? 0 : 1]);
    return value === undefined ? [] : [ueidOf(value, form)];
  });
  const found = appraisals.map(map => ({ attested: pick(map, keyAttestation, form), own: pick(map, ours, form) }));
  const identities = found.flatMap(({ own }) => {
    const identity = own?.get('identity');
    return identity === undefined ? [] : [mapOf(identity, 'EAR identity')];
  });
  const keys = [
    ...found.flatMap(({ attested }) => (attested === undefined ? [] : [attestedKey(attested, form)])),
    ...identities.map(identity => deviceKeyOf(identity.get('deviceKey'))),
  ];
  const serials = identities.flatMap(identity => {
    const serial = identity.get('serial');
    return serial === undefined ? [] : [printable(textOf(serial, 'EAR serial'))];
  });
  return { ueids: distinct(ueids), keys: distinct(keys), serials: distinct(serials) };
}

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

function pick(map: CborMap, [ietf, veraison, label]: readonly [string, string, number], form: Form): CborMap | undefined {
  const value = form === 'json' ? (map.get(ietf) ?? map.get(veraison)) : map.get(label);
  return value === undefined ? undefined : mapOf(value, 'EAR extension');
}

/** 7 to 33 bytes (RFC 9711 §4.2.1). */
function ueidOf(value: CborValue, form: Form): Hex {
  const bytes = form === 'cbor' ? bytesOf(value, 'EAR UEID') : fromBase64Url(textOf(value, 'EAR UEID').replace(/=+$/, ''));
  if (bytes.length < 7 || bytes.length > 33) throw new DecodeError(`Cannot read EAR: a UEID of ${bytes.length} bytes`);
  return hex(bytes);
}

/** `akpub` is a SubjectPublicKeyInfo in base64url. */
function attestedKey(map: CborMap, form: Form): Hex {
  const value = map.get('akpub') ?? map.get(-70003);
  const der = form === 'cbor' && value instanceof Uint8Array ? value : fromBase64Url(textOf(value, 'EAR akpub', 4000).replace(/=+$/, ''));
  if (keyKind(der).kind === 'other') throw new DecodeError('Cannot read EAR: akpub is no key of a known kind');
  return sha256(der);
}

function deviceKeyOf(value: CborValue): Hex {
  const text = textOf(value, 'EAR device key');
  if (!/^[0-9a-f]{64}$/.test(text)) throw new DecodeError('Cannot read EAR: its device key is no SHA-256');
  return text;
}
