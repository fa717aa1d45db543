import type { Hex, Millis } from '../model/address.ts';
import { hex } from './address.ts';
import { fromBase64Url } from './bytes.ts';
import { bytesOf, type CborMap, type CborValue, intOf, mapOf, numberOf, textOf } from './cbor.ts';
import { checkClaimTypes } from './eat-claim-types.ts';
import { type DetachedDigest, digestOf, isDigest, type NestedToken, nestedTokenOf } from './eat-nested.ts';
import { booleanOf, type EatForm, fewOf, octets, paddedOctets, uintOf, versionOf, wordOf } from './eat-values.ts';
import { decodeMeasuredComponent, type MeasuredComponent, measuredComponentFormats } from './measured-component.ts';
import { DecodeError } from './reader.ts';

/** State of the debug facilities (RFC 9711 §4.2.9): numbers in CBOR, these words in JSON. */
const debugStates = ['enabled', 'disabled', 'disabled-since-boot', 'disabled-permanently', 'disabled-fully-and-permanently'] as const;
export type DebugState = (typeof debugStates)[number];

/** What a token is made for (RFC 9711 §4.3.3): numbers from 1 in CBOR, these words in JSON. */
const uses = ['generic', 'registration', 'provisioning', 'csr', 'pop'] as const;
export type IntendedUse = (typeof uses)[number];

/** Claims of one module of an Entity Attestation Token (RFC 9711). Untrusted until its signature is checked. */
export type EatClaims = {
  readonly nonces: readonly Uint8Array[];
  readonly ueid?: Hex;
  readonly profile?: string;
  /** hwmodel as hex: the bytes have no other form that is the same in CBOR and JSON. */
  readonly model?: Hex;
  readonly softwareVersion?: string;
  readonly debug?: DebugState;
  /** intuse: absent where it does not say. */
  readonly use?: IntendedUse;
  /** aud: whom it is for; absent: it does not say. */
  readonly audience?: readonly string[];
  /** oemboot: whether all firmware was authorised by the maker. */
  readonly isBootAuthorised?: boolean;
  /** uptime: since the device started. Milliseconds. */
  readonly uptime?: Millis;
  readonly expires?: Millis;
  readonly notBefore?: Millis;
  readonly measurements: readonly MeasuredComponent[];
  /** What measures or vouches in forms that nothing here appraises. */
  readonly unread: readonly string[];
  readonly submodules: ReadonlyMap<string, EatClaims>;
  /** Submodules with a key of their own. */
  readonly nested: ReadonlyMap<string, NestedToken>;
  /** Submodules whose claims stand elsewhere. */
  readonly detached: ReadonlyMap<string, DetachedDigest>;
};

/** CBOR label and JSON name of each claim that is read (RFC 9711 §7, RFC 8392 §4). */
const names = {
  nonce: [10, 'eat_nonce'],
  ueid: [256, 'ueid'],
  model: [259, 'hwmodel'],
  uptime: [261, 'uptime'],
  bootAuthorised: [262, 'oemboot'],
  debug: [263, 'dbgstat'],
  profile: [265, 'eat_profile'],
  submodules: [266, 'submods'],
  softwareVersion: [271, 'swversion'],
  manifests: [272, 'manifests'],
  measurements: [273, 'measurements'],
  results: [274, 'measres'],
  use: [275, 'intuse'],
  audience: [3, 'aud'],
  expires: [4, 'exp'],
  notBefore: [5, 'nbf'],
} as const;
const maxDepth = 4;
/** Most submodules, and most measurements, of one level. */
const maxSubmodules = 32;
const maxMeasurements = 64;
/** Most Verifiers that a token names as those that it is for. */
const maxAudiences = 16;

/** Reads a claims set of either form. Throws DecodeError. */
export function decodeEatClaims(claims: CborMap, form: EatForm, depth = 0): EatClaims {
  const get = (name: keyof typeof names): CborValue => claims.get(names[name][form === 'cbor' ? 0 : 1]);
  const when = <T>(name: keyof typeof names, read: (value: CborValue) => T): T | undefined => {
    const value = get(name);
    return value === undefined ? undefined : read(value);
  };
  checkClaimTypes(claims, form);
  const all = {
    ueid: when('ueid', v => hex(octets(v, form, 'ueid', 7, 33))),
    profile: when('profile', v => (v instanceof Uint8Array ? hex(v) : textOf(v, 'eat_profile', 1024))),
    model: when('model', v => hex(octets(v, form, 'hwmodel', 1, 32))),
    softwareVersion: when('softwareVersion', v => versionOf(v, 'swversion')),
    debug: when('debug', v => wordOf(v, form, 'dbgstat', debugStates, 0)),
    use: when('use', v => wordOf(v, form, 'intuse', uses, 1)),
    audience: when('audience', audienceOf),
    isBootAuthorised: when('bootAuthorised', v => booleanOf(v, 'oemboot')),
    uptime: when('uptime', v => uintOf(v, 'uptime') * 1000),
    expires: when('expires', v => seconds(v, 'exp')),
    notBefore: when('notBefore', v => seconds(v, 'nbf')),
  };
  const { measurements, unread } = measurementsOf(get('measurements'), form);
  const other = (['manifests', 'results'] as const).filter(name => get(name) !== undefined).map(name => names[name][1]);
  return {
    ...defined(all),
    nonces: noncesOf(get('nonce'), form),
    measurements,
    ...submodulesOf(get('submodules'), form, depth),
    unread: [...unread, ...other],
  };
}

/** Without the members that are undefined. */
type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
function defined<T extends object>(all: T): Defined<T> {
  const found: Defined<T> = {};
  for (const key in all) if (all[key] !== undefined) Object.assign(found, { [key]: all[key] });
  return found;
}

/** One nonce or a list of them, 8 to 64 octets each (RFC 9711 §4.1). In JSON they are base64url of the octets: of 64 at most 88 characters, so with padding or without. */
function noncesOf(value: CborValue, form: EatForm): readonly Uint8Array[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? fewOf(value, 'eat_nonce', 1, 8) : [value];
  return list.map(one => paddedOctets(one, form, 'eat_nonce', 8, 64));
}

/** One name or a list of them (RFC 7519 §4.1.3, RFC 8392 §3.1.3). */
function audienceOf(value: CborValue): readonly string[] {
  const list = Array.isArray(value) ? fewOf(value, 'aud', 1, maxAudiences) : [value];
  return list.map(one => textOf(one, 'aud', 1024));
}

/** NumericDate without a tag, which may have a fraction (RFC 8392 §2, RFC 7519 §2). */
function seconds(value: CborValue, what: string): Millis {
  const found = numberOf(value, what);
  if (!(found >= 0 && found < 2 ** 40)) throw new DecodeError(`Cannot read ${what}: no time`);
  return Math.floor(found * 1000);
}

/** [[Content-Format, body]] (RFC 9711 §4.2.16). A body of the other form than the token's is in text, or base64url of it. */
function measurementsOf(
  value: CborValue,
  form: EatForm,
): { readonly measurements: readonly MeasuredComponent[]; readonly unread: readonly string[] } {
  const measurements: MeasuredComponent[] = [];
  const unread: string[] = [];
  const list = value === undefined ? [] : fewOf(value, 'measurements', 1, maxMeasurements);
  for (const one of list) {
    const [format, body] = fewOf(one, 'measurement', 2, 2);
    if (format === measuredComponentFormats.cbor)
      measurements.push(
        decodeMeasuredComponent(form === 'cbor' ? bytesOf(body, 'measurement') : fromBase64Url(textOf(body, 'measurement', 8192)), 'cbor'),
      );
    else if (format === measuredComponentFormats.json)
      measurements.push(
        decodeMeasuredComponent(body instanceof Uint8Array ? body : new TextEncoder().encode(textOf(body, 'measurement', 8192)), 'json'),
      );
    else unread.push(`measurement of format ${intOf(format, 'measurement format')}`);
  }
  return { measurements, unread };
}

/** Claims sets are read; what has a key of its own, and what stands elsewhere, is named (RFC 9711 §4.2.18). */
function submodulesOf(value: CborValue, form: EatForm, depth: number): Pick<EatClaims, 'submodules' | 'nested' | 'detached'> {
  const submodules = new Map<string, EatClaims>();
  const nested = new Map<string, NestedToken>();
  const detached = new Map<string, DetachedDigest>();
  if (value === undefined) return { submodules, nested, detached };
  const modules = mapOf(value, 'submods');
  if (modules.size > maxSubmodules) throw new DecodeError(`Cannot read submods: ${modules.size} of them`);
  if (depth >= maxDepth) throw new DecodeError(`Cannot read submods: nested deeper than ${maxDepth}`);
  for (const [key, inner] of modules) {
    const name = textOf(key, 'submodule name');
    if (inner instanceof Map) submodules.set(name, decodeEatClaims(mapOf(inner, 'submodule'), form, depth + 1));
    else if (isDigest(inner, form)) detached.set(name, digestOf(inner, form));
    else nested.set(name, nestedTokenOf(inner, form));
  }
  return { submodules, nested, detached };
}
