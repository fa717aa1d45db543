import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { Bench } from '../gateway/fixture.ts';
import { chassis, client, id, isOne, name, one, two, virtual } from './linking-bench.ts';

const tls = (key = 'ab'): Fact => ({
  kind: 'certificate',
  role: 'server',
  subject: 'CN=default',
  issuer: 'CN=default',
  key: key.repeat(32),
});
const serial = (text: string): Fact => ({ kind: 'serial', text });
const model = (text: string): Fact => ({ kind: 'model', text });
const describes = (text: string): Fact => ({ kind: 'description', text });
const hostKey = id('ssh-host-key', 'SHA256:factory');

/** Two addresses that say the same, at the same time, on two ports. */
function alike(...facts: readonly Fact[]): boolean {
  const bench = new Bench();
  bench.see(one, 'v1', ...facts);
  bench.see(two, 'v2', ...facts);
  return isOne(bench, one, two);
}
/** The second one comes so long after the first one fell silent, with its settings. */
function succeeds(ms: number, ...facts: readonly Fact[]): boolean {
  const bench = new Bench();
  bench.see(one, 'v1', ...facts);
  bench.feed({ kind: 'tick' }, ms);
  bench.see(two, 'v2', ...facts);
  return isOne(bench, one, two);
}

describe('two units of one model are two', () => {
  it.each<readonly [string, readonly Fact[]]>([
    ['an image with its name and the host key that came with it', [name('raspberrypi'), hostKey]],
    ['a name of the kind and the TLS key of the firmware', [name('ipcam.local'), tls()]],
    [
      'the name of the system as client identifier, and a key',
      [name('openwrt'), client(`00${Buffer.from('openwrt').toString('hex')}`), hostKey],
    ],
    [
      'the UUID of a mainboard that nobody filled in, and its name',
      [name('kiosk-image'), id('uuid', '03000200-0400-0500-0006-000700080009')],
    ],
    ['the UUID of a development kit’s sample, and its name', [name('media-7'), id('uuid', '2fac1234-31f8-11b4-a222-08002b34c003')]],
    ['serials that count up', [id('s7-serial', '0123456789'), name('line-3')]],
    ['serials of zeros', [id('cip-serial', '1:00000000'), id('knx-serial', '000000000000')]],
    ['a switch whose chassis and name are its kind', [chassis('switch'), name('switch')]],
    ['a switch whose chassis is its model', [chassis('TL-SG108E'), describes('TP-Link TL-SG108E'), name('TL-SG108E')]],
    ['a switch whose chassis is its model, told as such', [chassis('GS1900-8'), model('GS1900-8')]],
    ['a switch whose chassis is the IP address of the factory', [chassis('192.168.0.1')]],
    [
      'an engine id of an IP address, of text, of octets, of no address',
      ['8000000001c0a80001', '80000000046465666175', '80000000050102030405', '800000000300000000000000'].map(value =>
        id('snmp-engine-id', value),
      ),
    ],
    ['the client identifier of a copied configuration', [client('00112233445566778899')]],
    ['the default client of a message broker, and a name of the system', [id('mqtt-client-id', 'ESP8266Client'), name('espressif')]],
    [
      'the default address of an application, and the kind of host',
      [id('opcua-application-uri', 'urn:unconfigured:application'), name('plc')],
    ],
  ])('%s', (_, facts) => {
    // A device has one engine id: each is asked for itself.
    const isEngine = facts.some(fact => fact.kind === 'identifier' && fact.scheme === 'snmp-engine-id');
    for (const said of isEngine ? facts.map(fact => [fact]) : [facts]) expect(alike(...said)).toBe(false);
  });

  it('whatever they share, when their serials or their DUIDs of one kind differ', () => {
    for (const tell of [(n: number) => serial(`SN-${n}`), (n: number) => id('duid', `000400${n}0aabbccdd`)]) {
      const bench = new Bench();
      for (const [n, mac] of [one, two].entries()) bench.see(mac, `v${n + 1}`, name('press-3'), hostKey, tls(), tell(n));
      expect(isOne(bench, one, two)).toBe(false);
    }
  });

  it('a spare with the settings of the device that it replaces', () => {
    const station = [id('profinet-station', 'press-7'), id('profinet-id', '002a:0113')];
    expect(succeeds(10 * 60_000, ...station)).toBe(false);
    expect(succeeds(10 * 60_000, id('bacnet-device', '4711'), name('ahu-3'))).toBe(false);
  });
});

describe('the interfaces of one device are one', () => {
  it.each<readonly [string, readonly Fact[]]>([
    ['a controller with two network cards, by its type plate', [id('cip-serial', '1:00c0ffee')]],
    ['a controller by its S7 serial', [id('s7-serial', 'S C-B1U12345')]],
    ['a switch by the address of its chassis', [chassis()]],
    [
      'a station whose ports speak LLDP with its plate',
      [chassis('SIMATIC S7-1500 6ES7 515-2AM01-0AB0 S C-B1U12345'), describes('Siemens, SIMATIC S7')],
    ],
    [
      'a switch whose chassis is a name that somebody gave it',
      [chassis('sw-dock-3'), name('sw-dock-3'), describes('Vendor Switch S-2000')],
    ],
    ['a device by an engine id of its address', [id('snmp-engine-id', '80000009030000aabbccdd')]],
    ['a host with a name of its own, and its DUID', [name('hist-01'), id('duid', '00010001aabbccdd001b1bffffff')]],
    ['a PROFINET device with two interfaces that both speak', [id('profinet-station', 'press-7'), id('profinet-id', '002a:0113')]],
  ])('%s', (_, facts) => expect(alike(...facts)).toBe(true));

  it('also when one of them comes later, of what is in the device itself', () => {
    expect(succeeds(3_600_000, id('s7-serial', 'S C-B1U12345'))).toBe(true);
    expect(succeeds(3_600_000, name('laptop-7'), id('duid', '00010001aabbccdd001b1bffffff'))).toBe(true);
  });

  it('but not the virtual address of a router', () => {
    const bench = new Bench();
    bench.see(one, 'v1', id('snmp-engine-id', '80000009030000aabbccdd'));
    bench.see(virtual, 'v1', id('snmp-engine-id', '80000009030000aabbccdd'));
    expect(isOne(bench, one, virtual)).toBe(false);
  });
});
