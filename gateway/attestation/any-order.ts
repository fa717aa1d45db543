import type { Millis } from '../model/address.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';
import type { KeyCache } from './keys.ts';
import { type CheckedPath, checkPath, type Path } from './path.ts';
import { buildPath } from './path-build.ts';
import { deviceRules } from './path-rules.ts';
import { checkRevocation, type RevocationSources } from './revocation.ts';
import type { Anchor } from './trust.ts';
import { Work } from './work.ts';

/** What another way to an anchor would not mend: who is known to be revoked, or is not known not to be, stays so. */
const final: ReadonlySet<string> = new Set(['CERT_REVOKED', 'REVOCATION_UNKNOWN']);

/**
 * The path of a chain as servers of TLS may send it: their own certificate first, then others in any order, those that take no part or are out of use among them (RFC 8446
 * §4.4.2). As sent, where that is a path, which it is nearly always; else as it is found by names and keys. Throws what is wrong with the chain as sent where none is found.
 */
export function checkPathInAnyOrder(
  chain: readonly Certificate[],
  anchors: readonly Anchor[],
  now: Millis,
  keys: KeyCache,
  revocation: RevocationSources | undefined,
): CheckedPath {
  try {
    return checkPath(chain, anchors, now, keys, revocation);
  } catch (error) {
    if (!(error instanceof EvidenceError) || final.has(error.code)) throw error;
    const work = new Work(keys);
    const path = found(chain, anchors, now, work);
    if (path === undefined) throw error;
    return revocation === undefined ? path : { ...path, revocation: checkRevocation(path, revocation, now, work) };
  }
}

function found([leaf, ...others]: readonly Certificate[], anchors: readonly Anchor[], now: Millis, work: Work): Path | undefined {
  // Of fewer there is one order only.
  if (leaf === undefined || others.length < 2) return undefined;
  try {
    return buildPath({ leaf, intermediates: others, anchors, rules: deviceRules(now) }, work);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return undefined;
  }
}
