import { describe, expect, it } from 'vitest';
import { mac, minute } from './scenario.ts';
import { axis, laptop, server, World } from './world.ts';

/** A site with many devices behind each of two ports, which has been learnt. */
function site(): World {
  const w = new World({ only: 'mac-clone', learnsMs: minute });
  for (const [n, port] of ['v1', 'v2'].entries())
    for (let i = 0; i < 5; i++) w.address(mac('00:1b:1b', i + n * 50), `10.20.4.${i + n * 50}`, { port });
  return w.wait(2 * minute);
}
type Where = { readonly port: string; readonly vlan?: number };
const speaks = (w: World, ...places: readonly Where[]): World => {
  for (const where of places) w.say(axis, [{ kind: 'seen' }], where).wait(400);
  return w;
};
const [here, there, tagged] = [{ port: 'v1' }, { port: 'v2' }, { port: 'v2', vlan: 7 }];

describe('an address that comes and goes between ports of many', () => {
  it('is two when it speaks here while it speaks there, again and again', () =>
    expect(speaks(site(), here, there, here, there, here, there, here, there).raised).toEqual([`mac-clone ${axis} ${axis}`]));
  it('is one when a frame of before comes late', () =>
    expect(speaks(site(), here, there, here, there, here).wait(minute).raised).toEqual([]));
  it('is one when that happens seldom, late as a frame may be', () => {
    const w = speaks(site(), here, there, here);
    for (let i = 0; i < 4; i++) speaks(w.wait(6 * minute), there, here, there);
    expect(w.wait(minute).raised).toEqual([]);
  });
  it('is one when its port shows it in two VLANs', () => {
    const w = speaks(site(), here, there, tagged).say(laptop, [{ kind: 'reaches', vlan: 7 }], here);
    for (let i = 0; i < 10; i++) speaks(w, there, tagged);
    speaks(w.wait(10_000), here).wait(10_000);
    for (let i = 0; i < 10; i++) speaks(w, there, tagged);
    expect(w.raised).toEqual([]);
  });
  it('is told anew after a day, and no flood of them makes the first ones go untold', () => {
    const w = speaks(site(), here, there, here);
    for (let i = 0; i < 3000; i++) w.say(mac('00:25:90', i), [{ kind: 'seen' }], here).say(mac('00:25:90', i), [{ kind: 'seen' }], there);
    expect(speaks(w, there, here, there, here, there).raised).toContain(`mac-clone ${axis} ${axis}`);
  });
});

describe('the hardware address of a cluster', () => {
  const cluster = { kind: 'claimed-mac', mac: '03:bf:0a:14:00:64', ip: '10.20.0.100' } as const;
  const sends = (w: World, who: string): World => w.address(who, cluster.ip, { collector: 'header' });
  it('is that of hosts who say so themselves and send from its address', () => {
    const w = sends(new World({ only: 'claimed-mac' }), server).say(server, [cluster]);
    expect(sends(w, laptop).say(laptop, [cluster]).raised).toEqual([]);
  });
  it('is not that of one whose address it is made of, however that is known', () =>
    expect(sends(new World({ only: 'claimed-mac' }), server).say(laptop, [cluster]).raised).toEqual([
      `claimed-mac ${laptop} ${cluster.mac}`,
    ]));
});
