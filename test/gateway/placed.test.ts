import { describe, expect, it } from 'vitest';
import { Bench, result } from './fixture.ts';

/** The list of the fixture expects TS2-000123 at port v1, and TS2-000777 without saying where. */
const sensor = '02:00:5e:00:00:01';
const rogue = '02:00:5e:00:00:02';
const ip = (value: string) => ({ kind: 'address', ip: value }) as const;
const proved = (bench: Bench, mac: string, port: string, address: string): void => {
  bench.see(mac, port, ip(address));
  bench.answer(mac, result(bench.now));
};
const boundOf = (bench: Bench, mac: string) => bench.device(mac).attestation.checks.find(({ check }) => check === 'bound');
const approve = (bench: Bench, device: string) =>
  bench.feed({ kind: 'command', by: 'anna', reason: 'looked at it', command: { kind: 'approve', device } });
const reasonOf = (bench: Bench, mac: string) => bench.device(mac).decision.reason;

describe('good Evidence of an expected device', () => {
  it('at the port that the list names is let in', () => {
    const bench = new Bench();
    proved(bench, sensor, 'v1', '10.20.1.1');
    expect(bench.device(sensor)).toMatchObject({
      admission: 'admitted',
      attestation: { status: 'affirming' },
      decision: { facts: { place: 'here' } },
    });
  });

  it('at another port is a warning, and held: a relay would look the same', () => {
    const bench = new Bench();
    proved(bench, rogue, 'v2', '10.20.1.2');
    expect(bench.device(rogue)).toMatchObject({
      admission: 'pending',
      attestation: { status: 'warning', expected: true, reason: 'LOCATION_NOT_PROVEN' },
      decision: { access: 'hold', reason: 'LOCATION_NOT_PROVEN', facts: { place: 'elsewhere' } },
    });
    expect(boundOf(bench, rogue)).toMatchObject({ outcome: 'warned', code: 'LOCATION_NOT_PROVEN', seen: `${rogue} on v2` });
  });

  it('is a warning wherever it comes from when the list names no port', () => {
    const bench = new Bench();
    bench.see(sensor, 'v1', ip('10.20.1.1'));
    bench.answer(sensor, result(bench.now, {}, 'TS2-000777'));
    expect(bench.device(sensor)).toMatchObject({
      admission: 'pending',
      decision: { reason: 'LOCATION_NOT_PROVEN', facts: { place: 'unnamed' } },
    });
  });

  it('there is let in by a person who looked at it', () => {
    const bench = new Bench();
    proved(bench, rogue, 'v2', '10.20.1.2');
    approve(bench, 'd1');
    expect(bench.device(rogue)).toMatchObject({ admission: 'approved', decision: { access: 'admit' } });
  });

  it('that grows too old is told so, and not that its place is open', () => {
    const bench = new Bench();
    proved(bench, rogue, 'v2', '10.20.1.2');
    bench.feed({ kind: 'tick' }, 3_600_000 + 900_000);
    expect(reasonOf(bench, rogue)).toBe('EVIDENCE_EXPIRED');
  });
});

describe('one key at two places', () => {
  it('is believed where the list places it, whoever came first; the other is cut', () => {
    for (const order of ['sensor first', 'rogue first']) {
      const bench = new Bench();
      if (order === 'sensor first') proved(bench, sensor, 'v1', '10.20.1.1');
      proved(bench, rogue, 'v2', '10.20.1.2');
      if (order === 'rogue first') proved(bench, sensor, 'v1', '10.20.1.1');
      expect([order, bench.device(sensor).admission]).toEqual([order, 'admitted']);
      expect(bench.device(rogue)).toMatchObject({
        attestation: { status: 'contraindicated' },
        decision: { access: 'quarantine', reason: 'KEY_SEEN_ELSEWHERE' },
      });
    }
  });

  it('is believed where a person approved it', () => {
    const bench = new Bench();
    proved(bench, sensor, 'v3', '10.20.1.1');
    approve(bench, 'd1');
    proved(bench, rogue, 'v2', '10.20.1.2');
    expect(bench.device(sensor).admission).toBe('approved');
    expect(reasonOf(bench, rogue)).toBe('KEY_SEEN_ELSEWHERE');
  });

  it('is believed where a person approved the device before it had shown any', () => {
    const bench = new Bench();
    bench.see(sensor, 'v3', ip('10.20.1.1'));
    approve(bench, 'd1');
    bench.answer(sensor, result(bench.now));
    proved(bench, rogue, 'v2', '10.20.1.2');
    expect([bench.device(sensor).admission, reasonOf(bench, rogue)]).toEqual(['approved', 'KEY_SEEN_ELSEWHERE']);
  });

  it('is believed where the list places it, not where a person approved whoever is there: he may be the relay', () => {
    for (const order of ['sensor first', 'rogue first']) {
      const bench = new Bench();
      bench.see(rogue, 'v2', ip('10.20.1.2'));
      approve(bench, 'd1');
      if (order === 'sensor first') proved(bench, sensor, 'v1', '10.20.1.1');
      bench.answer(rogue, result(bench.now));
      if (order === 'rogue first') proved(bench, sensor, 'v1', '10.20.1.1');
      expect([order, bench.device(sensor).admission, reasonOf(bench, rogue)]).toEqual([order, 'admitted', 'KEY_SEEN_ELSEWHERE']);
    }
  });

  it('is believed where a person approved it for a time until that ends, and nowhere from then on', () => {
    for (const [early, sensors, rogues] of [
      [1, 'APPROVED', 'KEY_SEEN_ELSEWHERE'],
      [0, 'KEY_SEEN_ELSEWHERE', 'KEY_SEEN_ELSEWHERE'],
    ] as const) {
      const bench = new Bench();
      proved(bench, sensor, 'v3', '10.20.1.1');
      const until = bench.now + 60_000;
      bench.feed({ kind: 'command', by: 'anna', reason: 'for a minute', command: { kind: 'approve', device: 'd1', until } });
      // The bench lets a millisecond pass before each of two steps.
      bench.feed({ kind: 'tick' }, until - early - 2 - bench.now);
      proved(bench, rogue, 'v2', '10.20.1.2');
      expect(bench.now).toBe(until - early);
      expect([reasonOf(bench, sensor), reasonOf(bench, rogue)]).toEqual([sensors, rogues]);
    }
  });

  it('is said once of who loses by it, though the other proves it again and again', () => {
    const bench = new Bench();
    proved(bench, rogue, 'v2', '10.20.1.2');
    proved(bench, sensor, 'v1', '10.20.1.1');
    const said = () => bench.events.filter(event => event.kind === 'attested' && event.device === 'd1').length;
    const before = said();
    expect(boundOf(bench, rogue)).toMatchObject({ outcome: 'failed', code: 'KEY_SEEN_ELSEWHERE' });
    for (let n = 0; n < 3; n++) {
      bench.feed({ kind: 'command', by: 'anna', reason: 'again', command: { kind: 'challenge', device: 'd2' } });
      bench.answer(sensor, result(bench.now));
    }
    expect([before, said()]).toEqual([2, 2]);
  });

  it('is not believed where a person approved another key', () => {
    const bench = new Bench();
    bench.see(sensor, 'v3', ip('10.20.1.1'));
    bench.answer(sensor, result(bench.now, {}, 'OTHER-9'));
    approve(bench, 'd1');
    bench.feed({ kind: 'command', by: 'anna', reason: 'again', command: { kind: 'challenge', device: 'd1' } });
    bench.answer(sensor, result(bench.now));
    proved(bench, rogue, 'v2', '10.20.1.2');
    expect([reasonOf(bench, sensor), reasonOf(bench, rogue)]).toEqual(['KEY_SEEN_ELSEWHERE', 'KEY_SEEN_ELSEWHERE']);
  });

  it('on two VLANs of one port is one device', () => {
    const bench = new Bench();
    proved(bench, sensor, 'v1', '10.20.1.1');
    const fact = ip('10.20.1.5');
    bench.feed({
      kind: 'observed',
      observations: [{ at: bench.now, port: 'v1', vlan: 7, mac: sensor, collector: 'test', frame: 1, fact }],
    });
    bench.answer(sensor, result(bench.now));
    const reasons = bench.gateway.inventory.withMac(sensor).map(({ decision }) => decision?.reason);
    expect(reasons).toEqual(['SIGNED_AND_EXPECTED', 'SIGNED_AND_EXPECTED']);
  });

  it('is believed nowhere when nobody can tell: neither is placed, or both are behind the same listed port', () => {
    const bench = new Bench();
    proved(bench, sensor, 'v3', '10.20.1.1');
    proved(bench, rogue, 'v2', '10.20.1.2');
    const shared = new Bench();
    proved(shared, sensor, 'v1', '10.20.1.1');
    proved(shared, rogue, 'v1', '10.20.1.2');
    expect([bench, shared].flatMap(one => [reasonOf(one, sensor), reasonOf(one, rogue)])).toEqual(Array(4).fill('KEY_SEEN_ELSEWHERE'));
    expect(boundOf(shared, sensor)).toMatchObject({ expected: `only ${rogue} on v1 (d2)`, seen: `${sensor} on v1` });
  });

  it('of a TPM is of one machine, though nothing affirms its boot; of other Evidence two interfaces may show it', () => {
    const quote = { ak: 'aa', clock: '5', resetCount: 1, restartCount: 0, since: 'first' } as const;
    for (const [more, reason] of [
      [{ status: 'warning', reason: 'REFERENCE_MISSING', quote }, 'KEY_SEEN_ELSEWHERE'],
      [{ status: 'warning', reason: 'REFERENCE_MISSING' }, 'REFERENCE_MISSING'],
    ] as const) {
      const bench = new Bench();
      bench.see(sensor, 'v1', ip('10.20.1.1'));
      bench.answer(sensor, result(bench.now, more));
      bench.see(rogue, 'v2', ip('10.20.1.2'));
      bench.answer(rogue, result(bench.now, more));
      expect([reasonOf(bench, sensor), reasonOf(bench, rogue)]).toEqual(['REFERENCE_MISSING', reason]);
    }
  });

  it('is an old story when the other proof is over: a replaced interface is no relay', () => {
    const bench = new Bench();
    proved(bench, rogue, 'v2', '10.20.1.2');
    bench.feed({ kind: 'tick' }, 3_600_000);
    proved(bench, sensor, 'v3', '10.20.1.1');
    expect(reasonOf(bench, sensor)).toBe('LOCATION_NOT_PROVEN');
  });

  it('is seen when it is handed in too', () => {
    const bench = new Bench();
    proved(bench, sensor, 'v1', '10.20.1.1');
    bench.see(rogue, 'v2', ip('10.20.1.2'));
    const asker = { device: 'd2', mac: rogue, port: 'v2', ip: '10.20.1.2' };
    bench.feed({ kind: 'served-outcome', session: 's', asker, outcome: result(bench.now, { scheme: 'psa' }) });
    expect([bench.device(sensor).admission, reasonOf(bench, rogue)]).toEqual(['admitted', 'KEY_SEEN_ELSEWHERE']);
  });
});
