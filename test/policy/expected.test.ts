import { describe, expect, it } from 'vitest';
import { policyOf } from './facts.ts';
import { expectedPlace } from '../../gateway/policy/expected.ts';

const key = 'ab'.repeat(32);
const policy = policyOf('', [
  {
    path: 'policies.d/expected/dock.yaml',
    text: `- serial: "0012"
  vendor: Acme
- serial: "77"
- key: ${key.toUpperCase()}
- key: ${'cd'.repeat(32)}
  serial: "99"
- serial: "5"
  vendor: Acme
  model: T100
  note: bought for the dock
  added-by: anna
`,
  },
]);

/** Whether any entry expects it, wherever it is. */
const isExpected = (proved: Parameters<typeof expectedPlace>[1]) =>
  expectedPlace(policy, proved, { mac: '02:00:00:00:00:01', port: 'v1' }) !== undefined;

describe('the list of expected devices', () => {
  it.each([
    ['the serial with its vendor', { serial: '0012', vendor: 'Acme' }],
    ['a serial without a vendor in the list', { serial: '77', vendor: 'anybody' }],
    ['the key, whatever the serial is', { deviceKey: key, serial: '1' }],
    ['key and serial', { deviceKey: 'cd'.repeat(32), serial: '99' }],
    ['serial, vendor and model', { serial: '5', vendor: 'Acme', model: 'T100' }],
  ])('expects %s', (_, proved) => {
    expect(isExpected(proved)).toBe(true);
  });

  it.each([
    ['nothing proved', {}],
    ['the serial of another vendor', { serial: '0012', vendor: 'Evil' }],
    ['the serial without a vouched vendor', { serial: '0012' }],
    ['the serial without its leading zeros', { serial: '12', vendor: 'Acme' }],
    ['a vendor in other capitals', { serial: '0012', vendor: 'ACME' }],
    ['the start of a serial', { serial: '001', vendor: 'Acme' }],
    ['the vendor alone', { vendor: 'Acme', model: 'T100' }],
    ['another model', { serial: '5', vendor: 'Acme', model: 'T1000' }],
    ['the key without the serial that the entry names', { deviceKey: 'cd'.repeat(32) }],
    ['the serial with another key than the entry names', { deviceKey: key.replace('a', 'b'), serial: '99' }],
  ])('does not expect %s', (_, proved) => {
    expect(isExpected(proved)).toBe(false);
  });
});

describe('expectedPlace', () => {
  const list = policyOf('', [
    {
      path: 'policies.d/expected/dock.yaml',
      text: `- { serial: "1", port: v1 }
- { serial: "2", port: [v1, v2], mac: "02:00:5E:00:00:01" }
- { serial: "3" }
- { serial: "4", mac: "02:00:5e:00:00:01" }
- { serial: "5", vendor: Acme, port: v9 }
- { serial: "5" }
- { serial: "5", vendor: Evil, port: v1 }
`,
    },
  ]);
  it.each([
    ['1', 'v1', '01', 'here'],
    ['1', 'v2', '01', 'elsewhere'],
    ['2', 'v2', '01', 'here'],
    ['2', 'v2', '02', 'elsewhere'],
    ['2', 'v3', '01', 'elsewhere'],
    ['3', 'v1', '01', 'unnamed'],
    // An address proves no place: whoever relays can take it.
    ['4', 'v1', '01', 'unnamed'],
    ['4', 'v1', '02', 'elsewhere'],
    // The best of the entries that fit; one of another vendor says nothing.
    ['5', 'v9', '01', 'here'],
    ['5', 'v1', '01', 'unnamed'],
    ['6', 'v1', '01', undefined],
  ])('of serial %s at %s with :%s is %s', (serial, port, last, place) => {
    expect(expectedPlace(list, { serial, vendor: 'Acme' }, { mac: `02:00:5e:00:00:${last}`, port })).toBe(place);
  });
});
