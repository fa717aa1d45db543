import type { Digest } from '../model/attestation.ts';
import type { ReferenceSet } from '../model/trust.ts';
import type { MeasuredClaim } from './claims.ts';

type Component = ReferenceSet['components'][number];

/** How the measured components of one class fit one reference set. `matched` iff each side covers the other. */
export type Match = {
  readonly set: ReferenceSet;
  readonly pairs: readonly { readonly claim: MeasuredClaim; readonly component: Component; readonly version: string }[];
  /** Measured, but by no component that is still free. */
  readonly unknown: readonly MeasuredClaim[];
  /** Wanted, but measured by nothing. */
  readonly missing: readonly Component[];
};
export const isMatched = (match: Match): boolean => match.unknown.length === 0 && match.missing.length === 0;

/**
 * Matches both ways: every component of the set must be measured, and everything measured must be a component of it, one to one. Else an
 * Attester could leave out the component that was tampered with, or add one that nobody vouches for.
 */
export function matchSet(set: ReferenceSet, claims: readonly MeasuredClaim[]): Match {
  const takenBy = new Map<Component, MeasuredClaim>();
  const unknown = claims.filter(claim => !isOfClass(claim, set) || !place(claim, set.components, takenBy, new Set()));
  const pairs = [...takenBy].map(([component, claim]) => ({ claim, component, version: versionOf(claim, component) ?? '' }));
  return { set, pairs, unknown, missing: set.components.filter(c => !takenBy.has(c)) };
}

/** A set that names its class by bytes is for Evidence that names the same: in a token, else in DiceTcbInfo. */
const isOfClass = ({ classId, type }: MeasuredClaim, set: ReferenceSet): boolean =>
  set.classId === undefined || (classId ?? type) === set.classId;

/** Augmenting path: finds a free component for the claim, moving earlier claims if it must. */
function place(
  claim: MeasuredClaim,
  components: readonly Component[],
  takenBy: Map<Component, MeasuredClaim>,
  visited: Set<Component>,
): boolean {
  for (const component of components) {
    if (visited.has(component) || versionOf(claim, component) === undefined) continue;
    visited.add(component);
    const holder = takenBy.get(component);
    if (holder !== undefined && !place(holder, components, takenBy, visited)) continue;
    takenBy.set(component, claim);
    return true;
  }
  return false;
}

/** Whether it stands at the layer that the component is of. */
export const isAt = ({ layer }: MeasuredClaim, component: Component): boolean => component.anyLayer === true || layer === component.layer;

/** The version of the component that the claim's digests are; undefined if none. Versions are lists, since one may have digests of several algorithms. */
export function versionOf(claim: MeasuredClaim, component: Component): string | undefined {
  if (!isAt(claim, component) || claim.key !== component.key) return undefined;
  if (component.index !== undefined && claim.index !== component.index) return undefined;
  if (component.signer !== undefined && claim.signer !== component.signer) return undefined;
  if (component.type !== undefined && claim.type !== component.type) return undefined;
  if (component.vendorInfo !== undefined && !isSameInfo(claim.vendorInfo, component.vendorInfo, component.vendorInfoMask)) return undefined;
  if (component.flags !== undefined && Object.entries(component.flags).some(([flag, value]) => flagOf(claim, flag) !== value))
    return undefined;
  return component.versions.find(({ version }) => isSame(claim.digests, component.versions, version))?.version;
}

/** Hex of the same length, alike in the bits of the mask. */
function isSameInfo(seen: string | undefined, wanted: string, mask = 'ff'.repeat(wanted.length / 2)): boolean {
  if (seen === undefined || seen.length !== wanted.length || mask.length !== wanted.length) return false;
  const bits = (text: string, at: number): number =>
    Number.parseInt(text.slice(at, at + 1), 16) & Number.parseInt(mask.slice(at, at + 1), 16);
  return Array.from(seen, (_, at) => bits(seen, at) === bits(wanted, at)).every(Boolean);
}

/** What is not stated is neither true nor false. */
const flagOf = ({ flags }: MeasuredClaim, name: string): boolean | undefined =>
  flags === undefined ? undefined : new Map<string, boolean>(Object.entries(flags)).get(name);

/** At least one algorithm in common with what is listed for the version, and every digest of a common algorithm equal. */
function isSame(seen: readonly Digest[], listed: Component['versions'], version: string): boolean {
  const common = seen.filter(d => listed.some(w => w.version === version && w.alg === d.alg));
  return common.length > 0 && common.every(d => listed.some(w => w.version === version && w.alg === d.alg && w.digest === d.value));
}
