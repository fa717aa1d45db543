import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { visibleText } from '../../gateway/api/contract.ts';
import type { Coverage } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { Link } from './link.tsx';

/** Asked for anew so often while the page is open. Milliseconds. */
const askMs = 30_000;
/** Devices that a line names. */
const maxLinks = 8;

/** What cannot be seen from this box: a line each with what to do about it. Folded, with the count on the outside. */
export function CoveragePanel() {
  const coverage = useSignal<Coverage | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    const load = async () => {
      try {
        const found = await ask<Coverage>('GET', '/coverage');
        if (!gone) coverage.value = found;
      } catch (error) {
        if (!(error instanceof RequestError)) throw error; // the page says elsewhere that the gateway does not answer
      }
    };
    void load();
    const timer = setInterval(() => void load(), askMs);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, []);
  const gaps = coverage.value?.gaps ?? [];
  if (gaps.length === 0) return null;
  return (
    <section aria-label="What is not seen from here">
      <details class="health coverage">
        <summary>
          <b>{gaps.length}</b> {gaps.length === 1 ? 'thing is' : 'things are'} not seen from here
        </summary>
        <ul>
          {gaps.map(gap => (
            <li key={`${gap.kind} ${gap.port ?? ''} ${gap.vlan ?? ''} ${gap.devices[0] ?? ''}`}>
              <b>{gap.kind}</b> {visibleText(gap.notSeen)}. <span class="soft">To do: {visibleText(gap.toDo)}.</span>{' '}
              {gap.devices.slice(0, maxLinks).map(id => (
                <>
                  <Link to={`/devices/${encodeURIComponent(id)}`}>{id}</Link>{' '}
                </>
              ))}
              {gap.devices.length > maxLinks && '…'}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
