import type { Hex, Millis } from '../model/address.ts';
import { hex } from './address.ts';
import { fromBase64Url } from './bytes.ts';
import { bytesOf, type CborMap, type CborValue, intOf, listOf, mapOf, textOf } from './cbor.ts';
import { decodeMeasuredComponent, type MeasuredComponent, measuredComponentFormats } from './measured-component.ts';
import { DecodeError } from './reader.ts';
import { printable } from './x509-name.ts';

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

type Form = 'cbor' | 'json';

/** Reads a claims set of either form. Throws DecodeError. `form` says how byte strings are written. */
export function decodeEatClaims(claims: CborMap, form: Form, depth = 0): EatClaims {
  const get = (name: keyof typeof names): CborValue => claims.get(names[name][form === 'cbor' ? 0 : 1]);
  const when = <T>(name: keyof typeof names, read: (value: CborValue) => T): T | undefined => {
    const value = get(name);
    return value === undefined ? undefined : read(value);
  };
  const all = {
    ueid: when('ueid', v => hex(octets(v, form, 'ueid', 7, 33))),
    profile: when('profile', v => (v instanceof Uint8Array ? hex(v) : textOf(v, 'eat_profile', 1024))),
    model: when('model', v => hex(octets(v, form, 'hwmodel', 1, 32))),
    softwareVersion: when('softwareVersion', v => textOf(listOf(v, 'swversion')[0], 'swversion')),
    debug: when('debug', debugState),
    use: when('use', intendedUse),
    audience: when('audience', audienceOf),
    isBootAuthorised: when('bootAuthorised', v => boolean(v, 'oemboot')),
    uptime: when('uptime', v => seconds(v, 'uptime')),
    expires: when('expires', v => seconds(v, 'exp')),
    notBefore: when('notBefore', v => seconds(v, 'nbf')),
  };
  const { measurements, unread } = measurementsOf(get('measurements'), form);
  const { submodules, nested } = submodulesOf(get('submodules'), form, depth);
  const other = (['manifests', 'results'] as const).filter(name => get(name) !== undefined).map(name => names[name][1]);
  return { ...defined(all), nonces: noncesOf(get('nonce'), form), measurements, submodules, unread: [...unread, ...nested, ...other] };
}

/** Without the members that are undefined. */
type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
function defined<T extends object>(all: T): Defined<T> {
  const found: Defined<T> = {};
  for (const key in all) if (all[key] !== undefined) Object.assign(found, { [key]: all[key] });
  return found;
}

const octets = (value: CborValue, form: Form, what: string, min: number, max: number): Uint8Array =>
  bytesOf(form === 'cbor' ? value : fromBase64Url(textOf(value, what)), what, min, max);

/** One nonce or a list of them, 8 to 64 octets each (RFC 9711 §4.1). In JSON they are base64url of the octets: of 64 at most 88 characters, so with padding or without. */
function noncesOf(value: CborValue, form: Form): readonly Uint8Array[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? listOf(value, 'eat_nonce') : [value];
  if (list.length > 8) throw new DecodeError(`Cannot read eat_nonce: ${list.length} of them`);
  return list.map(one => octets(typeof one === 'string' ? one.replace(/={1,2}$/, '') : one, form, 'eat_nonce', 8, 64));
}

function debugState(value: CborValue): DebugState {
  const found = typeof value === 'string' ? debugStates.find(s => s === value) : debugStates[intOf(value, 'dbgstat')];
  if (found === undefined) throw new DecodeError('Cannot read dbgstat: no state of it');
  return found;
}

function intendedUse(value: CborValue): IntendedUse {
  const found = typeof value === 'string' ? uses.find(use => use === value) : uses[intOf(value, 'intuse') - 1];
  if (found === undefined) throw new DecodeError('Cannot read intuse: no use of it');
  return found;
}

/** One name or a list of them (RFC 7519 §4.1.3, RFC 8392 §3.1.3). */
function audienceOf(value: CborValue): readonly string[] {
  const list = Array.isArray(value) ? listOf(value, 'aud') : [value];
  if (list.length === 0 || list.length > maxAudiences) throw new DecodeError(`Cannot read aud: ${list.length} of them`);
  return list.map(one => textOf(one, 'aud', 1024));
}

function boolean(value: CborValue, what: string): boolean {
  if (typeof value !== 'boolean') throw new DecodeError(`Cannot read ${what}: neither true nor false`);
  return value;
}

/** NumericDate without a tag (RFC 8392 §2). */
function seconds(value: CborValue, what: string): Millis {
  if (typeof value !== 'number' || !(value >= 0 && value < 2 ** 40)) throw new DecodeError(`Cannot read ${what}: no time`);
  return Math.floor(value * 1000);
}

/** [[Content-Format, body]] (RFC 9711 §4.2.16). A body of the other form than the token's is in text, or base64url of it. */
function measurementsOf(
  value: CborValue,
  form: Form,
): { readonly measurements: readonly MeasuredComponent[]; readonly unread: readonly string[] } {
  const measurements: MeasuredComponent[] = [];
  const unread: string[] = [];
  const list = value === undefined ? [] : listOf(value, 'measurements');
  if (list.length > maxMeasurements) throw new DecodeError(`Cannot read measurements: ${list.length} of them`);
  for (const one of list) {
    const [format, body, ...more] = listOf(one, 'measurement');
    if (body === undefined || more.length > 0) throw new DecodeError('Cannot read measurement: not format and body');
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

/** Claims sets are read; tokens of their own and detached ones are named only (RFC 9711 §4.2.18). */
function submodulesOf(
  value: CborValue,
  form: Form,
  depth: number,
): { readonly submodules: ReadonlyMap<string, EatClaims>; readonly nested: readonly string[] } {
  const submodules = new Map<string, EatClaims>();
  const nested: string[] = [];
  if (value === undefined) return { submodules, nested };
  const modules = mapOf(value, 'submods');
  if (modules.size > maxSubmodules) throw new DecodeError(`Cannot read submods: ${modules.size} of them`);
  if (depth >= maxDepth) throw new DecodeError(`Cannot read submods: nested deeper than ${maxDepth}`);
  for (const [key, inner] of modules) {
    const name = textOf(key, 'submodule name');
    if (inner instanceof Map) submodules.set(name, decodeEatClaims(mapOf(inner, 'submodule'), form, depth + 1));
    else nested.push(`submodule ${printable(name.slice(0, 64))}: a token of its own`);
  }
  return { submodules, nested };
}
