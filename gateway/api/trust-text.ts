import type { Millis } from '../model/address.ts';
import { counted } from '../model/counted.ts';
import { type AnchorPreview, type ShownAnchor, stagedMs } from '../model/trust.ts';

/** Words about trust anchors, the same on the page and on the command line. What is in quotes or comes of a certificate is untrusted: show it through `visibleText`. */
export type AnchorState = 'staged' | 'lapsed' | 'in force' | 'ended';

/** `lapsed`: staged so long ago that it can be approved no more. */
export const anchorState = ({ state, expires, staged }: Pick<ShownAnchor, 'state' | 'expires' | 'staged'>, now: Millis): AnchorState =>
  state === 'staged'
    ? now - (staged?.at ?? now) > stagedMs
      ? 'lapsed'
      : 'staged'
    : expires !== undefined && expires <= now
      ? 'ended'
      : 'in force';

const useWords: { readonly [use in ShownAnchor['uses'][number]]: string } = {
  identity: 'devices',
  attest: 'keys that sign tokens and SPDM measurements',
  'tpm-ek': 'TPMs',
  'reference-signer': 'signers of reference values',
  'matter-paa': 'Matter devices',
  'cd-signer': 'signers of Matter declarations',
  'cd-signer-test': 'signers of Matter declarations of products in development',
  verifier: 'results of another Verifier',
};
/** For what it vouches, in words. */
export const usesText = (uses: ShownAnchor['uses']): string => uses.map(use => useWords[use]).join(', and for ');

/** What is to be done about one that lapsed. */
export const lapsedText = `Nobody confirmed it within ${stagedMs / 86_400_000} days: to have it after all, somebody brings it anew.`;

/** What an anchor is, what it is limited to and who says so, as labels with texts. `time` writes an instant. */
export function anchorFacts(anchor: ShownAnchor, time: (at: Millis) => string): readonly (readonly [label: string, text: string])[] {
  const { sha256, subject, uses, vendor, model, expires, zones, constraints, revocation, provenance, staged, approved } = anchor;
  const row = (label: string, text: string | undefined) => (text === undefined ? [] : [[label, text] as const]);
  const said = (one: typeof staged): string | undefined => one && `${one.by} at ${time(one.at)}: ${one.reason}`;
  return [
    ...row('subject', subject),
    ...row('sha256', sha256),
    ...row('for', uses.join(', ')),
    ...row('vendor', vendor),
    ...row('model', model),
    ...row('zones', zones?.join(', ')),
    ...row('until', expires === undefined ? undefined : time(expires)),
    ...row('held to', constraints === undefined ? undefined : JSON.stringify(constraints)),
    ...row(
      'revocation',
      revocation && `${revocation.whenUnknown} what is unknown; fetched from ${revocation.hosts.join(', ') || 'nowhere'}`,
    ),
    ...row('source', provenance?.source),
    ...row('note', provenance?.note),
    ...row('file', provenance?.file),
    ...row('by', provenance && `${provenance.by}, ${provenance.when}`),
    ...row('staged', said(staged)),
    ...row('approved', said(approved)),
  ];
}

/** `newly admit 2 devices`, and what that number rests on: `3 devices judged anew; of 1 more it cannot be told`. */
export const wouldAdmit = ({ newlyAdmitted }: AnchorPreview): string => `newly admit ${counted(newlyAdmitted.length, 'device')}`;
export const previewBasis = ({ judged, untold, notLetAttest = 0 }: AnchorPreview): string =>
  [
    `${counted(judged, 'device')} judged anew`,
    ...(untold === 0 ? [] : [`of ${untold} more it cannot be told`]),
    ...(notLetAttest === 0 ? [] : [`tokens or measurements of ${counted(notLetAttest, 'device')} count only if it has the use attest`]),
  ].join('; ');
