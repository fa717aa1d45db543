import { expect, it } from 'vitest';
import { type Fact, isSameFact } from '../../gateway/model/fact.ts';

const bridge = (mac: string): Fact => ({
  kind: 'bridge',
  protocol: 'rstp',
  detail: 'root',
  tree: { root: { priority: 1, extension: 0, mac }, bridge: { priority: 1, extension: 0, mac } },
});

it('facts that say the same are the same, whatever the order of their members', () => {
  expect(isSameFact({ kind: 'service', protocol: 'tcp', port: 80 }, { port: 80, protocol: 'tcp', kind: 'service' })).toBe(true);
  expect(isSameFact(bridge('02:00:00:00:00:01'), bridge('02:00:00:00:00:01'))).toBe(true);
  expect(isSameFact({ kind: 'dhcp-parameters', options: [1, 3] }, { kind: 'dhcp-parameters', options: [1, 3] })).toBe(true);
});

it.each<[Fact, Fact]>([
  [
    { kind: 'model', text: 'a' },
    { kind: 'maker', text: 'a' },
  ],
  [
    { kind: 'service', protocol: 'tcp', port: 80 },
    { kind: 'service', protocol: 'tcp', port: 80, name: 'http' },
  ],
  [
    { kind: 'dhcp-parameters', options: [1, 3] },
    { kind: 'dhcp-parameters', options: [1, 3, 6] },
  ],
  [bridge('02:00:00:00:00:01'), bridge('02:00:00:00:00:02')],
])('facts that differ in one member, at any depth, are not the same', (a, b) => {
  expect(isSameFact(a, b)).toBe(false);
  expect(isSameFact(b, a)).toBe(false);
});
