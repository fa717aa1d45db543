import { expect, it } from 'vitest';
import { counted } from '../../gateway/model/counted.ts';

it.each([
  [0, 'device', '0 devices'],
  [1, 'device', '1 device'],
  [2, 'reference set', '2 reference sets'],
  [1, 'address', '1 address'],
  [3, 'address', '3 addresses'],
])('counts %i %s as “%s”', (n, what, text) => {
  expect(counted(n, what)).toBe(text);
});
