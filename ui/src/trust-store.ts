import { effect, signal } from '@preact/signals';
import type { AnchorPreview, AnchorRow, ReferenceList, ShownEnrolled, ShownFileList } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { path, session } from './store.ts';

/** Whom and what the gateway trusts, as last heard; undefined until then. */
export const anchors = signal<readonly AnchorRow[] | undefined>(undefined);
export const references = signal<ReferenceList | undefined>(undefined);
export const enrolled = signal<readonly ShownEnrolled[] | undefined>(undefined);
export const fileLists = signal<readonly ShownFileList[] | undefined>(undefined);
/** Grows with each word that a person here said about trust: what an anchor would let in is asked for anew then. */
export const said = signal(0);
/** Why it could not be heard. */
export const trustProblem = signal<string | undefined>(undefined);

/** Asked for anew so often: while the page of trust is open, and elsewhere for the count of what waits. Milliseconds. */
const openMs = 5_000;
const elsewhereMs = 60_000;

/** True while the page of trust is open. */
export const atTrust = (): boolean => path.value === '/trust';

export async function loadTrust(): Promise<void> {
  try {
    const [{ anchors: found }, listed, keys, lists] = await Promise.all([
      ask<{ readonly anchors: readonly AnchorRow[] }>('GET', '/trust'),
      atTrust() ? ask<ReferenceList>('GET', '/references') : undefined,
      atTrust() ? ask<{ readonly keys: readonly ShownEnrolled[] }>('GET', '/trust/enrolled') : undefined,
      atTrust() ? ask<{ readonly lists: readonly ShownFileList[] }>('GET', '/trust/file-lists') : undefined,
    ]);
    // The same list stays the same object, and nothing is drawn anew.
    if (JSON.stringify(found) !== JSON.stringify(anchors.value)) anchors.value = found;
    if (listed !== undefined && JSON.stringify(listed) !== JSON.stringify(references.value)) references.value = listed;
    if (keys !== undefined && JSON.stringify(keys.keys) !== JSON.stringify(enrolled.value)) enrolled.value = keys.keys;
    if (lists !== undefined && JSON.stringify(lists.lists) !== JSON.stringify(fileLists.value)) fileLists.value = lists.lists;
    trustProblem.value = undefined;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    trustProblem.value = error.message;
  }
}

/** One after the other: each makes the gateway judge the chains of all devices anew. */
let turn = Promise.resolve<unknown>(undefined);
/** What an anchor that is staged would let in. Rejects with RequestError. */
export function previewOf(sha256: string): Promise<AnchorPreview> {
  const answer = turn.then(() => ask<AnchorPreview>('GET', `/trust/${sha256}/preview`));
  turn = answer.catch(() => undefined); // whoever asked hears of it
  return answer;
}

let timer: ReturnType<typeof setInterval> | undefined;
effect(() => {
  clearInterval(timer);
  if (session.value?.state !== 'signed-in') {
    anchors.value = references.value = enrolled.value = fileLists.value = undefined;
    return;
  }
  void loadTrust();
  timer = setInterval(() => void (document.hidden || loadTrust()), atTrust() ? openMs : elsewhereMs);
});
