import { describe, expect, it } from 'vitest';
import { maxBehind, SyslogFeed } from '../../../gateway/edge/notify/syslog-feed.ts';
import type { Event } from '../../../gateway/model/event.ts';

const event = (seq: number): Event => ({ seq, at: seq, prev: '', hash: '', body: { kind: 'resumed', by: 'a', reason: String(seq) } });

/** A journal of so many events and a receiver that may be away; `got` is what arrived. */
class World {
  head = 0;
  now = 0;
  away = false;
  opened = 0;
  got: string[] = [];
  said: string[] = [];
  /** Breaks after so many messages more. */
  breaksAfter = Infinity;
  /** Ends each connection while it is opened. */
  cutsAtOnce = false;
  cut: ((why: string) => void) | undefined;
  asked: number[] = [];
  readonly feed: SyslogFeed;

  constructor(head: number, after: number) {
    this.head = head;
    this.feed = new SyslogFeed(
      {
        open: closed => {
          this.opened += 1;
          this.cut = closed;
          if (this.cutsAtOnce) closed('it hung up');
          if (this.away) return Promise.reject(new Error('connect ECONNREFUSED'));
          return Promise.resolve({
            send: message => {
              if (this.breaksAfter <= 0) return Promise.reject(new Error('it took nothing for 30 s'));
              this.breaksAfter -= 1;
              this.got.push(message.toString());
              return Promise.resolve();
            },
            close: () => undefined,
          });
        },
        events: (from, limit) => {
          this.asked.push(limit);
          return Array.from({ length: Math.max(0, Math.min(limit, this.head - from)) }, (_, n) => event(from + 1 + n));
        },
        head: () => this.head,
        message: ({ seq }) => (seq % 10 === 0 ? undefined : Buffer.from(String(seq))),
        loss: count => Buffer.from(`lost ${count}`),
        say: problem => void this.said.push(problem),
        now: () => this.now,
      },
      after,
    );
  }
  async seconds(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      this.now += 1_000;
      await this.feed.tick();
    }
  }
}
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n).flatMap(n => (n % 10 === 0 ? [] : [String(n)]));

describe('following the journal to a receiver', () => {
  it('sends what is for it, in order, from where an earlier start ended, and then what comes', async () => {
    const world = new World(25, 12);
    await world.seconds(1);
    expect(world.got).toEqual(numbers(13, 25));
    world.head = 31;
    await world.seconds(2);
    expect([world.got, world.opened, world.said.at(-1)]).toEqual([numbers(13, 31), 1, '']);
    await world.seconds(6);
    expect(world.feed.at).toBe(31);
  });

  it('loses nothing while the receiver is away: it asks again ever more slowly, says why, and sends what waited', async () => {
    const world = new World(5, 0);
    world.away = true;
    await world.seconds(30);
    expect(world.opened).toBeLessThan(8);
    expect(world.said.at(-1)).toBe('Cannot send events: connect ECONNREFUSED; 5 wait');
    [world.away, world.head] = [false, 405];
    await world.seconds(61);
    expect([world.got, world.said.at(-1)]).toEqual([numbers(1, 405), '']);
    expect(Math.max(...world.asked)).toBe(200);
  });

  it('sends once more what may not have arrived when the connection broke, and no older ones', async () => {
    const world = new World(4, 0);
    await world.seconds(1);
    world.now += 60_000;
    world.head = 8;
    await world.seconds(1);
    world.cut?.('the receiver closed the connection');
    await world.seconds(2);
    expect(world.got).toEqual([...numbers(1, 4), ...numbers(5, 8), ...numbers(5, 8)]);
    expect(world.said).toContain('Cannot send events: the receiver closed the connection; 4 wait');
  });

  it('goes on with the very message that a break held up', async () => {
    const world = new World(8, 0);
    world.breaksAfter = 3;
    await world.seconds(1);
    expect([world.got, world.feed.at]).toEqual([numbers(1, 3), 0]);
    world.breaksAfter = Infinity;
    await world.seconds(2);
    expect(world.got).toEqual([...numbers(1, 3), ...numbers(1, 8)]);
  });

  it('a connection whose end is told late ends none that was opened since', async () => {
    const world = new World(8, 0);
    world.breaksAfter = 3;
    await world.seconds(1);
    const ofFirst = world.cut;
    world.breaksAfter = Infinity;
    await world.seconds(2);
    ofFirst?.('the receiver closed the connection');
    world.head = 9;
    await world.seconds(3);
    expect([world.got, world.opened, world.said.at(-1)]).toEqual([[...numbers(1, 3), ...numbers(1, 9)], 2, '']);
  });

  it('a connection that ends while it is opened is opened anew', async () => {
    const world = new World(2, 0);
    world.cutsAtOnce = true;
    await world.seconds(1);
    expect([world.got, world.said]).toEqual([[], ['Cannot send events: it hung up; 2 wait']]);
    world.cutsAtOnce = false;
    await world.seconds(2);
    expect([world.got, world.opened]).toEqual([numbers(1, 2), 2]);
  });

  it('far behind it skips, and tells the receiver how many it will never see', async () => {
    const world = new World(maxBehind + 71, 0);
    await world.seconds(1);
    expect(world.got.slice(0, 2)).toEqual(['lost 71', '72']);
    expect(world.got).toHaveLength(1 + numbers(72, maxBehind + 71).length);
  });

  it('starts no second look while one is under way, and none after it was stopped', async () => {
    const world = new World(3, 0);
    await Promise.all([world.feed.tick(), world.feed.tick()]);
    expect(world.opened).toBe(1);
    world.feed.stop();
    world.head = 9;
    await world.seconds(3);
    expect(world.got).toEqual(numbers(1, 3));
  });

  it('a journal that is shorter than where it was, as after a restored backup, is followed from its end', async () => {
    const world = new World(3, 900);
    world.head = 4;
    await world.seconds(1);
    expect(world.got).toEqual(['4']);
  });
});
