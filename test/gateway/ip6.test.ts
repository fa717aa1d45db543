import { describe, expect, it } from 'vitest';
import type { ReplyLane } from '../../gateway/model/rule-set.ts';
import { pinsOf } from '../../gateway/edge/enforcers/pins.ts';
import { Bench, result, zone } from './fixture.ts';

const sensor = '00:1b:c5:00:00:01';
const other = '00:1b:c5:00:00:02';
const ip = (value: string) => ({ kind: 'address', ip: value }) as const;
const asked = (bench: Bench, mac = sensor): readonly string[] =>
  bench.effects.flatMap(effect => (effect.kind === 'challenge' && effect.challenge.mac === mac ? [effect.challenge.ip] : []));
const refused = { kind: 'transport-failure', failure: 'refused', detail: '' } as const;

describe('a device without IPv4', () => {
  it('is asked at its link-local or unique-local address, and planned with it in the lane', () => {
    for (const address of ['fe80::21b:c5ff:fe00:1', 'fd00:20::7']) {
      const bench = new Bench();
      bench.see(sensor, 'v1', ip(address));
      expect(asked(bench)).toEqual([address]);
      const sets = bench.effects.flatMap(effect => (effect.kind === 'enforce' ? [effect.ruleSet] : []));
      expect(sets.at(-1)?.gateway.ip6).toEqual(['fd00:20::1', 'fe80::ff:fe00:1']);
      expect(sets.at(-1)?.devices).toMatchObject([{ mac: sensor, port: 'v1', ips: [address], access: 'hold' }]);
      bench.answer(sensor, result(bench.now));
      expect(bench.device(sensor).decision).toMatchObject({ access: 'admit', reason: 'SIGNED_AND_EXPECTED' });
    }
  });

  it('is not asked at an address that is no host’s of our networks, nor at ours', () => {
    const bench = new Bench();
    const wrong = [
      'fd00:21::7',
      '2001:db8::7',
      '2002:a14:107::1',
      '64:ff9b::a14:107',
      '::ffff:a14:107',
      'fd00:20::1',
      'fe80::ff:fe00:1',
      'ff02::1',
    ];
    for (const [i, address] of wrong.entries()) bench.see(`00:1b:c5:00:01:0${i}`, 'v1', ip(address));
    bench.feed({ kind: 'tick' }, 1000);
    expect(bench.effects.filter(effect => effect.kind === 'challenge')).toEqual([]);
    const plans = bench.effects.flatMap(effect => (effect.kind === 'enforce' ? effect.ruleSet.devices : []));
    expect(plans.flatMap(d => d.ips)).toEqual([]);
  });

  it('is not asked at an address of an admitted device, or of a host behind the uplink', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('fe80::7'));
    bench.answer(sensor, result(bench.now));
    bench.see('02:00:00:00:00:77', 'up0', ip('fe80::8'));
    bench.see(other, 'v2', ip('fe80::7'), ip('fe80::8'));
    for (let n = 0; n < 5; n += 1) bench.feed({ kind: 'tick' }, 1000);
    expect(asked(bench, other)).toEqual([]);
    bench.see(other, 'v2', ip('fe80::9'));
    expect(asked(bench, other)).toEqual(['fe80::9']);
    expect(bench.gateway.serving.at('fe80::7')).toMatchObject({ kind: 'armed', asker: { mac: sensor } });
  });

  it('hands in from the address that is its own, and from none that two claim', () => {
    const bench = new Bench([zone()]);
    bench.see(sensor, 'v1', ip('fe80::7'));
    expect(bench.gateway.serving.at('fe80::7')).toMatchObject({ kind: 'armed', asker: { mac: sensor, ip: 'fe80::7' } });
    bench.see(other, 'v2', ip('fe80::7'));
    expect(bench.gateway.serving.at('fe80::7').kind).toBe('unknown');
  });

  it('that no longer answers at its newest address is asked at the one before', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('fe80::7'));
    bench.see(sensor, 'v1', ip('fd00:20::a'));
    bench.answer(sensor, refused);
    for (let n = 0; n < 3; n += 1) {
      bench.feed({ kind: 'tick' }, 70_000);
      bench.answer(sensor, refused);
    }
    expect(asked(bench)).toEqual(['fe80::7', 'fe80::7', 'fd00:20::a', 'fe80::7']);
  });
});

describe('a device of both', () => {
  it('is asked by IPv4 first, and by IPv6 when that failed', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.7'), ip('fe80::7'));
    bench.answer(sensor, refused);
    bench.feed({ kind: 'tick' }, 70_000);
    expect(asked(bench)).toEqual(['10.20.1.7', 'fe80::7']);
  });
});

describe('pins', () => {
  const lane = (address: string): ReplyLane => ({
    ...{ mac: sensor, port: 'v1', ip: address, remotePort: 8443, localPort: 20_001, ttlSeconds: 25 },
  });
  const empty = { bridge: 'br0', gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', attestationPort: 8444 } };
  const ruleSet = { ...empty, uplinks: [], enforced: [], observed: [], dhcpServers: [], devices: [] };
  it('keep the neighbour of each open lane, and lead by the bridge to what is not link-local', () => {
    const pins = pinsOf(ruleSet, ['10.20.1.7', 'fe80::7', 'fd00:20::7'].map(lane));
    expect([...pins.neighbours]).toEqual(['10.20.1.7', 'fe80::7', 'fd00:20::7'].map(address => [address, sensor]));
    expect([...pins.routes.keys()]).toEqual(['fd00:20::7']);
  });
});
