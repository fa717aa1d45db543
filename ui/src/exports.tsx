import { signal } from '@preact/signals';
import { apiPath } from '../../gateway/api/contract.ts';

/** A local day, `2026-03-01`; empty is now. */
const day = signal('');
const pad = (n: number) => String(n).padStart(2, '0');
const today = (): string => {
  const d = new Date();
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
};

/** The inventory as files, as it stands or as it stood at the end of a day. What was proved then is signed no more. */
export function Exports() {
  // The end of the day where the reader is; the file says the instant in UTC.
  const end = day.value === '' ? Number.NaN : Date.parse(`${day.value}T23:59:59.999`);
  const then = Number.isNaN(end) ? '' : `?as_of=${new Date(end).toISOString()}`;
  return (
    <span class="exports">
      Export
      <a href={`${apiPath}/export.csv${then}`} download>
        CSV
      </a>
      <a href={`${apiPath}/export.jsonl${then}`} download>
        JSON Lines
      </a>
      <a href={`${apiPath}/export.cyclonedx${then}`} download>
        CycloneDX
      </a>
      {then === '' && (
        <a href={`${apiPath}/export.ear`} download>
          Signed results
        </a>
      )}
      {then === '' && (
        <a href={`${apiPath}/export.journal`} download>
          Whole journal
        </a>
      )}
      <label>
        as of{' '}
        <input
          type="date"
          max={today()}
          value={day.value}
          title="The end of that day, as the journal tells it; empty: now"
          onInput={event => (day.value = event.currentTarget.value)}
        />
      </label>
    </span>
  );
}
