import { effect, signal } from '@preact/signals';
import type { AnchorRow, ReferenceList } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { path, session } from './store.ts';

/** Whom and what the gateway trusts, as last heard; undefined until then. */
export const anchors = signal<readonly AnchorRow[] | undefined>(undefined);
export const references = signal<ReferenceList | undefined>(undefined);
/** Why it could not be heard. */
export const trustProblem = signal<string | undefined>(undefined);

/** Asked for anew so often: while the page of trust is open, and elsewhere for the count of what waits. Milliseconds. */
const openMs = 5_000;
const elsewhereMs = 60_000;

/** True while the page of trust is open. */
export const atTrust = (): boolean => path.value === '/trust';

/** `anew`: what is drawn is drawn anew, and asks anew what it would let in. */
export async function loadTrust(anew = false): Promise<void> {
  try {
    const [{ anchors: found }, listed] = await Promise.all([
      ask<{ readonly anchors: readonly AnchorRow[] }>('GET', '/trust'),
      atTrust() ? ask<ReferenceList>('GET', '/references') : undefined,
    ]);
    // Else the same list stays the same object, and no preview is asked for again.
    if (anew || JSON.stringify(found) !== JSON.stringify(anchors.value)) anchors.value = found;
    if (listed !== undefined && JSON.stringify(listed) !== JSON.stringify(references.value)) references.value = listed;
    trustProblem.value = undefined;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    trustProblem.value = error.message;
  }
}

let timer: ReturnType<typeof setInterval> | undefined;
effect(() => {
  clearInterval(timer);
  if (session.value?.state !== 'signed-in') {
    anchors.value = references.value = undefined;
    return;
  }
  void loadTrust();
  timer = setInterval(() => void (document.hidden || loadTrust()), atTrust() ? openMs : elsewhereMs);
});
