import { expect, it } from 'vitest';
import { deviceRow } from '../../gateway/api/rows.ts';
import { exportRecord } from '../../gateway/export/record.ts';
import type { Field } from '../../gateway/model/device.ts';
import { vendorShown } from '../../gateway/model/vendor-shown.ts';
import { fixtureViews } from '../api/fixture-views.ts';
import { epoch } from '../api/fixture-words.ts';

const field = (value: string): Field<string> => ({ value, source: 'test', at: 1, frame: 0 });
const vendor = field('TELEMECANIQUE ELECTRIQUE');
const maker = field('Schneider Electric');

it('shows as vendor whom a person named, else whom the device names, else whom the registry has', () => {
  expect(vendorShown({})).toBeUndefined();
  expect(vendorShown({ vendor })).toBe('TELEMECANIQUE ELECTRIQUE');
  expect(vendorShown({ maker })).toBe('Schneider Electric');
  expect(vendorShown({ vendor, maker })).toBe('Schneider Electric');
  expect(vendorShown({ vendor: { ...field('Acme'), locked: true }, maker })).toBe('Acme');
});

it('is what page and export show', () => {
  const view = fixtureViews().find(({ device }) => device.id === 'd3');
  if (view === undefined) throw new Error('Cannot find the controller');
  const named = { ...view, device: { ...view.device, fields: { ...view.device.fields, maker } } };
  for (const [one, shown] of [
    [view, 'Siemens AG'],
    [named, 'Schneider Electric'],
  ] as const)
    expect([deviceRow(one).vendor, exportRecord(one, epoch).vendor]).toEqual([shown, shown]);
});
