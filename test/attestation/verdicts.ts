/**
 * What became of each file of MANIFEST.tsv. The tests of the sets note it here while they judge; `vectors-table.test.ts` runs them all and compares with the
 * manifest, row by row. `deviates`: judged, and stricter or other than the manifest says, for the clause that `taken` names. `not judged`: why not.
 */
export type Verdict = { readonly outcome: 'as expected' | 'deviates' | 'not judged'; readonly got: string; readonly taken: string };

export const verdicts = new Map<string, readonly Verdict[]>();

/** Notes one verdict of a file; a file that is judged in several ways has several, each once however often its test runs. */
export function note(file: string, outcome: Verdict['outcome'], got: string, taken: string): void {
  const known = verdicts.get(file) ?? [];
  const isKnown = known.some(v => v.outcome === outcome && v.got === got && v.taken === taken);
  if (!isKnown) verdicts.set(file, [...known, { outcome, got, taken }]);
}
