import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { visibleText } from '../../gateway/api/contract.ts';
import type { Journal, JournalRow } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { ago, nameOf, when } from './format.ts';
import { Link } from './link.tsx';
import { clock, rows } from './store.ts';

/** Asked for anew so often while the page is open. Milliseconds. */
const askMs = 10_000;
/** Alarms that the panel speaks of are not older. Milliseconds. */
const recentMs = 86_400_000;
/** Alarms that it names. */
const maxNamed = 3;

/** The alarms of the last day, before the list: somebody should look. Nothing where there was none. */
export function AlarmPanel() {
  const found = useSignal<Journal | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    const load = async () => {
      try {
        const answer = await ask<Journal>('GET', '/journal?show=alarms');
        if (!gone && JSON.stringify(answer) !== JSON.stringify(found.value)) found.value = answer;
      } catch (error) {
        if (!(error instanceof RequestError)) throw error; // the page says elsewhere that the gateway does not answer
      }
    };
    void load();
    const timer = setInterval(() => void (document.hidden || load()), askMs);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, []);
  const recent = (found.value?.rows ?? []).filter(({ at }) => clock.value - at < recentMs);
  if (recent.length === 0) return null;
  const atLeast = found.value?.older === true && recent.length === found.value.rows.length ? 'more than ' : '';
  return (
    <section class="alarms" aria-label="Alarms">
      <h2>
        {atLeast}
        {recent.length} {recent.length === 1 ? 'alarm' : 'alarms'} in 24 hours
      </h2>
      <ul class="lines">
        {recent.slice(0, maxNamed).map(row => (
          <li key={row.seq}>
            <Who row={row} /> <span>{visibleText(row.text)}</span>{' '}
            <small class="soft" title={when(row.at)}>
              {ago(row.at, clock.value)}
            </small>
          </li>
        ))}
      </ul>
      <Link to="/journal?show=alarms">All alarms</Link>
    </section>
  );
}

/** The device that a line of the journal is about, by the name that it has now. */
export function Who({ row: { device } }: { row: JournalRow }) {
  const known = device === undefined ? undefined : rows.value.get(device);
  if (device === undefined) return null;
  return known === undefined ? <span>{device}</span> : <Link to={`/devices/${encodeURIComponent(device)}`}>{nameOf(known)}</Link>;
}
