import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellOf, csv } from '../../gateway/export/csv.ts';
import { jsonLines } from '../../gateway/export/json-lines.ts';
import { columns, exportRecord } from '../../gateway/export/record.ts';
import type { ExportRecord } from '../../gateway/export/record.ts';
import type { DeviceView } from '../../gateway/model/device.ts';
import { fixtureViews } from '../api/fixture-views.ts';
import { bidiText, epoch, hostileName, markupName } from '../api/fixture-words.ts';
import { readCsv } from './read-csv.ts';

const asOf = epoch + 90_000;
const records = fixtureViews().map(view => exportRecord(view, asOf));
const of = (id: string): ExportRecord => {
  const found = records.find(record => record.asset_id === id);
  if (found === undefined) throw new Error(`Cannot find ${id}`);
  return found;
};

/** A record of the tampered sensor with hostile text wherever the network or a person can put some. */
function hostileRecord(text: string, list: readonly string[]): ExportRecord {
  const view = fixtureViews()[1];
  if (view === undefined) throw new Error('Cannot find the tampered sensor');
  const field = (value: string) => ({ value, source: 'dhcp', at: epoch, frame: 1 });
  const hostile: DeviceView = {
    ...view,
    device: {
      ...view.device,
      fields: { hostname: field(text), vendor: field(text), model: field(text), kind: field(text), location: field(text) },
      services: list.map(name => ({ service: name, name })),
    },
    person: { kind: 'waiver', by: text, reason: text, at: epoch, until: epoch + 1 },
  };
  return exportRecord(hostile, asOf);
}

/** Text that tries: formulas, separators, quotes, line ends, control and bidi characters, lone surrogates. */
const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...'=+-@|%\t\r\n\u0000",;\' \u202e\ud800\uff1dA1()!'.split('')), { maxLength: 12 }).map(parts => parts.join('')),
);

describe('the record', () => {
  it('says what the tampered sensor is, what it proved, and which rule decided', () => {
    expect(of('d2')).toMatchObject({
      attestation: 'contraindicated',
      assurance: 'A3',
      admission: 'denied',
      enforcement: 'quarantined',
      presence: 'online',
      reason_code: 'DIGEST_UNKNOWN',
      policy_rule_at: 'built-in:failed-evidence',
      serial: 'AS-0018',
      digest_alg: 'sha-256',
      first_seen: '2026-03-01T06:14:00.000Z',
    });
    expect(of('d2').digest_seen).not.toEqual(of('d2').digest_expected);
  });

  it('says who allowed it, why, and until when', () => {
    const record = hostileRecord('why', []);
    expect(record).toMatchObject({
      decided_by: 'why',
      decision: 'waiver',
      decided_reason: 'why',
      decided_until: '2026-03-01T06:14:00.001Z',
    });
    expect(of('d1').decided_until).toBe('');
  });

  it('names the device that several records count as, what the address is, and where it stands', () => {
    expect(of('d7')).toMatchObject({ asset_id: 'd7', device_id: 'd3', address_class: 'made', location: '' });
    expect(of('d1').device_id).toBe('d1');
    expect(hostileRecord('rack 2', []).location).toBe('rack 2');
  });

  it('has exactly the columns of the table', () => {
    for (const record of records) expect(Object.keys(record)).toEqual(columns);
  });
});

describe('CSV', () => {
  it('reads back as the cells that were written', () => {
    const [header, ...rows] = readCsv(csv(records));
    expect(header).toEqual([...columns]);
    expect(rows).toEqual(records.map(record => columns.map(column => cellOf(record[column]))));
  });

  it('makes hostile names harmless', () => {
    const text = csv(records);
    expect(text).toContain(`"'${hostileName}"`);
    expect(text).toContain(`"${markupName}"`);
    expect(text).not.toContain(bidiText);
    expect(text).not.toMatch(/[\u202e\u0000\u0007]/);
    expect(text.split('\r\n')).toHaveLength(records.length + 2);
  });

  it('lets no hostile text begin a cell with a formula, split a cell or add a line', () => {
    fc.assert(
      fc.property(hostileText, fc.array(hostileText, { maxLength: 4 }), (text, list) => {
        const record = hostileRecord(text, list);
        const written = csv([record, record]);
        const rows = readCsv(written);
        expect(rows).toHaveLength(3);
        expect(written.split(/\r\n|\r|\n/)).toHaveLength(4);
        for (const row of rows) {
          expect(row).toHaveLength(columns.length);
          for (const cell of row) expect(cell).not.toMatch(/^\s*[=+\-@\t\r\n\u0000\uff1d\uff0b\uff0d\uff20]/);
        }
        const services = rows[1]?.[columns.indexOf('services')] ?? '';
        expect(services.split(';')).toHaveLength(Math.max(1, list.length));
        for (const item of services.split(';')) expect(item).not.toMatch(/^\s*[=+\-@]/);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps harmless text as it is', () => {
    for (const text of ['dock-ts4-17', '10.20.4.11', 'Müller & Söhne', '2026-03-01', "'quoted'", 'a=b']) expect(cellOf(text)).toBe(text);
    for (const text of ['=1', '+1', '-1', '@x', ' =1', '\t=1', '\u0000=1', '＝1']) expect(cellOf(text)).toMatch(/^('|\uFFFD)/);
  });
});

describe('JSON Lines', () => {
  it('loses nothing, whatever the text is', () => {
    fc.assert(
      fc.property(hostileText, fc.array(hostileText, { maxLength: 4 }), (text, list) => {
        const record = hostileRecord(text, list);
        const lines = jsonLines([record, record]).split('\n');
        expect(lines).toHaveLength(3);
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(lines.slice(0, 2).map((line): unknown => JSON.parse(line))).toEqual([record, record]);
      }),
      { numRuns: 300 },
    );
  });
});
