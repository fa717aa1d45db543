import { visibleText } from '../../gateway/api/contract.ts';
import { nameOf } from './format.ts';
import { Link } from './link.tsx';
import { rows } from './store.ts';

/** Devices that a line names at most. */
const maxNamed = 8;

const nameOfId = (id: string): string => {
  const row = rows.value.get(id);
  return row === undefined ? visibleText(id) : nameOf(row);
};
const counted = (n: number): string => (n === 1 ? '1 device' : `${n} devices`);

/** Some devices by name, as text: `dock-ts4-17, line1-plc and 3 more`. */
export function devicesText(ids: readonly string[], count: number): string {
  const named = ids.slice(0, maxNamed).map(nameOfId).join(', ');
  const more = count - Math.min(ids.length, maxNamed);
  return more > 0 ? `${named} and ${more} more` : named;
}

/** The same as links. `what`, when given, is what they do: then the count stands before them. */
export function DeviceNames({ ids, count, what }: { ids: readonly string[]; count: number; what?: string }) {
  const more = count - Math.min(ids.length, maxNamed);
  return (
    <span>
      {what !== undefined && `${counted(count)} ${what}: `}
      {ids.slice(0, maxNamed).map((id, n) => (
        <span key={id}>
          {n > 0 && ', '}
          <Link to={`/devices/${encodeURIComponent(id)}`}>{nameOfId(id)}</Link>
        </span>
      ))}
      {more > 0 && ` and ${more} more`}
    </span>
  );
}
