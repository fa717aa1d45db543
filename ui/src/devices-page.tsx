import { computed, signal } from '@preact/signals';
import { reasons } from '../../gateway/api/contract.ts';
import type { Badge, DeviceRow } from '../../gateway/api/contract.ts';
import { AlarmPanel } from './alarm-panel.tsx';
import { BadgeIcon, BadgeWord, badgeOrder, badgeWords } from './badge.tsx';
import { Exports } from './exports.tsx';
import { ago, left, matches, nameOf, once, personOfRow, switchOf, whatOf, when, whereOf } from './format.ts';
import { Link } from './link.tsx';
import { clock, loaded, problem, rows } from './store.ts';

const search = signal(new URLSearchParams(location.search).get('q') ?? '');
const only = signal<Badge | undefined>(undefined);
/** More rows are drawn on demand, so that ten thousand devices do not stop the page. */
const firstRows = 100;
const shown = signal(firstRows);
/** While the pointer or the focus is in the list nothing moves in it: new rows wait. */
const held = signal(false);

const counts = computed(() => {
  const found = new Map<Badge, number>();
  for (const row of rows.value.values()) found.set(row.badge, (found.get(row.badge) ?? 0) + 1);
  return found;
});
const wanted = (row: DeviceRow) => (only.value === undefined || row.badge === only.value) && matches(row, search.value);
/** What wants a person first, then by name with numbers by value. Made once for each row, not for each comparison. */
const sortKey = once((row: DeviceRow) => {
  const name = nameOf(row)
    .toLowerCase()
    .replace(/\d+/g, digits => digits.padStart(12, '0'));
  return `${badgeOrder.indexOf(row.badge)} ${name} ${row.id.padStart(12, '0')}`;
});
const sorted = computed(() => [...rows.value.values()].filter(wanted).toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)));

let order: ReadonlySet<string> = new Set();
let orderedFor = '';
/** The rows in the order that people see: frozen while they are in the list, as long as they ask for the same. */
const listed = computed(() => {
  const asked = `${only.value} ${search.value}`;
  if (!held.value || asked !== orderedFor) {
    orderedFor = asked;
    order = new Set(sorted.value.map(row => row.id));
  }
  const still = [...order].flatMap(id => rows.value.get(id) ?? []);
  return { rows: still, waiting: sorted.value.filter(row => !order.has(row.id)).length };
});

function setSearch(text: string): void {
  search.value = text;
  shown.value = firstRows;
  history.replaceState(null, '', text === '' ? '/' : `/?q=${encodeURIComponent(text)}`);
}

/** All devices, live: counts that filter, a search, a table, and cards where a table does not fit. */
export function DevicesPage() {
  return (
    <main>
      <h1 class="unseen">Devices</h1>
      <AlarmPanel />
      <Counts />
      <div class="tools">
        <input
          type="search"
          aria-label="Search device, MAC, IP, port, reason"
          placeholder="Search device, MAC, IP, port, reason…"
          value={search.value}
          onInput={event => setSearch(event.currentTarget.value)}
        />
        <Exports />
      </div>
      <List />
    </main>
  );
}

function Counts() {
  const total = rows.value.size;
  return (
    <div class="counts" role="group" aria-label="Show only">
      <button type="button" aria-pressed={only.value === undefined} onClick={() => (only.value = undefined)}>
        <b>{total}</b> All
      </button>
      {badgeOrder.map(badge => (
        <button
          key={badge}
          type="button"
          aria-pressed={only.value === badge}
          class={(counts.value.get(badge) ?? 0) === 0 ? 'none' : ''}
          onClick={() => (only.value = only.value === badge ? undefined : badge)}
        >
          <BadgeIcon badge={badge} /> <b>{counts.value.get(badge) ?? 0}</b> {badgeWords[badge]}
        </button>
      ))}
      <p class="unseen" aria-live="polite">
        {`${listed.value.rows.length} of ${total} devices shown, ${counts.value.get('quarantined') ?? 0} quarantined, ${counts.value.get('pending') ?? 0} pending`}
      </p>
    </div>
  );
}

function List() {
  if (!loaded.value) return problem.value === undefined ? <Skeleton /> : null;
  const { rows: all, waiting } = listed.value;
  if (rows.value.size === 0)
    return (
      <div class="empty">
        <h2>No device has spoken yet</h2>
        <p>
          Sallyport lists a device as soon as its first frame is seen. If there should be some, look at the ports below: frames must be
          counting up.
        </p>
      </div>
    );
  if (all.length === 0 && waiting === 0)
    return (
      <div class="empty">
        <h2>Nothing matches</h2>
        <p>
          <button type="button" onClick={() => ((only.value = undefined), setSearch(''))}>
            Show all {rows.value.size} devices
          </button>
        </p>
      </div>
    );
  const hold = () => (held.value = true);
  const free = () => (held.value = false);
  return (
    <div onPointerEnter={hold} onPointerLeave={free} onFocusIn={hold} onFocusOut={free}>
      {waiting > 0 && (
        <button type="button" class="waiting" onClick={free}>
          {waiting} new ↑
        </button>
      )}
      <table class="devices">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Device</th>
            <th scope="col">Where</th>
            <th scope="col">Proof</th>
            <th scope="col">Reason and rule</th>
            <th scope="col">Network</th>
            <th scope="col">Seen</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, shown.value).map(row => (
            <Row key={row.id} row={row} />
          ))}
        </tbody>
      </table>
      {all.length > shown.value && (
        <button type="button" class="more" onClick={() => (shown.value += 500)}>
          Show more ({all.length - shown.value} left)
        </button>
      )}
    </div>
  );
}

const proofWords = { none: 'no proof', affirming: 'proved', warning: 'doubtful', contraindicated: 'failed' } as const;

function Row({ row }: { row: DeviceRow }) {
  return (
    <tr class={row.presence === 'online' ? '' : 'away'}>
      <td class="state">
        <BadgeWord badge={row.badge} />
        {row.until !== undefined && <small title={when(row.until)}>{left(row.until, clock.value)}</small>}
      </td>
      <td class="what">
        <Link to={`/devices/${encodeURIComponent(row.id)}`}>{nameOf(row)}</Link>
        {whatOf(row) !== nameOf(row) && <small>{whatOf(row)}</small>}
        {row.interfaces !== undefined && <small title={`Counts as one device, ${row.group}`}>{row.interfaces} interfaces</small>}
        <small class="mono">
          <span>{row.mac}</span> <span>{row.ips.at(-1) ?? 'no address'}</span>
        </small>
      </td>
      <td class="where">
        {whereOf(row)}
        <small>{row.zone}</small>
        {row.attachedTo !== undefined && <small>{switchOf(row)}</small>}
      </td>
      <td class="proof">
        {proofWords[row.attestation]}
        <small>
          A{row.assurance}
          {row.expected ? ', expected' : ''}
        </small>
      </td>
      <td class="reason">
        {reasons[row.reason].text}
        {row.by !== undefined && <small class="person">{personOfRow(row)}</small>}
        <small>
          <span class="mono">{row.reason}</span> · {row.rule.name}
        </small>
      </td>
      <td class="network">{row.enforcement}</td>
      <td class="seen" title={when(row.lastSeen)}>
        {row.presence === 'online' ? ago(row.lastSeen, clock.value) : `${row.presence}, ${ago(row.lastSeen, clock.value)}`}
      </td>
    </tr>
  );
}

/** Rows of the real height, so that nothing jumps when the list comes. */
function Skeleton() {
  return (
    <div class="skeleton" aria-label="Loading the devices" role="status">
      {[1, 2, 3, 4, 5, 6].map(n => (
        <div key={n} />
      ))}
    </div>
  );
}
