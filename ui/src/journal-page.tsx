import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { visibleText } from '../../gateway/api/contract.ts';
import type { Journal, JournalRow, Show } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { Who } from './alarm-panel.tsx';
import { when } from './format.ts';

/** Asked for anew so often while the page is open. Milliseconds. */
const askMs = 5_000;
const words = { alarms: 'Alarms', people: 'People', gateway: 'Gateway' } as const satisfies Record<Show, string>;
const kinds = Object.keys(words) as Show[];
const queryOf = (show: Show | undefined, before?: number): string =>
  `/journal?${[...(show === undefined ? [] : [`show=${show}`]), ...(before === undefined ? [] : [`before=${before}`])].join('&')}`;

/** What happened on the site, newest first: alarms, decisions of people, the gateway itself. More of it on demand. */
export function JournalPage() {
  const asked = new URLSearchParams(location.search).get('show');
  const show = useSignal<Show | undefined>(kinds.find(kind => kind === asked));
  const newest = useSignal<Journal | undefined>(undefined);
  const further = useSignal<Journal | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const wanted = show.value;
  const load = async (before?: number): Promise<void> => {
    try {
      const found = await ask<Journal>('GET', queryOf(wanted, before));
      if (show.value !== wanted) return;
      failure.value = undefined;
      if (before !== undefined) further.value = { rows: [...(further.value?.rows ?? []), ...found.rows], older: found.older };
      // While somebody reads on, what is below stays: the newest are added above it, as far as one answer reaches.
      else if (JSON.stringify(found) !== JSON.stringify(newest.value)) newest.value = found;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failure.value = error.message;
    }
  };
  useEffect(() => {
    newest.value = further.value = undefined;
    void load();
    const timer = setInterval(() => void (document.hidden || further.value !== undefined || load()), askMs);
    return () => clearInterval(timer);
  }, [wanted]);
  const choose = (kind: Show | undefined): void => {
    show.value = kind;
    history.replaceState(null, '', kind === undefined ? '/journal' : `/journal?show=${kind}`);
  };
  const all = [...(newest.value?.rows ?? []), ...(further.value?.rows ?? [])];
  const last = all.at(-1);
  const older = (further.value ?? newest.value)?.older === true;
  return (
    <main class="journal">
      <h1>Journal</h1>
      <p class="soft">Alarms tell people and cut nothing. What a device said and how it was judged stands on its own page.</p>
      <div class="counts" role="group" aria-label="Show only">
        <button type="button" aria-pressed={wanted === undefined} onClick={() => choose(undefined)}>
          All
        </button>
        {kinds.map(kind => (
          <button key={kind} type="button" aria-pressed={wanted === kind} onClick={() => choose(wanted === kind ? undefined : kind)}>
            {words[kind]}
          </button>
        ))}
      </div>
      {failure.value !== undefined && <p class="banner bad">{failure.value}</p>}
      {newest.value !== undefined && all.length === 0 && (
        <div class="empty">
          <h2>{wanted === 'alarms' ? 'No alarm was raised yet' : 'Nothing happened yet'}</h2>
        </div>
      )}
      <ul class="lines">
        {all.map(row => (
          <Line key={row.seq} row={row} />
        ))}
      </ul>
      {older && last !== undefined && (
        <button type="button" class="more" onClick={() => void load(last.seq)}>
          Older
        </button>
      )}
    </main>
  );
}

function Line({ row }: { row: JournalRow }) {
  return (
    <li class={row.group}>
      <Who row={row} /> <span>{visibleText(row.text)}</span>{' '}
      <small class="soft">
        {when(row.at)} · #{row.seq}
      </small>
    </li>
  );
}
