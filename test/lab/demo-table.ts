import type { DeviceRow } from '../../gateway/api/contract.ts';
import type { Row } from './rows.ts';

/** The device that the gateway knows on a host's port with the host's address. */
export const deviceOf = (row: Row, devices: readonly DeviceRow[]): DeviceRow | undefined =>
  devices.find(d => d.port === row.port && d.mac === row.mac);

/** Text in columns; the last column is not padded. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map(line => (line[i] ?? '').length)));
  return lines.map(line => line.map((cell, i) => (i === line.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ')).join('\n');
}

export const attestationText = (d: DeviceRow): string =>
  `${d.attestation}${d.assurance > 0 ? ` A${d.assurance}` : ''}${d.attestation === 'affirming' ? (d.expected ? ', expected' : ', not expected') : ''}`;

/** What the gateway says of each host, with how many datagrams of it have arrived at the server. */
export function liveTable(rows: readonly Row[], devices: readonly DeviceRow[], counts: ReadonlyMap<string, number>): string {
  const head = ['host', 'port', 'address', 'attestation', 'admission', 'enforcement', 'reason', 'rule', 'at the server'];
  const lines = rows.map(row => {
    const d = deviceOf(row, devices);
    const wire = String(counts.get(row.name) ?? 0);
    if (d === undefined) return [row.title, row.port, '–', 'not seen yet', '–', '–', '–', '–', wire];
    return [
      row.title,
      row.port,
      d.ips.at(-1) ?? '–',
      attestationText(d),
      d.admission,
      d.enforcement,
      d.reason,
      `${d.rule.name} (${d.rule.at})`,
      wire,
    ];
  });
  return columns([head, ...lines]);
}
