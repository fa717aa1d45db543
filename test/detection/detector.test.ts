import { describe, expect, it } from 'vitest';
import { CappedMap } from '../../gateway/detection/capped-map.ts';
import { Segments } from '../../gateway/detection/segments.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { axis, laptop, router, siemens, World } from './world.ts';

const answers = (name: string): Fact => ({ kind: 'answers-for', protocol: 'llmnr', name });

describe('an alarm', () => {
  it('stands once for actor and victim, and is told again only when it says something else', () => {
    const w = new World({ only: 'llmnr-poison' });
    for (const name of ['wpad', 'files', 'intranet']) w.say(laptop, [answers(name)]);
    expect(w.alarms.map(({ count, frames }) => [count, frames])).toEqual([
      [1, [1]],
      [2, [1, 2]],
      [3, [1, 2, 3]],
    ]);
  });

  it('is told at most eight times, however much it changes', () => {
    const w = new World({ only: 'llmnr-poison' });
    for (let i = 0; i < 200; i++) w.say(laptop, [answers(`wpad`), answers(`name-${i}`)]);
    expect(w.alarms.length).toBeLessThan(12);
    expect(w.alarms.at(-1)?.frames?.length).toBeLessThanOrEqual(8);
  });

  it('names actor and victim by the devices behind their addresses', () => {
    const w = new World({ only: 'ip-conflict' }).address(siemens, '10.20.0.9').address(laptop, '10.20.0.9');
    w.say(siemens, [{ kind: 'contested', ip: '10.20.0.9', mac: laptop }]);
    expect(w.alarms).toMatchObject([{ device: 'd2', victim: 'd1', victimMac: siemens, vlan: 0, port: 'v1' }]);
  });

  it('a flood of addresses stays under the quota of its port', () => {
    const w = new World();
    for (let i = 0; i < 5000; i++) {
      const mac = `00:1b:1b:${[i >> 16, (i >> 8) & 255, i & 255].map(byte => byte.toString(16).padStart(2, '0')).join(':')}`;
      w.say(mac, [{ kind: 'address', ip: '10.20.0.1' }]);
    }
    expect(w.events.length).toBeLessThan(4100);
    expect(w.inventory.size).toBeLessThanOrEqual(1024);
    expect(w.raised.filter(text => text.startsWith('flood'))).toHaveLength(1);
  });

  it('a quiet site raises none', () => {
    const w = new World({ learnsMs: 600_000 }).address(router, '10.20.0.1').address(axis, '10.20.0.9').address(siemens, '10.20.0.10');
    w.say(axis, [{ kind: 'hostname', name: 'axis-00408c000001' }]).say(siemens, [{ kind: 'service', protocol: 'tcp', port: 102 }]);
    expect(w.wait(60_000).address(axis, '10.20.0.9').raised).toEqual([]);
  });
});

describe('state that outsiders can grow', () => {
  it('a capped map forgets the oldest beyond its cap, and each after its age', () => {
    const map = new CappedMap<string, number>(2, 100);
    map.set('a', 1, 0);
    map.set('b', 2, 10);
    map.set('a', 3, 20);
    map.set('c', 4, 30);
    expect([map.get('a', 30), map.get('b', 30), map.get('c', 30), map.size]).toEqual([3, undefined, 4, 2]);
    expect([...map.entries(125)]).toEqual([['c', 4]]);
    expect(map.get('a', 121)).toBeUndefined();
  });

  it('VLANs are joined through others, and the others stay apart', () => {
    const segments = new Segments();
    segments.join(10, 20);
    segments.join(30, 20);
    expect([segments.isSame(10, 30), segments.isSame(30, 10), segments.isSame(10, 40), segments.isSame(7, 7)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });
});
