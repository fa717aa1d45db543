import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProbeDispatcher } from '../../../gateway/edge/probe/dispatcher.ts';
import type { ToEnforcer, ToProber } from '../../../gateway/edge/messages.ts';
import type { ProbeOrder, ProbeOutcome } from '../../../gateway/model/probe.ts';

const own = { mac: '02:00:00:00:00:01', ip: '10.20.0.1', prefix: '10.20.0.1/16' };
const target = { device: 'd7', mac: '02:00:5e:00:00:07', ip: '10.20.1.7', port: 'v1', vlan: 0, service: 502 };
const unicast: ProbeOrder = { id: 'p1', probe: 'modbus-device-id', zone: 'cell', armedBy: 'ann', target };
const sweep: ProbeOrder = { id: 'p2', probe: 'arp-sweep', zone: 'cell', armedBy: 'ann', ports: ['v1'] };
const good: ProbeOutcome = { kind: 'answered', startedAt: 1, endedAt: 2, sent: 5, received: 5, detail: 'yes' };

function bench(alive = { enforcer: true, prober: true }) {
  const enforcer: ToEnforcer[] = [];
  const prober: ToProber[] = [];
  const done: (readonly [string, ProbeOutcome['kind'], string])[] = [];
  const dispatcher = new ProbeDispatcher({
    own,
    now: () => 7,
    toEnforcer: message => (alive.enforcer ? enforcer.push(message) > 0 : false),
    toProber: message => (alive.prober ? prober.push(message) > 0 : false),
    done: (id, { kind, detail }) => done.push([id, kind, detail]),
  });
  return { dispatcher, enforcer, prober, done };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the dispatcher of probes', () => {
  it('pins the address of a device before it asks, and lets go of it after', () => {
    const { dispatcher, enforcer, prober, done } = bench();
    dispatcher.start(unicast);
    const { mac, ip, port } = target;
    const lane = { mac, ip, port, remotePort: 502, localPort: 0, ttlSeconds: 100 };
    expect([enforcer, prober]).toEqual([[{ type: 'open-lane', id: 'p1/0', lane }], []]);
    dispatcher.laneAnswered('p1/0', true, '');
    expect(prober).toEqual([{ type: 'probe', order: unicast, own }]);
    dispatcher.answered('p1', good);
    dispatcher.answered('p1', good);
    expect(done).toEqual([['p1', 'answered', 'yes']]);
    expect(enforcer.at(-1)).toEqual({ type: 'close-lane', id: 'p1/0' });
  });

  it('asks everybody without a pin', () => {
    const { dispatcher, enforcer, prober } = bench();
    dispatcher.start(sweep);
    expect([enforcer, prober]).toEqual([[], [{ type: 'probe', order: sweep, own }]]);
  });

  it('a stop ends what waits here at once, tells the prober, and leaves the outcome of what runs to it', () => {
    const { dispatcher, prober, done } = bench();
    dispatcher.start(unicast);
    dispatcher.start(sweep);
    dispatcher.stop(undefined);
    expect(done).toEqual([['p1', 'stopped', 'before anything left']]);
    expect(prober.at(-1)).toEqual({ type: 'stop' });
    dispatcher.laneAnswered('p1/0', true, '');
    expect(prober.filter(({ type }) => type === 'probe')).toHaveLength(1);
    dispatcher.answered('p2', { ...good, kind: 'stopped' });
    expect(done).toHaveLength(2);
  });

  it('a stop of some leaves the others', () => {
    const { dispatcher, done } = bench();
    dispatcher.start(unicast);
    dispatcher.stop(['p2']);
    expect(done).toEqual([]);
  });

  it('a process that is not there, that is restarted, or that does not answer is told as a failure', () => {
    const noEnforcer = bench({ enforcer: false, prober: true });
    noEnforcer.dispatcher.start(unicast);
    const noProber = bench({ enforcer: true, prober: false });
    noProber.dispatcher.start(sweep);
    const restarted = bench();
    restarted.dispatcher.start(sweep);
    restarted.dispatcher.start(unicast);
    restarted.dispatcher.lost('prober');
    restarted.dispatcher.lost('enforcer');
    const slow = bench();
    slow.dispatcher.start(unicast);
    vi.advanceTimersByTime(3000);
    slow.dispatcher.start(unicast);
    slow.dispatcher.laneAnswered('p1/0', true, '');
    vi.advanceTimersByTime(90_000);
    expect(
      [noEnforcer, noProber, restarted, slow].flatMap(({ done }) => done).map(([id, kind, detail]) => `${id} ${kind}: ${detail}`),
    ).toEqual([
      'p1 failed: the enforcer is not there',
      'p2 failed: the prober is not there',
      'p2 failed: the prober was restarted',
      'p1 failed: the enforcer was restarted',
      'p1 failed: the enforcer did not pin the address',
      'p1 failed: the prober did not answer in time',
    ]);
  });
});
