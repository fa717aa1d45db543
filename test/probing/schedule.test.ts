import { describe, expect, it } from 'vitest';
import type { AskedBefore, ProbeGrant, ProbeOrder, ProbeOutcome, ZoneProbing } from '../../gateway/model/probe.ts';
import { ceilings } from '../../gateway/probing/ceilings.ts';
import { provenService } from '../../gateway/probing/ports.ts';
import type { ListedProbe } from '../../gateway/probing/probe.ts';
import { sweepsOf } from '../../gateway/probing/sweeps.ts';
import { type Candidate, ProbeSchedule, type ProbeWorld, type Turn } from '../../gateway/probing/schedule.ts';
import { helloProbe, plc } from './world.ts';

const everybody = helloProbe('bacnet-who-is', { reach: 'broadcast', medium: { kind: 'frame' }, proofs: [] });
const sweep = helloProbe('arp-sweep', { reach: 'broadcast', medium: { kind: 'frame' }, proofs: [] });
const modbus = helloProbe('modbus-device-id');
const s7 = helloProbe('s7-szl', { medium: { kind: 'tcp', port: 102 }, proofs: ['tcp/102'] });

type Seen = { lastAt: number; packets: number };

/** A site in memory with a clock of its own; every device says ten frames a second unless it is quiet. */
class Site {
  now = 1_000_000_000;
  zones: ZoneProbing[] = [{ zone: 'cell', mode: 'known-devices', by: 'ann' }];
  devices: (Candidate & { seen: Seen })[] = [];
  readonly quiet = new Set<string>();
  readonly grants = new Map<string, ProbeGrant>();
  readonly asked = new Map<string, AskedBefore>();
  readonly ceased = new Set<string>();
  readonly challenged = new Set<string>();
  ceasedKinds: ProbeWorld['ceasedKinds'] = [];
  ports: readonly string[] = ['v1'];
  prefixes: readonly string[] | undefined = ['10.20.0.1/24'];
  proposal: string | undefined;
  readonly schedule: ProbeSchedule;

  constructor(probes: readonly ListedProbe[] = [modbus], count = 1, zone = 'cell') {
    this.schedule = new ProbeSchedule(probes);
    for (let n = 1; n <= count; n++) this.add(plc(n), zone);
  }

  add(device: Candidate['device'], zone = 'cell'): void {
    this.devices.push({ device, zone, seen: { lastAt: this.now, packets: 0 }, ip: () => device.ips[0] });
  }

  turn(afterMs = 1000): Turn {
    this.now += afterMs;
    for (const { device, seen } of this.devices) {
      if (this.quiet.has(device.id)) continue;
      seen.packets += afterMs / 100;
      seen.lastAt = this.now;
    }
    return this.schedule.turn({
      now: this.now,
      zones: this.zones,
      portsOf: () => this.ports,
      sweepsOf: zone => sweepsOf(zone, this.prefixes, '10.20.0.1/16'),
      devices: () => this.devices,
      device: id => this.devices.find(({ device }) => device.id === id),
      grant: mac => this.grants.get(mac),
      proposal: () => this.proposal,
      asked: mac => this.asked.get(mac),
      isCeased: mac => this.ceased.has(mac),
      ceasedKinds: this.ceasedKinds,
      isChallenged: id => this.challenged.has(id),
    });
  }

  /** Turns until so much time has passed; all orders in their order. Each is answered at once unless `kind` is none. */
  run(ms: number, kind: ProbeOutcome['kind'] | 'none' = 'answered'): { order: ProbeOrder; at: number }[] {
    const out: { order: ProbeOrder; at: number }[] = [];
    for (const end = this.now + ms; this.now < end; )
      for (const order of this.turn().orders) {
        out.push({ order, at: this.now });
        if (kind !== 'none') this.end(order, kind);
      }
    return out;
  }

  end(order: ProbeOrder, kind: ProbeOutcome['kind']): void {
    const outcome = { kind, startedAt: this.now, endedAt: this.now, sent: 5, received: 5, detail: '' };
    expect(this.schedule.finish(order.id, outcome, this.now)).toBe(order);
    if (order.target === undefined) return;
    const before = this.asked.get(order.target.mac);
    const probes = { ...before?.probes, [order.probe]: { at: this.now, kind } };
    this.asked.set(order.target.mac, { at: this.now, probes, backOffUntil: kind === 'silent' ? this.now + 1_800_000 : 0 });
  }
}

const minute = 60_000;
const grant = (on: boolean): ProbeGrant => ({ on, by: 'ann', reason: 'line 3', at: 0 });

describe('who is asked', () => {
  it('nobody while the zone is off, and only everybody at once while it is armed for broadcast', () => {
    const site = new Site([everybody, modbus], 3);
    site.zones = [{ zone: 'cell', mode: 'off', by: 'settings' }];
    expect(site.run(5 * minute)).toEqual([]);
    site.zones = [{ zone: 'cell', mode: 'broadcast', by: 'ann' }];
    expect(site.run(5 * minute).map(({ order }) => order.probe)).toEqual(['bacnet-who-is']);
  });

  it('a device that was seen to speak the protocol, after 10 s of listening, with who armed it', () => {
    const site = new Site();
    const [first] = site.run(minute);
    expect(first?.order).toMatchObject({
      probe: 'modbus-device-id',
      zone: 'cell',
      armedBy: 'ann',
      target: { device: 'd1', ip: '10.20.0.1', service: 502 },
    });
    expect((first?.at ?? 0) - 1_000_000_000).toBeGreaterThanOrEqual(ceilings.listenFirstMs);
  });

  const untouched: readonly (readonly [string, (site: Site) => void])[] = [
    [
      'that never spoke the protocol',
      site => (site.devices = site.devices.map(one => ({ ...one, device: { ...one.device, services: [] } }))),
    ],
    ['of a zone that is not armed', site => (site.devices = site.devices.map(one => ({ ...one, zone: 'office' })))],
    ['without an address of its own, or that is cut', site => (site.devices = site.devices.map(one => ({ ...one, ip: () => undefined })))],
    ['that is a clone', site => (site.devices = site.devices.map(one => ({ ...one, device: { ...one.device, cloneOf: 'd9' } })))],
    ['in a VLAN', site => (site.devices = site.devices.map(one => ({ ...one, device: { ...one.device, vlan: 7 } })))],
    ['that a person said never to ask', site => site.grants.set(plc(1).mac, grant(true))],
    ['that traffic proposes to leave alone', site => (site.proposal = 'it speaks GOOSE')],
    ['that went quiet after a probe', site => site.ceased.add(plc(1).mac)],
    ['that was not heard for a minute', site => (site.quiet.add('d1'), (site.now += 61_000))],
    ['under a challenge', site => site.challenged.add('d1')],
    ['when the kind of probe hurt two', site => (site.ceasedKinds = [{ zone: 'cell', probe: 'modbus-device-id' }])],
    ['in its back-off', site => site.asked.set(plc(1).mac, { at: 0, probes: {}, backOffUntil: site.now + 24 * 60 * minute })],
  ];
  for (const [who, make] of untouched)
    it(`no device ${who}, not even when a person asks now`, () => {
      const site = new Site();
      make(site);
      site.schedule.ask('d1', 'ann', site.now);
      expect(site.run(5 * minute)).toEqual([]);
    });

  it('a proposed device once a person said that it may be asked', () => {
    const site = new Site();
    site.proposal = 'it speaks GOOSE';
    site.grants.set(plc(1).mac, grant(false));
    expect(site.run(minute)).toHaveLength(1);
  });

  it('never anything on a port that acts on bytes, though it was seen to speak the protocol there', () => {
    const tls = helloProbe('tls-hello', { medium: { kind: 'tcp', port: 'service' }, proofs: ['tls', 'tcp/9100', 'tcp/443'] });
    const site = new Site([tls, modbus], 0);
    site.add(
      plc(1, {
        services: [
          { service: 'tcp/9100', name: 'tls' },
          { service: 'tcp/631', name: 'tls' },
        ],
        protocols: ['modbus'],
      }),
    );
    expect(site.run(5 * minute)).toEqual([]);
    site.add(
      plc(2, {
        services: [
          { service: 'tcp/9100', name: 'tls' },
          { service: 'tcp/8443', name: 'tls' },
        ],
      }),
    );
    expect(site.run(5 * minute).map(({ order }) => order.target?.service)).toEqual([8443]);
  });
});

describe('where it is asked', () => {
  const head = helloProbe('http-head', { medium: { kind: 'tcp', port: 'service' }, proofs: ['http'] });
  const asked = (more: Parameters<typeof plc>[1]): number | undefined => provenService(head, plc(1, more));

  it('on the port where the protocol was heard, by what a collector said of it, or by its registered name once the device has spoken it', () => {
    const heard = { collector: 'http', frame: 1, at: 0, fact: { kind: 'service', protocol: 'tcp', port: 8088 } } as const;
    expect(asked({ services: [{ service: 'tcp/8088' }], facts: [heard] })).toBe(8088);
    expect(asked({ services: [{ service: 'tcp/8080', name: 'http-alt' }], protocols: ['http'] })).toBe(8080);
  });
  it('and on no port only for its name, by another transport, or where a controller or a printer listens', () => {
    expect(asked({ services: [{ service: 'tcp/8080', name: 'http-alt' }] })).toBeUndefined();
    expect(asked({ services: [{ service: 'udp/80', name: 'http' }], protocols: ['http'] })).toBeUndefined();
    for (const port of [502, 102, 9100, 631])
      expect(asked({ services: [{ service: `tcp/${port}`, name: 'http' }], protocols: ['http'] }), String(port)).toBeUndefined();
  });
});

describe('how often', () => {
  it('the same question once in 24 hours, unless a person asks now', () => {
    const site = new Site();
    expect(site.run(20 * 60 * minute)).toHaveLength(1);
    site.schedule.ask('d1', 'bob', site.now);
    expect(site.run(5 * minute).map(({ order }) => order.armedBy)).toEqual(['bob']);
    expect(site.run(26 * 60 * minute)).toHaveLength(1);
  });

  it('after a refusal no retry, after silence none for 30 minutes', () => {
    const site = new Site([modbus, s7], 0);
    site.add(plc(1, { services: [{ service: 'tcp/502' }, { service: 'tcp/102' }] }));
    const [refused, silent] = site.run(20 * minute, 'refused');
    expect([refused?.order.probe, silent?.order.probe]).toEqual(['modbus-device-id', 's7-szl']);
    const quiet = new Site([modbus, s7], 0);
    quiet.add(plc(1, { services: [{ service: 'tcp/502' }, { service: 'tcp/102' }] }));
    const [first, second] = quiet.run(60 * minute, 'silent');
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(30 * minute);
  });

  it('two questions to one device at least 10 s apart, and one at a time', () => {
    const site = new Site([modbus, s7], 0);
    site.add(plc(1, { services: [{ service: 'tcp/502' }, { service: 'tcp/102' }] }));
    const [first, second] = site.run(2 * minute);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(ceilings.betweenProbesMs);
    const open = new Site([modbus, s7], 0);
    open.add(plc(1, { services: [{ service: 'tcp/502' }, { service: 'tcp/102' }] }));
    expect(open.run(90_000, 'none')).toHaveLength(1);
    expect(open.schedule.isAsking('d1')).toBe(true);
  });

  it('at most 5 a second in a zone and 20 in all, 32 at once', () => {
    const site = new Site([modbus], 100);
    expect(
      Math.max(
        ...site
          .run(minute)
          .reduce((counts, { at }) => counts.set(at, (counts.get(at) ?? 0) + 1), new Map<number, number>())
          .values(),
      ),
    ).toBe(5);
    const wide = new Site([modbus], 0);
    wide.zones = Array.from({ length: 10 }, (_, n) => ({ zone: `z${n}`, mode: 'known-devices' as const, by: 'ann' }));
    for (let n = 0; n < 300; n++) wide.add(plc(n), `z${n % 10}`);
    expect(
      Math.max(
        ...wide
          .run(minute)
          .reduce((counts, { at }) => counts.set(at, (counts.get(at) ?? 0) + 1), new Map<number, number>())
          .values(),
      ),
    ).toBe(20);
    const stuck = new Site([modbus], 100);
    expect(stuck.run(minute, 'none')).toHaveLength(32);
  });

  it('everybody: soon after arming, then about every 15 minutes, again at once after the next arming', () => {
    const site = new Site([everybody], 0);
    const rounds = site.run(60 * minute).map(({ at }) => at);
    expect((rounds[0] ?? 0) - 1_000_000_000).toBeLessThanOrEqual(5000);
    expect(rounds).toHaveLength(4);
    for (const [n, at] of rounds.slice(1).entries()) expect(at - (rounds[n] ?? 0)).toBeGreaterThanOrEqual(15 * minute);
    const [armed] = site.zones;
    site.zones = [{ zone: 'cell', mode: 'off', by: 'ann' }];
    site.turn();
    site.zones = armed === undefined ? [] : [armed];
    expect(site.run(10_000)).toHaveLength(1);
  });

  it('no two zones keep step', () => {
    const site = new Site([everybody], 0);
    site.zones = ['a', 'b', 'c'].map(zone => ({ zone, mode: 'broadcast' as const, by: 'ann' }));
    const second = site
      .run(40 * minute)
      .slice(3, 6)
      .map(({ at }) => at);
    expect(new Set(second).size).toBe(3);
  });

  it('a sweep of more than a /22 only after an explicit word, and one question for each network', () => {
    const site = new Site([sweep], 0);
    site.prefixes = ['10.20.0.0/21'];
    expect(site.run(5 * minute)).toEqual([]);
    site.zones = [{ zone: 'cell', mode: 'broadcast', by: 'ann', wide: true }];
    expect(site.run(5 * minute).map(({ order }) => order.prefix)).toEqual(['10.20.0.0/21']);
    site.prefixes = ['10.20.0.0/19'];
    expect(site.run(30 * minute)).toEqual([]);
    const own = new Site([sweep], 0);
    own.prefixes = undefined;
    expect(own.run(minute).map(({ order }) => order.prefix)).toEqual([undefined]);
    const two = new Site([sweep], 0);
    two.prefixes = ['10.20.0.0/22', '10.20.8.0/24'];
    expect(new Set(two.run(minute).map(({ order }) => order.prefix))).toEqual(new Set(two.prefixes));
    const six = new Site([sweep], 0);
    six.prefixes = ['fd00:20::/64', 'fd00:20::8/125'];
    expect(six.run(30 * minute)).toEqual([]);
  });

  it('nothing by no port: where devices of zones that are off would hear it', () => {
    const site = new Site([everybody], 0);
    site.ports = [];
    expect(site.run(60 * minute)).toEqual([]);
  });
});

describe('the end of a probe', () => {
  it('a zone that is not armed any more stops what runs there', () => {
    const site = new Site();
    const [one] = site.run(minute, 'none');
    site.zones = [{ zone: 'cell', mode: 'broadcast', by: 'ann' }];
    expect(site.turn().stopped).toEqual([one?.order.id]);
  });

  it('an outcome counts once, and one that never comes is given up', () => {
    const site = new Site();
    const [one] = site.run(20_000, 'none');
    const lost = Array.from({ length: 200 }, () => site.turn().lost).flat();
    expect(lost).toEqual([one?.order]);
    const outcome = { kind: 'answered', startedAt: 0, endedAt: 0, sent: 0, received: 0, detail: '' } as const;
    expect(site.schedule.finish(one?.order.id ?? '', outcome, site.now)).toBeUndefined();
  });
});

describe('did we hurt it?', () => {
  const after = (site: Site, ms: number) => Array.from({ length: ms / 1000 }, () => site.turn().hurt).flat();

  it('a device that talked and goes quiet within 60 s after a probe is left alone for a day', () => {
    const site = new Site();
    site.run(20_000);
    expect(after(site, 30_000)).toEqual([]);
    site.quiet.add('d1');
    const [hurt, ...more] = after(site, 60_000);
    expect(hurt).toMatchObject({ device: 'd1', zone: 'cell', probe: 'modbus-device-id', port: 'v1' });
    expect((hurt?.until ?? 0) - site.now).toBeGreaterThan(23 * 60 * minute);
    expect(more).toEqual([]);
  });

  it('not one that talks on, that goes quiet later, or that hardly talked before', () => {
    const talks = new Site();
    talks.run(20_000);
    expect(after(talks, 5 * minute)).toEqual([]);
    const later = new Site();
    later.run(20_000);
    expect(after(later, 70_000)).toEqual([]);
    later.quiet.add('d1');
    expect(after(later, 5 * minute)).toEqual([]);
    const sleepy = new Site();
    sleepy.quiet.add('d1');
    expect(sleepy.run(20_000)).toHaveLength(1);
    expect(after(sleepy, 5 * minute)).toEqual([]);
  });

  it('not by a probe of which nothing left', () => {
    const site = new Site();
    site.run(20_000, 'blocked');
    site.quiet.add('d1');
    expect(after(site, 5 * minute)).toEqual([]);
  });
});

describe('a flood of devices', () => {
  it('60,000 of them, asked and asked for, leave every map under its cap, and none behind when it is over', () => {
    const site = new Site([modbus, everybody], 0);
    for (let n = 0; n < 60_000; n++)
      site.devices.push({ device: plc(1, { id: `d${n}` }), zone: 'cell', seen: { lastAt: site.now, packets: 0 }, ip: () => '10.20.0.9' });
    for (let n = 0; n < 60_000; n++) site.schedule.ask(`d${n}`, 'ann', site.now);
    site.turn();
    expect(site.schedule.sizes[2]).toBe(20_000);
    expect(site.schedule.sizes[4]).toBe(256);
    site.devices = [];
    site.zones = [{ zone: 'cell', mode: 'off', by: 'ann' }];
    site.turn(700_000);
    expect(site.schedule.sizes.slice(1)).toEqual([0, 0, 0, 0]);
  });
});
