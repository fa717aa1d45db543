import { type CborMap, type CborValue, intOf, mapOf, numberOf, textOf } from './cbor.ts';
import { type EatForm, fewOf, octets, paddedOctets, uintOf, versionOf, wordOf } from './eat-values.ts';
import { DecodeError } from './reader.ts';

/**
 * The claims that nothing here uses must be of their type too (RFC 9711 §7.3, RFC 8392 §4): what two readers could take for different things is not read at
 * all. A claim that nobody defined is passed over (§4). UEIDs are opaque, so their type octet is not looked at (§4.2.1.2).
 */
export function checkClaimTypes(claims: CborMap, form: EatForm): void {
  for (const [label, name, check] of types) {
    const value = claims.get(form === 'cbor' ? label : name);
    if (value !== undefined) check(value, form, name);
  }
}

type Check = (value: CborValue, form: EatForm, what: string) => unknown;

/** Most members of one list or map. */
const maxMembers = 64;
const text: Check = (value, _form, what) => textOf(value, what, 1024);

/** A private enterprise number, three octets of the IEEE, or 16 random ones (§4.2.3). */
const oemid: Check = (value, form, what) => {
  if (typeof value === 'number') return uintOf(value, what);
  const { length } = paddedOctets(value, form, what, 3, 16);
  if (length !== 3 && length !== 16) throw new DecodeError(`Cannot read ${what}: ${length} octets`);
  return length;
};

const sueids: Check = (value, form, what) => {
  const map = mapOf(value, what);
  if (map.size === 0 || map.size > maxMembers) throw new DecodeError(`Cannot read ${what}: ${map.size} of them`);
  for (const [label, ueid] of map) octets(ueid, form, textOf(label, `${what} label`), 7, 33);
};

/** Coordinates of WGS 84 (§4.2.10): CBOR label, name, and what the number must be. */
const within =
  (least: number, most: number): Check =>
  (value, _form, what) => {
    const found = numberOf(value, what);
    if (!(found >= least && found <= most)) throw new DecodeError(`Cannot read ${what}: ${found}`);
  };
const any = within(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
/** Who stands still has none (§4.2.10). */
const heading: Check = (value, form, what) => {
  if (!Number.isNaN(numberOf(value, what))) within(0, 360)(value, form, what);
};
const place: readonly (readonly [number, string, Check])[] = [
  [1, 'latitude', within(-90, 90)],
  [2, 'longitude', within(-180, 180)],
  [3, 'altitude', any],
  [4, 'accuracy', any],
  [5, 'altitude-accuracy', any],
  [6, 'heading', heading],
  [7, 'speed', any],
  [8, 'timestamp', (value, _form, what) => intOf(value, what)],
  [9, 'age', (value, _form, what) => uintOf(value, what)],
];
const location: Check = (value, form, what) => {
  const map = mapOf(value, what);
  for (const [label, name, check] of place) {
    const found = map.get(form === 'cbor' ? label : name);
    if (found !== undefined) check(found, form, name);
    else if (label <= 2) throw new DecodeError(`Cannot read ${what}: no ${name}`);
  }
};

/** [registrar, platform, ? application] (§4.2.14). */
const dloas: Check = (value, form, what) => {
  for (const one of fewOf(value, what, 1, maxMembers)) for (const part of fewOf(one, what, 2, 3)) text(part, form, what);
};

/** [Content-Format, body] (§4.2.15). */
const manifests: Check = (value, _form, what) => {
  for (const one of fewOf(value, what, 1, maxMembers)) {
    const [format, body] = fewOf(one, what, 2, 2);
    if (uintOf(format, what) > 65_535) throw new DecodeError(`Cannot read ${what}: no Content-Format`);
    if (!(body instanceof Uint8Array)) textOf(body, what, 131_072);
  }
};

const results = ['success', 'fail', 'not-run', 'absent'] as const;
/** [system, [[id, result]]] (§4.2.17). */
const measres: Check = (value, form, what) => {
  for (const group of fewOf(value, what, 1, maxMembers)) {
    const [system, all] = fewOf(group, what, 2, 2);
    text(system, form, what);
    for (const one of fewOf(all, what, 1, maxMembers)) {
      const [id, result] = fewOf(one, what, 2, 2);
      if (!(id instanceof Uint8Array)) text(id, form, what);
      wordOf(result, form, what, results, 1);
    }
  }
};

const types: readonly (readonly [number, string, Check])[] = [
  [1, 'iss', text],
  [2, 'sub', text],
  // An iat with a fraction must be refused (§4.3.1).
  [6, 'iat', (value, _form, what) => uintOf(value, what)],
  [257, 'sueids', sueids],
  [258, 'oemid', oemid],
  [260, 'hwversion', (value, _form, what) => versionOf(value, what)],
  [264, 'location', location],
  [267, 'bootcount', (value, _form, what) => uintOf(value, what)],
  [268, 'bootseed', (value, form, what) => octets(value, form, what, 0, 1024)],
  [269, 'dloas', dloas],
  [270, 'swname', text],
  [272, 'manifests', manifests],
  [274, 'measres', measres],
];
