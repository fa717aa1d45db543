import { describe, expect, it } from 'vitest';
import { AskedAddresses } from '../../collectors/asked-addresses.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { Packet } from '../../collectors/packet.ts';
import * as b from '../vectors/frames/build.ts';
import { linkAddress, solicitation } from '../vectors/frames/ndp.ts';

const start = 1_700_000_000_000;
const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 24 * 3_600_000];
const [scanner, host, zero] = ['00:00:5e:00:53:66', '00:00:5e:00:53:07', '00:00:00:00:00:00'];
const ip = (i: number): string => `10.9.${i >> 8}.${i & 255}`;
const asks = (i: number, from = scanner, own = '10.0.0.1'): Uint8Array =>
  b.ethernet(from, b.broadcast, 0x0806, b.arp(1, from, own, zero, ip(i)));
const says = (from: string, own: string, to: string = b.broadcast): Uint8Array =>
  b.ethernet(from, to, 0x0806, b.arp(to === b.broadcast ? 1 : 2, from, own, zero, own));
/** Somebody speaks: whoever waits to be judged is judged. */
const anybody = says(host, '10.0.0.2');

type Sent = readonly [at: number, bytes: Uint8Array];
const times = (n: number, make: (i: number) => Sent): readonly Sent[] => Array.from({ length: n }, (_, i) => make(i));
/** What is told of these frames: who, and the words. */
function told(sent: readonly Sent[]): readonly string[] {
  const dissector = new Dissector({ collectors: [] });
  sent.forEach(([at, bytes], i) => dissector.frame(b.frame(bytes, { at: start + at, number: i + 1 })));
  return dissector.drain().observations.flatMap(({ mac, fact }) => (fact.kind === 'acted' ? [`${mac} ${fact.action} ${fact.detail}`] : []));
}
/** The counts of those that nobody has; `asked-bursts.test.ts` holds the others. */
const counts = (sent: readonly Sent[]): readonly string[] =>
  told(sent)
    .filter(text => !text.includes('answered or not'))
    .map(text => text.replace(/^.*scan-arp |, since.*/g, ''));

describe('addresses that somebody asks for and nobody has', () => {
  it('are told once there was time to answer, with the frame where it began and with their names', () => {
    const sent = [...times(40, i => [i, asks(i)]), [500, anybody] as Sent, [1100, asks(41)] as Sent];
    expect(told(sent.slice(0, -1))).toEqual([]);
    expect(told(sent)).toEqual([`${scanner} scan-arp 41 within a minute, since frame 1: 10.9.0.0-39 10.9.0.41`]);
  });

  it('are told again as they become more', () => {
    const sent = times(300, i => [i * 100, asks(i)]);
    expect(counts([...sent, [40_000, anybody]])).toEqual(['42 within a minute', '74 within a minute', '266 within a minute']);
  });

  it('asked for slowly are told by the day: twelve a minute, one in twenty minutes, from no address', () => {
    expect(counts([...times(70, i => [i * 5000, asks(i)] as Sent), [10 * minute, anybody]])).toEqual(['65 within a day']);
    expect(counts([...times(70, i => [i * 20 * minute, asks(i, scanner, '0.0.0.0')] as Sent)])).toEqual(['65 within a day']);
    expect(counts(times(70, i => [i * 25 * minute, asks(i)]))).toEqual([]);
  });

  it('of IPv6 likewise', () => {
    const solicits = (i: number): Uint8Array =>
      b.ethernet(
        scanner,
        '33:33:ff:00:00:01',
        0x86dd,
        b.ipv6(
          'fe80:0:0:0:0:0:0:66',
          `ff02:0:0:0:0:1:ff00:${i.toString(16)}`,
          58,
          solicitation(`fd00:0:0:0:0:0:0:${(i + 1).toString(16)}`, linkAddress(1, scanner)),
          [],
          255,
        ),
      );
    expect(told([...times(33, i => [i, solicits(i)] as Sent), [2 * second, anybody]])).toEqual([
      expect.stringMatching(/^00:00:5e:00:53:66 scan-arp 33 within a minute, since frame 1: fd00::1 fd00::2 /),
    ]);
  });

  it('are none that answer, that spoke before or while there was time, that are asked for again, or that are announced', () => {
    const answered = times(200, i => [i, i % 2 === 0 ? asks(i >> 1) : says(host, ip(i >> 1), scanner)]);
    expect(counts([...answered, [5 * second, anybody]])).toEqual([]);
    const other = (i: number): string => `00:00:5f:00:00:${i.toString(16).padStart(2, '0')}`;
    const spoke = times(100, i => [i, says(other(i), ip(i))] as Sent);
    const asked = times(100, i => [hour + i, asks(i)] as Sent);
    expect(counts([...spoke, ...asked, [hour + 5 * second, anybody]])).toEqual([]);
    expect(
      counts([...times(100, i => [i, asks(i)]), ...spoke.map(([at, bytes]) => [at + 200, bytes] as Sent), [5 * second, anybody]]),
    ).toEqual([]);
    expect(counts([...times(300, i => [i, asks(i % 15)]), [5 * second, anybody]])).toEqual([]);
    expect(counts([...times(300, i => [i, says(scanner, ip(i))]), [5 * second, anybody]])).toEqual([]);
  });

  it('stay in vain when the asker itself says that it has them, or answers itself', () => {
    const own = times(80, i => [i, i % 2 === 0 ? says(scanner, ip(i >> 1)) : asks(i >> 1)]);
    expect(counts([...own, [5 * second, anybody]])).toEqual(['40 within a minute']);
    const itself = times(80, i => [i, i % 2 === 0 ? asks(i >> 1) : says(scanner, ip(i >> 1), scanner)]);
    expect(counts([...itself, [5 * second, anybody]])).toEqual(['40 within a minute']);
  });

  it('stay in vain when one host says that it has them all', () => {
    const all = times(60, i => [i, says(host, ip(i))] as Sent);
    expect(counts([...all, ...times(60, i => [minute + i, asks(i)] as Sent), [minute + 5 * second, anybody]])).toEqual([
      '44 within a minute',
    ]);
  });

  it('are forgotten after a day, one by one', () => {
    const [first, later] = [
      times(40, i => [i * minute, asks(i)] as Sent),
      times(40, i => [day + (i + 39) * minute, asks(100 + i)] as Sent),
    ];
    expect(counts([...first, ...later, [2 * day, anybody]])).toEqual([]);
    expect(counts([...first, ...later.map(([at, bytes]) => [at - 2 * hour, bytes] as Sent)])).toEqual(['65 within a day']);
  });

  it('what breaks off counts for nothing', () => {
    const whole = asks(1);
    for (let cut = 14; cut < whole.length; cut++)
      expect(counts([...times(20, i => [i, asks(i).subarray(0, cut)]), [2 * second, anybody]])).toEqual([]);
  });

  it('a flood of senders, of targets and of hosts stays under the caps, and who goes on is still told of', () => {
    const asked = new AskedAddresses();
    const packet = new Packet();
    const note = (bytes: Uint8Array, at: number): string | undefined => {
      packet.peel(b.frame(bytes, { at: start + at, number: 1 }));
      const fact = asked.arp(packet)?.fact;
      return fact?.kind === 'acted' ? fact.detail : undefined;
    };
    const mac = (n: number): string => `02:00:00:${[n >> 16, n >> 8, n].map(x => (x & 255).toString(16).padStart(2, '0')).join(':')}`;
    let last: string | undefined;
    for (let i = 0; i < 100_000; i++) {
      const detail = note(asks(i & 0xffff, mac(i % 1500), `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`), i);
      if (i % 1000 === 0) note(asks(i / 1000, scanner), i);
      if (detail?.includes(': 10.9.0.0-') === true) last = detail;
    }
    expect(last).toMatch(/^64 within a day, since frame 1: 10\.9\.0\.0-/);
    expect(asked.size.askers).toBeLessThanOrEqual(2048);
    expect(asked.size.asked).toBeLessThanOrEqual(32_768);
    expect(asked.size.living).toBeLessThanOrEqual(16_384);
  });
});
