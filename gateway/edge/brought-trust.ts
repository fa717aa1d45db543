import type { BroughtAnchors } from '../inventory/brought-anchors.ts';
import type { AnchorMaterial, ListedVerifier } from '../model/trust.ts';

/** What people brought that counts beside the files. */
export type BroughtTrust = { readonly anchors: readonly AnchorMaterial[]; readonly verifiers: readonly ListedVerifier[] };

/** What counts now, after what counted `before`: what a person approved counts when it is on disk; what one took away, at once. */
export function broughtTrust(said: BroughtAnchors, before: BroughtTrust, isOnDisk: boolean): BroughtTrust {
  const counts = (known: readonly { readonly name: string }[]) => (one: { readonly name: string }) =>
    isOnDisk || known.some(({ name }) => name === one.name);
  return {
    anchors: said.inForce().filter(counts(before.anchors)),
    verifiers: said.verifiersInForce().filter(counts(before.verifiers)),
  };
}
