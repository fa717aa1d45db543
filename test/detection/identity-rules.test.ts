import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { axis, axis2, laptop, server, siemens, World } from './world.ts';

const minute = 60_000;
const name = (text: string): Fact => ({ kind: 'hostname', name: text });
const asks = (...options: readonly number[]): Fact => ({ kind: 'dhcp-parameters', options });
const syn = (value: string): Fact => ({ kind: 'print', scheme: 'tcp-syn', value });
const [linux, windows] = ['4:64:2,4,8,1,3:7', '4:128:2,1,3,1,1,4:8'];

describe('new-device', () => {
  const world = (learnsMs = 0) => new World({ only: 'new-device', learnsMs });
  it('is told once, with its frame', () => {
    const w = world().address(axis, '10.20.0.9').address(axis, '10.20.0.10');
    expect(w.alarms).toMatchObject([{ alarm: 'new-device', actor: axis, frames: [1], count: 1, device: 'd1' }]);
  });
  it('is not told while the site is learnt', () => {
    const w = world(10 * minute).address(axis, '10.20.0.9');
    expect(w.wait(9 * minute).address(axis2, '10.20.0.10').raised).toEqual([]);
    expect(w.wait(2 * minute).address(siemens, '10.20.0.11').raised).toEqual([`new-device ${siemens}`]);
  });
  it('is neither a made-up address nor the twin on another VLAN', () =>
    expect(
      world().address('02:00:00:00:00:09', '10.20.0.9').address(axis, '10.20.0.8').address(axis, '10.20.0.8', { vlan: 7 }).raised,
    ).toEqual([`new-device ${axis}`]));
});

describe('mac-clone', () => {
  const world = () => new World({ only: 'mac-clone' });
  const camera = [name('axis-00408c000001'), asks(1, 3, 6, 66)];
  it('one address on two live ports', () =>
    expect(
      world().address(axis, '10.20.0.9').address(axis, '10.20.0.9', { port: 'v2' }).address(axis, '10.20.0.9').wait(1000).alarms,
    ).toMatchObject([{ alarm: 'mac-clone', actor: axis, port: 'v2', device: 'd2', victim: 'd1' }]));
  it('its DHCP signs and its name change together', () => {
    const w = world()
      .say(axis, camera)
      .say(axis, [name('kali'), asks(1, 28, 2)]);
    expect(w.alarms).toMatchObject([{ alarm: 'mac-clone', actor: axis, frames: [2] }]);
    expect(w.alarms[0]?.detail).toContain('calls itself kali instead of axis-00408c000001');
  });
  it('the frames are the newcomer’s also when it spoke first', () =>
    expect(
      world()
        .say(axis, [name('kali'), asks(1, 28, 2)])
        .say(axis, [...camera].toReversed())
        .alarms.at(-1),
    ).toMatchObject({ frames: [1] }));
  it('is no device that moved, no rename, no update and no other lease', () => {
    const w = world()
      .address(axis, '10.20.0.9')
      .wait(2 * minute)
      .address(axis, '10.20.0.9', { port: 'v2' });
    w.say(axis2, [name('hall-1'), asks(1, 3)])
      .say(axis2, [name('dock-1')])
      .wait(20 * minute)
      .say(axis2, [asks(1, 99)]);
    w.address(siemens, '10.20.0.1').address(siemens, '10.20.0.2');
    expect(w.raised).toEqual([]);
  });
  it('is no shorter list of the same client, and no network boot before the system', () => {
    const w = world()
      .say(axis, [name('pc-1'), asks(1, 3, 6, 15)])
      .say(axis, [name('pc-2'), asks(1, 3)]);
    w.say(laptop, [name('old-7'), asks(1, 3, 15)]).say(laptop, [name('new-9'), asks(1, 3, 60, 128, 129, 130, 131)]);
    w.say(server, [name('old-8'), asks(1, 3, 60, 128, 129, 130, 131)]).say(server, [name('new-9'), asks(1, 3, 15)]);
    expect(w.raised).toEqual([]);
  });
  it('is no twin of a VLAN that is mirrored twice, and no machine that moves with all its signs', () =>
    expect(world().say(axis, camera).say(axis, camera, { vlan: 7 }).raised).toEqual([]));
});

describe('mac-clone-same-ip', () => {
  const world = () => new World({ only: 'mac-clone-same-ip' });
  it('its TCP and its name change, its address does not', () =>
    expect(
      world()
        .say(axis, [name('zbr1'), syn(linux)])
        .say(axis, [syn(windows)])
        .say(axis, [name('DESKTOP-7')]).alarms,
    ).toMatchObject([{ alarm: 'mac-clone-same-ip', actor: axis, frames: [2, 3] }]));
  it('also when one only answers and the other only asks', () =>
    expect(
      world()
        .say(axis, [name('zbr1'), { kind: 'print', scheme: 'tcp-syn-ack', value: '4:64:2:0' }])
        .say(axis, [syn(windows), name('DESKTOP-7')]).raised,
    ).toEqual([`mac-clone-same-ip ${axis} ${axis}`]));
  it('is no update, no rename and no second system that asks for its own lease', () => {
    const w = world()
      .say(axis, [name('a'), syn(linux)])
      .say(axis, [syn(windows)]);
    w.say(axis2, [name('a-1'), syn(linux)]).say(axis2, [name('b-1')]);
    w.say(laptop, [name('linux'), syn(linux), asks(1, 2)]).say(laptop, [name('win'), asks(3, 4), syn(windows)]);
    expect(w.raised.filter(text => !text.includes(laptop))).toEqual([]);
  });
  it('is no change of months: the signs must change within a quarter of an hour', () =>
    expect(
      world()
        .say(axis, [name('a'), syn(linux)])
        .say(axis, [syn(windows)])
        .wait(16 * minute)
        .say(axis, [name('b-2')]).raised,
    ).toEqual([]));
});

describe('impersonation', () => {
  const world = () => new World({ only: 'impersonation' });
  it('a name with another maker’s address and word', () =>
    expect(world().say('02:40:8c:00:00:07', [name('axis-00408cfacade')]).raised).toEqual(['impersonation 02:40:8c:00:00:07']));
  it('the serial number of another maker’s device', () => {
    const plate: Fact = { kind: 'identifier', scheme: 'cip-serial', value: '1:00c0ffee' };
    expect(world().say(siemens, [plate]).say(laptop, [plate]).raised).toEqual([`impersonation ${laptop} ${siemens}`]);
  });
  it('is no device with several interfaces, and no number that looks like an address', () => {
    const w = world()
      .say(axis, [name('axis-00408c000001')])
      .say(axis2, [name('axis-00408c000001')])
      .say(laptop, [name('pc-000123456789')]);
    expect(w.raised).toEqual([]);
  });
});
