import { expect, it } from 'vitest';
import { anchorRows } from '../../gateway/api/anchor-rows.ts';
import type { DeviceView } from '../../gateway/model/device.ts';
import type { ShownAnchor } from '../../gateway/model/trust.ts';
import { fixtureViews } from './fixture-views.ts';

const anchor = (name: string): ShownAnchor => ({ name, sha256: '', subject: '', uses: ['identity'], state: 'in-force', from: 'file' });
const good = fixtureViews().find(({ device }) => device.id === 'd1') ?? expect.fail('no good sensor');
const unit = (n: number): DeviceView => ({ ...good, device: { ...good.device, id: `u${n}` } });

it('counts for each anchor the devices that proved by it who they are, not those that failed', () => {
  // d1 and d9 are affirming under acme-root; d2 leads there too, and is contraindicated.
  expect(anchorRows([anchor('acme-root'), anchor('other')], fixtureViews()).map(({ devices, deviceIds }) => [devices, deviceIds])).toEqual([
    [2, ['d1', 'd9']],
    [0, []],
  ]);
});

it('names some of many', () => {
  const [row] = anchorRows(
    [anchor('acme-root')],
    Array.from({ length: 500 }, (_, n) => unit(n)),
  );
  expect([row?.devices, row?.deviceIds.length]).toEqual([500, 20]);
});
