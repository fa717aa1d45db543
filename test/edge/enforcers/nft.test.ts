import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Lanes, maxLanes } from '../../../gateway/edge/enforcers/lanes.ts';
import { countRules, differs, readListing } from '../../../gateway/edge/enforcers/nft-listing.ts';
import { complaints } from '../../../gateway/edge/enforcers/nft-session.ts';
import type { RuleSet } from '../../../gateway/model/rule-set.ts';
import { render } from '../../../gateway/quarantine/render.ts';

const ruleSet: RuleSet = {
  bridge: 'br0',
  gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', attestationPort: 8443 },
  uplinks: ['up0'],
  enforced: ['v1', 'v2'],
  observed: [{ port: 'v2', vlan: 20 }],
  dhcpServers: ['10.20.0.2'],
  devices: [
    { mac: '02:00:5e:00:00:01', port: 'v1', ips: ['10.20.1.1'], access: 'admit', bound: true },
    { mac: '02:00:5e:00:00:02', port: 'v2', ips: ['10.20.1.2'], access: 'hold', bound: false },
  ],
};
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: nft needs root');

/** Loads the table in a network namespace of its own, changes it, and lists it. */
function listed(change: string): string {
  const script = `nft -f - && ${change} && nft -j list table bridge sallyport`;
  return spawnSync('unshare', ['-n', 'sh', '-c', script], { input: render(ruleSet), encoding: 'utf8' }).stdout;
}

describe.skipIf(!isRoot)('what the kernel lists', () => {
  it('is what was rendered, rule by rule and element by element', () => {
    const listing = readListing(listed('true'));
    expect(listing?.rules).toEqual(countRules(render(ruleSet)));
    expect(listing === undefined ? 'none' : differs(listing, ruleSet)).toBeUndefined();
  });
  it('has the same shape each time it is loaded', () => {
    expect(readListing(listed('true'))?.shape).toBe(readListing(listed('true'))?.shape);
  });
  it.each([
    ['an element more', 'nft add element bridge sallyport admitted "{ 02:00:5e:00:00:09 . v9 }"', 'set admitted is not as planned'],
    ['an element less', 'nft delete element bridge sallyport cut "{ 02:00:5e:00:00:02 . v2 }"', 'set cut is not as planned'],
  ])('%s differs', (_, change, difference) => {
    const listing = readListing(listed(change));
    expect(listing === undefined ? 'none' : differs(listing, ruleSet)).toBe(difference);
  });
  it.each(['nft flush chain bridge sallyport lane', 'nft insert rule bridge sallyport lane accept', 'nft add chain bridge sallyport x'])(
    '%s changes the shape',
    change => expect(readListing(listed(change))?.shape).not.toBe(readListing(listed('true'))?.shape),
  );
  it('of no table is nothing', () => expect(readListing('{"nftables": [{"metainfo": {}}]}')).toBeUndefined());
});

describe('complaints', () => {
  it('are found among what nft says', () => {
    expect(complaints('table x {\n}\nError: Could not process rule: No such file or directory\nadd element y\n^^^')).toHaveLength(1);
    expect(complaints('      ^\ntable bridge sallyport {\n\tset admitted {\n')).toEqual([]);
  });
});

describe('lanes', () => {
  afterEach(() => void vi.useRealTimers());
  const lane = (n: number) => ({
    mac: '02:00:5e:00:00:01',
    port: 'v1',
    ip: '10.20.1.1',
    remotePort: 8443,
    localPort: 1024 + n,
    ttlSeconds: 30,
  });
  const opener = (said: string[]) => new Lanes(lines => (said.push(...lines), Promise.resolve('')));

  it('are opened for a time, closed, and rendered for a new table', async () => {
    vi.useFakeTimers();
    const said: string[] = [];
    const lanes = opener(said);
    expect(await lanes.open('a', lane(0), () => undefined)).toBeUndefined();
    const rendered = (seconds: number): string =>
      `add element bridge sallyport lanes { 02:00:5e:00:00:01 . "v1" . 10.20.1.1 . 8443 . 1024 timeout ${seconds}s }\n`;
    expect(lanes.text()).toBe(rendered(30));
    vi.advanceTimersByTime(9_000);
    expect(lanes.text()).toBe(rendered(21));
    await lanes.close('a');
    await lanes.close('a');
    expect([said.at(-1), said.length, lanes.text()]).toEqual([
      'delete element bridge sallyport lanes { 02:00:5e:00:00:01 . "v1" . 10.20.1.1 . 8443 . 1024 }',
      2,
      '',
    ]);
  });
  it('are refused beyond their cap and when nft complains', async () => {
    const lanes = opener([]);
    for (let n = 0; n < maxLanes; n++) await lanes.open(`l${n}`, lane(n), () => undefined);
    expect(await lanes.open('one more', lane(0), () => undefined)).toBe(`Cannot open a lane: ${maxLanes} are open`);
    lanes.stop();
    const failing = new Lanes(() => Promise.resolve('Error: No such file or directory'));
    expect(await failing.open('a', lane(0), () => undefined)).toBe('Cannot open a lane: Error: No such file or directory');
  });
});
