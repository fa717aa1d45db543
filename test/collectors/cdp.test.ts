import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/cdp.ts';
import * as b from '../vectors/frames/build.ts';
import * as v from '../vectors/frames/cdp.ts';
import { host, ieee8023, snap } from '../vectors/frames/infrastructure.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.cdpVectors;

describe('CDP', () => {
  it('names device, port, model, software, kind and addresses of a switch', () =>
    expect(factsOf(host, vectors['cdp-switch'])).toEqual([
      { kind: 'identifier', scheme: 'cdp-device-id', value: 'sw-hall-1.example' },
      { kind: 'hostname', name: 'sw-hall-1.example' },
      { kind: 'neighbour', protocol: 'cdp', chassis: 'sw-hall-1.example', portId: 'GigabitEthernet0/7', name: 'sw-hall-1.example' },
      { kind: 'model', text: 'example WS-X2960-24' },
      { kind: 'description', text: 'Example IOS Software, X2960 Software, Version 12.2(25)SEE2, RELEASE SOFTWARE (fc1) Copyright' },
      { kind: 'firmware', text: '12.2(25)SEE2' },
      { kind: 'device-kind', text: 'switch' },
      { kind: 'management-address', ip: '192.0.2.33' },
      { kind: 'management-address', ip: '2001:db8::21' },
    ]));

  it('of a switch that knows EnergyWise has its type plate, and what it is in SNMP', () => {
    expect(factsOf(host, vectors['cdp-energy-wise'])).toEqual([
      { kind: 'identifier', scheme: 'cdp-device-id', value: 'sw-hall-2' },
      { kind: 'hostname', name: 'sw-hall-2' },
      { kind: 'neighbour', protocol: 'cdp', chassis: 'sw-hall-2', portId: 'Gi0/1', name: 'sw-hall-2' },
      { kind: 'model', text: 'example WS-X3560' },
      { kind: 'serial', text: 'FOC1234X0YZ' },
      { kind: 'inventory', of: 'hardware', text: 'WS-X3560CX-8PC V02' },
      { kind: 'print', scheme: 'snmp-object-id', value: '1.3.6.1.4.1.9.1.1745' },
    ]);
    const facts = (...fields: readonly Uint8Array[]) => factsOf(host, v.cdpFrame(v.cdp(...fields)));
    expect(facts(v.energyWise(''), v.field(1, 'core-1(ABC12345678)'))).toContainEqual({ kind: 'serial', text: 'ABC12345678' });
    // NX-OS has tag and length before it.
    const tagged = v.field(0x15, 6, 12, 0x2b, 6, 1, 4, 1, 9, 12, 3, 1, 3, 0x8b, 0x51);
    expect(facts(tagged)).toEqual([{ kind: 'print', scheme: 'snmp-object-id', value: '1.3.6.1.4.1.9.12.3.1.3.1489' }]);
    // Others use the number for something else, or name nothing.
    expect(drained(v.cdpFrame(v.cdp(v.field(0x1d, new Uint8Array(59))))).malformed).toEqual([]);
    expect(facts(v.field(0x1d, new Uint8Array(59)))).toEqual([]);
    expect(facts(v.field(0x1d, new Uint8Array(60)), v.field(0x15), v.field(0x15, 0x2b, 6, 1, 2, 1))).toEqual([]);
  });

  it('may have zeros behind its last field, and no device', () => {
    const facts = (...fields: readonly Uint8Array[]) => factsOf(host, v.cdpFrame(v.cdp(...fields)));
    const model = [{ kind: 'model', text: 'X-9' }];
    expect(facts(v.field(6, 'X-9'), b.bytes(0, 0, 0, 0, 0))).toEqual(model);
    expect(facts(v.field(6, 'X-9'), b.bytes(0, 0))).toEqual(model);
    expect(facts(v.field(6, 'X-9'), v.field(3, 'Port 1'))).toEqual(model);
  });

  it('of Foundry is the same under another organisation', () => {
    const frame = ieee8023(host, '01:e0:52:cc:cc:cc', snap(0x00e052, 0x2000, v.cdp(v.field(1, 'FastIron-7'), v.field(6, 'FGS624P'))));
    expect(factsOf(host, frame)).toEqual([
      { kind: 'identifier', scheme: 'cdp-device-id', value: 'FastIron-7' },
      { kind: 'hostname', name: 'FastIron-7' },
      { kind: 'model', text: 'FGS624P' },
    ]);
  });

  it('names a phone, whose software is a version alone', () => {
    const facts = factsOf(host, vectors['cdp-phone']);
    expect(facts).toContainEqual({ kind: 'device-kind', text: 'phone' });
    expect(facts).toContainEqual({ kind: 'firmware', text: 'sip88xx.14-0-1' });
  });

  it('finds the serial number behind the name of a Nexus switch', () => {
    const facts = factsOf(host, vectors['cdp-nexus']);
    expect(facts).toContainEqual({ kind: 'serial', text: 'ABC12345678' });
    expect(facts).toContainEqual({ kind: 'hostname', name: 'core-1' });
  });

  it('that takes leave says nothing', () => expect(factsOf(host, v.cdpFrame(v.cdp(v.field(1, 'x')).with(1, 0)))).toEqual([]));

  it('never names an address that no host can have', () =>
    expect(
      factsOf(host, v.cdpFrame(v.cdp(v.field(1, 'x'), v.field(2, v.addresses('0.0.0.0'))))).filter(f => f.kind === 'management-address'),
    ).toEqual([]));
});

describe('wrong CDP is malformed', () => {
  it.each([
    ['of version 7', v.cdp(v.field(1, 'x')).with(0, 7), /version 7/],
    ['with a field shorter than its head', b.bytes(v.cdp(), b.u16(1), b.u16(3)), /field of length 3/],
    ['with more addresses than bytes', v.cdp(v.field(2, b.u32(0xffff_ffff))), /4294967295 addresses in 0 bytes/],
    ['with capabilities cut', v.cdp(v.field(4, 0, 0)), /2 bytes wanted/],
  ])('%s', (_, body, message) => expect(() => decode(body)).toThrow(message));

  it('with its sender', () => expect(drained(v.cdpFrame(v.cdp().with(0, 9))).malformed).toMatchObject([{ mac: host, collector: 'cdp' }]));

  it('cut anywhere but between its fields, where up to three bytes are padding', () =>
    expect(cutsThatDecode(v.cdp(v.field(1, 'x'), v.field(3, 'y')), decode)).toEqual([4, 5, 6, 7, 9, 10, 11, 12]));
});
