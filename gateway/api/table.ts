import { reasons, visibleText } from './contract.ts';
import type { Badge, DeviceDetail, DeviceRow } from './contract.ts';
import { checkLines } from '../model/check-lines.ts';
import { tableLines } from '../model/terminal-text.ts';

/** What the CLI prints. Text of devices goes through `visibleText`: no control character reaches the terminal. */
const shapes: Record<Badge, string> = { trusted: '✓', approved: '☑', waived: '◐', pending: '◆', quarantined: '⬢', offline: '○' };

type Column = { readonly head: string; readonly of: (row: DeviceRow) => string; readonly least: number };
const always: readonly Column[] = [
  { head: 'STATE', of: row => `${shapes[row.badge]} ${row.badge}`, least: 13 },
  { head: 'ID', of: row => (row.group === undefined || row.group === row.id ? row.id : `${row.id}=${row.group}`), least: 3 },
  { head: 'NAME', of: row => row.hostname ?? ([row.vendor, row.model ?? row.kind].filter(Boolean).join(' ') || '–'), least: 10 },
  { head: 'MAC', of: row => row.mac, least: 17 },
  { head: 'ADDRESS', of: row => row.ips.at(-1) ?? '–', least: 7 },
  { head: 'PORT', of: row => (row.vlan === 0 ? row.port : `${row.port}.${row.vlan}`), least: 4 },
  { head: 'ATTESTATION', of: row => `${row.attestation} A${row.assurance}`, least: 11 },
  { head: 'ADMISSION', of: row => row.admission, least: 8 },
  { head: 'NETWORK', of: row => row.enforcement, least: 7 },
  { head: 'REASON', of: row => row.reason, least: 10 },
];

const marksOf = { edge: '', link: ' (link)', here: ' (to here)' } as const;
/** Only where a switch is read. */
const switchColumn: Column = {
  head: 'SWITCH PORT',
  of: ({ attachedTo: at }) => (at === undefined ? '–' : `${at.switchName || at.switchIp} ${at.port}${marksOf[at.how]}`),
  least: 11,
};

/** The rows as a table of at most `width` characters (0: as wide as it needs). */
export function deviceTable(rows: readonly DeviceRow[], width: number): string {
  const columns = rows.some(row => row.attachedTo !== undefined) ? [...always, switchColumn] : always;
  const cells = rows.map(row => columns.map(column => visibleText(column.of(row))));
  return tableLines(columns, cells, width, 2)
    .map(line => `${line}\n`)
    .join('');
}

/** What the age of a proof means for it. */
const ages = { fresh: 'fresh', stale: 'stale: only the grace of its zone holds it', ended: 'too old to count' } as const;

/** The sentence, the checks in their order with what was expected and seen, the rule, and what to do next. */
export function whyText(detail: DeviceDetail): string {
  const { row, why, checks, person } = detail;
  const lines = [
    `${shapes[row.badge]} ${row.badge.toUpperCase()}  ${row.hostname ?? row.mac}  (${row.id})`,
    `${why}.`,
    '',
    ...checks.flatMap((check, n) => checkLines(check, n + 1)),
    ...(checks.length === 0 ? ['It was not challenged: nothing is proved and nothing has failed.'] : []),
    '',
    ...(detail.lastVerified === undefined
      ? []
      : [
          `proof  last verified ${new Date(detail.lastVerified).toISOString()}${detail.freshness === undefined ? '' : `, ${ages[detail.freshness]}`}`,
        ]),
    ...(detail.measured === undefined ? [] : [`       measured ${detail.measured}`]),
    `rule   ${row.rule.name}, ${row.rule.at}`,
    ...(row.sharesPortWith === undefined
      ? []
      : [`place  one of ${row.sharesPortWith + 1} on port ${row.port}: its frames count for A${row.assuranceCap} at most`]),
    ...(person === undefined
      ? []
      : [
          `person ${person.kind} by ${person.by}, ${person.until === undefined ? 'for good' : `until ${new Date(person.until).toISOString()}`}: ${person.reason}`,
        ]),
    ...detail.linked.map(({ row: other, links }) => `also   ${other.id} ${other.mac} at ${other.port}: ${links.map(whyLinked).join('; ')}`),
    ...detail.fields.flatMap(({ name, value, source, locked, observed }) =>
      locked === true
        ? `set    ${name} to “${value}” by ${source}${observed === undefined || observed.value === value ? '' : `; observed is “${observed.value}” (${observed.source})`}`
        : [],
    ),
    ...probeLines(detail),
    `next   ${reasons[row.reason].next} [${row.reason}]`,
  ];
  return lines.map(line => `${visibleText(line)}\n`).join('');
}

/** Why another row counts as the same device. */
export const whyLinked = ({ evidence, by, reason }: DeviceDetail['linked'][number]['links'][number]): string =>
  by === undefined ? evidence.map(({ text }) => text).join(', ') : `${by} said so: ${reason ?? ''}`;

/** Whether it may be asked anything, and why not. */
function probeLines({ probing }: DeviceDetail): readonly string[] {
  if (probing === undefined) return [];
  const { never, proposal, ceasedUntil, backOffUntil } = probing;
  const until = (at: number): string => new Date(at).toISOString();
  return [
    ...(never === undefined ? [] : [`probes ${never.on ? 'never' : 'allowed'}, said ${never.by}: ${never.reason}`]),
    ...(never === undefined && proposal !== undefined ? [`probes none before a person has said so: ${proposal}`] : []),
    ...(ceasedUntil === undefined ? [] : [`probes none until ${until(ceasedUntil)}: it went quiet after one`]),
    ...(backOffUntil === undefined ? [] : [`probes none until ${until(backOffUntil)}: it did not answer`]),
  ];
}
