import { describe, expect, it } from 'vitest';
import { Gateway } from '../../gateway/gateway.ts';
import { Inventory, type InventorySnapshot } from '../../gateway/inventory/inventory.ts';
import { ProbeGrants } from '../../gateway/inventory/probe-grants.ts';
import { probeProposal } from '../../gateway/inventory/probe-proposal.ts';
import type { Command } from '../../gateway/model/machine.ts';
import type { ProbeOrder, ProbeOutcome } from '../../gateway/model/probe.ts';
import type { ZoneSettings } from '../../gateway/model/settings.ts';
import { broadcastPorts } from '../../gateway/probing/broadcast-ports.ts';
import { hashRuleSet } from '../../gateway/quarantine/plan.ts';
import { helloProbe, plc } from '../probing/world.ts';
import { Bench, policy, result, settings, zone } from './fixture.ts';

const everybody = helloProbe('bacnet-who-is', { reach: 'broadcast', medium: { kind: 'frame' }, proofs: [] });
const list = [everybody, helloProbe('modbus-device-id')];
const [mac, other] = ['02:00:5e:00:00:07', '02:00:5e:00:00:08'];
const hour = 3_600_000;

/** The inventory as a restart has it. */
const restarted = (bench: ProbeBench): Inventory =>
  Inventory.from(JSON.parse(JSON.stringify(bench.gateway.inventory.snapshot())) as InventorySnapshot);

/** A bench whose machine knows two probes, in one zone that observes. */
class ProbeBench extends Bench {
  constructor(more: Partial<ZoneSettings> = {}, inventory = new Inventory()) {
    const zones = [zone({ mode: 'observe', challenge: false, ...more })];
    super(zones, inventory);
    const site = {
      settings: settings(zones),
      gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', prefix: '10.20.0.1/16' },
      vendorOf: () => undefined,
    };
    Object.assign(this, { gateway: new Gateway(site, policy(), inventory, list) });
    this.effects.push(...this.gateway.usePolicy(policy(), [], this.now));
    this.applied();
  }

  applied(): void {
    const wish = this.effects.findLast(effect => effect.kind === 'enforce');
    if (wish?.kind === 'enforce')
      this.feed({ kind: 'enforcement-state', state: 'applied', ruleSet: hashRuleSet(wish.ruleSet), detail: '' });
  }

  command(command: Command, by = 'ann'): string | undefined {
    const effects = this.feed({ kind: 'command', by, reason: 'commissioning', command });
    const answer = effects.find(effect => effect.kind === 'answer');
    return answer?.kind === 'answer' ? answer.refused?.problem : 'no answer';
  }

  arm(mode: 'broadcast' | 'known-devices', ms = hour): string | undefined {
    return this.command({ kind: 'arm-probes', zone: 'dock', mode, until: this.now + ms });
  }

  /** Ticks once a second; the devices talk all the time unless they are quiet. */
  tick(seconds: number, quiet: readonly string[] = []): readonly ProbeOrder[] {
    return Array.from({ length: seconds }, () => {
      for (const one of this.gateway.inventory.records())
        if (!quiet.includes(one.device.mac)) one.seen = { ...one.seen, lastAt: this.now + 1000, packets: one.seen.packets + 10 };
      return this.feed({ kind: 'tick' }, 1000).flatMap(effect => (effect.kind === 'probe' ? [effect.order] : []));
    }).flat();
  }

  modbus(address = mac, ip = '10.20.1.7'): string {
    this.see(address, 'v1', { kind: 'address', ip }, { kind: 'service', protocol: 'tcp', port: 502 });
    this.applied();
    return this.device(address).device.id;
  }

  end(order: ProbeOrder | undefined, kind: ProbeOutcome['kind'] = 'answered'): void {
    const outcome = { kind, startedAt: this.now, endedAt: this.now, sent: 5, received: 9, detail: 'it said something' };
    this.feed({ kind: 'probe-outcome', id: order?.id ?? '', outcome });
  }

  get stops() {
    return this.effects.filter(effect => effect.kind === 'stop-probes');
  }
}

describe('arming', () => {
  it('nothing is asked before a person arms the zone, and nothing after the window has ended', () => {
    const bench = new ProbeBench();
    bench.modbus();
    expect(bench.tick(120)).toEqual([]);
    expect(bench.arm('known-devices', 60_000)).toBeUndefined();
    expect(new Set(bench.tick(50).map(({ probe, armedBy }) => `${probe} ${armedBy}`))).toEqual(
      new Set(['bacnet-who-is ann', 'modbus-device-id ann']),
    );
    expect(bench.tick(7200)).toEqual([]);
    expect(bench.stops).toHaveLength(1);
  });

  it('a window ends within 8 hours, and names a zone that exists', () => {
    const bench = new ProbeBench();
    expect(bench.arm('broadcast', 8 * hour + 1000)).toMatch(/within the next 8 hours/);
    expect(bench.arm('broadcast', -1000)).toMatch(/within the next 8 hours/);
    expect(bench.command({ kind: 'arm-probes', zone: 'roof', mode: 'broadcast', until: bench.now + hour })).toMatch(/none of that name/);
    expect(bench.events.filter(({ kind }) => kind === 'probes-armed')).toEqual([]);
  });

  it('settings may arm for good, and a stop overrides them until somebody arms again', () => {
    const bench = new ProbeBench({ probes: 'broadcast' });
    const [order] = bench.tick(10);
    expect(order?.armedBy).toBe('settings');
    expect(bench.command({ kind: 'stop-probes' }, 'bob')).toBeUndefined();
    expect(bench.stops).toEqual([{ kind: 'stop-probes' }]);
    bench.end(order, 'stopped');
    expect(bench.tick(7200)).toEqual([]);
    bench.arm('broadcast');
    expect(bench.tick(10)).toHaveLength(1);
  });

  it('a stop of all ends windows that were armed, too, and one of a zone that zone', () => {
    for (const zone of [undefined, 'dock']) {
      const bench = new ProbeBench();
      bench.arm('broadcast');
      bench.command({ kind: 'stop-probes', ...(zone === undefined ? {} : { zone }) }, 'bob');
      expect(bench.gateway.prober.armed(bench.now).zones).toEqual([]);
      expect(bench.tick(60)).toEqual([]);
    }
  });

  it('survives a restart, and so does a stop', () => {
    const bench = new ProbeBench({ probes: 'broadcast' });
    bench.arm('known-devices');
    const restart = () => new ProbeBench({ probes: 'broadcast' }, restarted(bench));
    expect(restart().gateway.prober.state(bench.now).zones).toMatchObject([{ mode: 'known-devices', by: 'ann', reason: 'commissioning' }]);
    bench.command({ kind: 'stop-probes', zone: 'dock' }, 'bob');
    expect(restart().gateway.prober.state(bench.now).zones).toEqual([{ zone: 'dock', mode: 'off', by: 'bob', reason: 'commissioning' }]);
  });

  it('is refused where we only listen, and there nobody is ever asked', () => {
    const inventory = new Inventory();
    const site = {
      settings: { ...settings([zone({ probes: 'broadcast' })]), network: { kind: 'listen' as const, ports: ['v1'] } },
      vendorOf: () => undefined,
    };
    const gateway = new Gateway(site, policy(), inventory, list);
    const arm = { kind: 'arm-probes', zone: 'dock', mode: 'broadcast', until: 2000 } as const;
    const effects = gateway.handle({ kind: 'command', by: 'ann', reason: 'testing', command: arm }, 1000);
    expect(effects).toMatchObject([{ kind: 'answer', refused: { status: 409 } }]);
    for (let n = 1; n < 100; n++) expect(gateway.handle({ kind: 'tick' }, n * 1000).filter(({ kind }) => kind === 'probe')).toEqual([]);
  });
});

describe('never', () => {
  it('wins over arming, over a person who asks, and over challenges, at this address and port', () => {
    const bench = new ProbeBench({ challenge: true });
    const id = bench.modbus();
    const challenges = () => bench.effects.filter(({ kind }) => kind === 'challenge').length;
    bench.arm('known-devices');
    bench.command({ kind: 'never-probe', device: id, on: true });
    const before = challenges();
    expect(bench.tick(120).filter(({ target }) => target !== undefined)).toEqual([]);
    expect(bench.command({ kind: 'probe', device: id })).toMatch(/ann said never to \(commissioning\)/);
    expect(bench.command({ kind: 'challenge', device: id })).toMatch(/ann said never/);
    bench.feed({ kind: 'tick' }, 60_000);
    expect(challenges()).toBe(before);
    expect(bench.device(mac).probing?.never).toMatchObject({ on: true, by: 'ann' });
  });

  it('ends a probe of the device that runs', () => {
    const bench = new ProbeBench();
    const id = bench.modbus();
    bench.arm('known-devices');
    const order = bench.tick(30).find(({ target }) => target?.device === id);
    bench.command({ kind: 'never-probe', device: id, on: true });
    expect(bench.stops).toEqual([{ kind: 'stop-probes', ids: [order?.id] }]);
  });

  it('is only proposed by traffic: probes wait for a person, challenges do not', () => {
    const bench = new ProbeBench({ challenge: true });
    const id = bench.modbus();
    bench.see(mac, 'v1', { kind: 'protocol', name: 'goose' });
    expect(bench.device(mac).probing?.proposal).toMatch(/GOOSE/);
    bench.arm('known-devices');
    expect(bench.tick(60).filter(({ target }) => target !== undefined)).toEqual([]);
    expect(bench.effects.some(({ kind }) => kind === 'challenge')).toBe(true);
    bench.answer(mac, { kind: 'transport-failure', failure: 'refused', detail: 'no' });
    bench.command({ kind: 'never-probe', device: id, on: false });
    bench.command({ kind: 'probe', device: id }, 'bob');
    expect(bench.tick(60).filter(({ target }) => target !== undefined)).toHaveLength(1);
  });

  it('is proposed for what its kind or its own words make a relay, a safety or a medical device, and for nothing else', () => {
    const said = (value: string) => probeProposal(plc(1, { fields: { model: { value, source: 'lldp', at: 0, frame: 1 } } }));
    for (const word of ['protection-relay', 'Safety PLC', 'Infusion pump 3']) expect(said(word)).toMatch(/^lldp says/);
    for (const word of ['plc', 'Assist 3', 'relayed', 'printer']) expect(said(word)).toBeUndefined();
    for (const name of ['goose', 'sampled-values', 'ethercat', 'hart-ip'])
      expect(probeProposal(plc(1, { protocols: ['arp', name] }))).toMatch(/^it speaks/);
    expect(probeProposal(plc(1, { protocols: ['modbus', 's7comm'] }))).toBeUndefined();
  });
});

describe('one connection at a time', () => {
  it('a challenge waits for the probe of the same device, and the probe for a challenge', () => {
    const bench = new ProbeBench({ challenge: true });
    bench.modbus();
    bench.arm('known-devices');
    // The challenge came first and is open: nothing else is sent to the device.
    expect(bench.tick(25).filter(({ target }) => target !== undefined)).toEqual([]);
    bench.answer(mac, result(bench.now));
    const order = bench.tick(15).find(({ target }) => target !== undefined);
    expect(order).toBeDefined();
    const challenges = bench.effects.filter(({ kind }) => kind === 'challenge').length;
    bench.command({ kind: 'challenge', device: bench.device(mac).device.id });
    bench.tick(30);
    expect(bench.effects.filter(({ kind }) => kind === 'challenge')).toHaveLength(challenges);
    bench.end(order);
    bench.tick(30);
    expect(bench.effects.filter(({ kind }) => kind === 'challenge').length).toBeGreaterThan(challenges);
  });
});

describe('what is journalled', () => {
  it('one Event for each probe with who armed it and what came of it, on the device', () => {
    const bench = new ProbeBench();
    const id = bench.modbus();
    bench.arm('known-devices');
    for (const order of bench.tick(30)) bench.end(order, order.target === undefined ? 'asked' : 'answered');
    const probed = bench.events.filter(event => event.kind === 'probed');
    expect(probed).toMatchObject([
      { order: { probe: 'bacnet-who-is', armedBy: 'ann' }, outcome: { kind: 'asked' } },
      { device: id, order: { probe: 'modbus-device-id' }, outcome: { kind: 'answered', sent: 5 } },
    ]);
    expect(bench.device(mac).probing?.asked).toMatchObject([{ probe: 'modbus-device-id', kind: 'answered' }]);
  });

  it('an outcome of an order that nobody gave changes nothing', () => {
    const bench = new ProbeBench();
    bench.end(undefined);
    expect(bench.events.filter(event => event.kind === 'probed')).toEqual([]);
  });

  it('a device hurt by a probe: an alarm, its rest for a day also after a restart, and after two the kind of probe rests in the zone', () => {
    const bench = new ProbeBench();
    bench.modbus();
    bench.modbus(other, '10.20.1.8');
    bench.modbus('02:00:5e:00:00:09', '10.20.1.9');
    bench.arm('known-devices');
    for (const order of bench.tick(13)) bench.end(order);
    bench.tick(60, [mac, other]);
    const alarms = bench.events.flatMap(event => (event.kind === 'alarm' && event.alarm === 'probe-hurt' ? [event.actor] : []));
    expect(alarms.toSorted()).toEqual([mac, other]);
    expect(bench.command({ kind: 'probe', device: bench.device(mac).device.id })).toMatch(/went quiet after modbus-device-id/);
    const again = restarted(bench);
    expect(again.probing.ceasedKinds(bench.now)).toEqual([{ zone: 'dock', probe: 'modbus-device-id' }]);
    expect(again.probing.ceasedKinds(bench.now + 24 * hour)).toEqual([]);
    bench.command({ kind: 'probe', device: bench.device('02:00:5e:00:00:09').device.id });
    expect(bench.tick(60).filter(({ target }) => target !== undefined)).toEqual([]);
  });
});

describe('who hears a broadcast', () => {
  const cell = zone({ name: 'cell', ports: ['v1', 'v2'] });
  const office = zone({ name: 'office', prefixes: ['10.20.9.0/24'] });
  const rest = zone({ name: 'rest' });
  const { default: _a, ...cellOnly } = cell;
  const { default: _b, ...officeOnly } = office;
  const ports = ['v1', 'v2', 'v3'];
  const of = (name: string, zones: readonly ZoneSettings[], armed: readonly string[]) =>
    broadcastPorts(name, zones, ports, one => armed.includes(one));

  it('only ports of the armed zone', () => {
    expect(of('cell', [cellOnly, rest], ['cell'])).toEqual(['v1', 'v2']);
    expect(of('rest', [cellOnly, rest], ['rest'])).toEqual(['v3']);
  });
  it('a port that a zone of addresses shares only while that zone is armed too', () => {
    expect(of('rest', [officeOnly, rest], ['rest'])).toEqual([]);
    expect(of('rest', [officeOnly, rest], ['rest', 'office'])).toEqual(ports);
    expect(of('cell', [cellOnly, officeOnly, rest], ['cell'])).toEqual(['v1', 'v2']);
  });
  it('none for a zone of VLANs', () =>
    expect(of('v', [{ ...cellOnly, name: 'v', ports: [], vlans: [7] }, rest], ['v', 'rest'])).toEqual([]));
});

describe('floods', () => {
  it('what people and probes make us remember stays under its caps', () => {
    const grants = new ProbeGrants();
    for (let n = 0; n < 30_000; n++) {
      const { mac: address, id: device } = plc(n);
      const target = { device, mac: `${n}`.padStart(17, '0'), ip: '10.0.0.1', port: 'v1', vlan: 0, service: 502 };
      const order = { id: `p${n}`, probe: 'modbus-device-id', zone: 'dock', armedBy: 'ann', target } as const;
      const outcome = { kind: 'silent', startedAt: n, endedAt: n, sent: 0, received: 0, detail: '' } as const;
      grants.apply(n, { kind: 'probed', order, outcome });
      grants.apply(n, { kind: 'never-probe', device, mac: target.mac, port: 'v1', on: true, by: 'ann', reason: 'x' });
      grants.apply(n, { kind: 'probing-ceased', device, mac: target.mac, port: 'v1', zone: 'dock', probe: 'snmp-get', at: n, until: 1e9 });
      grants.apply(n, { kind: 'probes-stopped', zone: `z${n}`, by: address, reason: 'x' });
    }
    const { asked, grants: kept, ceased, zones } = grants.snapshot();
    expect([asked.length, kept.length, ceased.length, zones.length]).toEqual([20_000, 20_000, 4096, 256]);
  });
});
