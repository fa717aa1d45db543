import { createHash } from 'node:crypto';
import { sameBytes } from '../codec/bytes.ts';
import { type CborMap, decodeCbor, mapOf } from '../codec/cbor.ts';
import { decodeEatClaims, type EatClaims } from '../codec/eat.ts';
import type { EatBundle, NestedToken } from '../codec/eat-nested.ts';
import { decodeJson, jsonMapOf } from '../codec/json.ts';
import { DecodeError } from '../codec/reader.ts';
import { quote } from './checks.ts';
import { EvidenceError } from './evidence-error.ts';

/**
 * Claims with the detached claims sets of a bundle in the places of their digests (RFC 9711 §4.2.18.2, §5): what has its digest under the signature of a token
 * is that token's word. One that has none is nobody's, and refused: somebody put it there. A digest without its claims set stays what it is. Throws
 * EvidenceError SIGNATURE_INVALID, or DecodeError.
 */
export function withDetached(claims: EatClaims, { form, sets }: EatBundle): EatClaims {
  const used = new Set<string>();
  const filled = (module: EatClaims, depth: number): EatClaims => {
    const submodules = new Map([...module.submodules].map(([name, inner]) => [name, filled(inner, depth + 1)]));
    const detached = new Map(module.detached);
    for (const [name, { alg, digest }] of module.detached) {
      const set = sets.get(name);
      if (set === undefined || alg === undefined) continue;
      if (!sameBytes(createHash(alg).update(set).digest(), digest))
        throw new EvidenceError('SIGNATURE_INVALID', 'chain', `Cannot accept bundle: ${quote(name)} is not what its token signs`);
      used.add(name);
      detached.delete(name);
      submodules.set(name, filled(decodeEatClaims(claimsOf(set, form), form, depth + 1), depth + 1));
    }
    return { ...module, submodules, detached };
  };
  const whole = filled(claims, 0);
  const unsigned = [...sets.keys()].find(name => !used.has(name));
  if (unsigned !== undefined)
    throw new DecodeError(`Cannot read bundle: its token has no digest of ${quote(unsigned)} that can be checked`);
  return whole;
}

const claimsOf = (set: Uint8Array, form: EatBundle['form']): CborMap =>
  form === 'cbor' ? mapOf(decodeCbor(set, { lenient: true }), 'detached claims set') : jsonMapOf(decodeJson(set), 'detached claims set');

/** The tokens inside, by the path of their submodule (`radio/modem`), and the claims without them. */
export function takenApart(claims: EatClaims): { readonly own: EatClaims; readonly nested: ReadonlyMap<string, NestedToken> } {
  const nested = new Map<string, NestedToken>();
  const without = (module: EatClaims, path: string): EatClaims => {
    for (const [name, token] of module.nested) nested.set(`${path}${name}`, token);
    return {
      ...module,
      nested: new Map(),
      submodules: new Map([...module.submodules].map(([name, inner]) => [name, without(inner, `${path}${name}/`)])),
    };
  };
  return { own: without(claims, ''), nested };
}
