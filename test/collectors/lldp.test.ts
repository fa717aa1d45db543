import { describe, expect, it } from 'vitest';
import { decode, lldp } from '../../collectors/lldp.ts';
import * as b from '../vectors/frames/build.ts';
import { host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/lldp.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.lldpVectors;

describe('LLDP', () => {
  it('names chassis, port, name, description, kind and addresses of a switch', () =>
    expect(factsOf(host, vectors['lldp-switch'])).toEqual([
      { kind: 'identifier', scheme: 'lldp-chassis', value: host },
      { kind: 'neighbour', protocol: 'lldp', chassis: host, portId: 'ge-0/0/7', name: 'sw-hall-1' },
      { kind: 'hostname', name: 'sw-hall-1' },
      { kind: 'description', text: 'Example Networks EX-8 Software 4.2' },
      { kind: 'device-kind', text: 'switch' },
      { kind: 'management-address', ip: '192.0.2.33' },
      { kind: 'management-address', ip: '2001:db8::21' },
    ]));

  it('with the inventory of LLDP-MED names maker, model, serial number, firmware and the rest of it', () =>
    expect(factsOf(host, vectors['lldp-phone'])).toEqual([
      { kind: 'identifier', scheme: 'lldp-chassis', value: '192.0.2.33' },
      { kind: 'neighbour', protocol: 'lldp', chassis: '192.0.2.33', portId: host, name: 'SEP00005E005321' },
      { kind: 'hostname', name: 'SEP00005E005321' },
      { kind: 'device-kind', text: 'phone' },
      { kind: 'maker', text: 'Example Telecom' },
      { kind: 'model', text: 'Phone 8800' },
      { kind: 'serial', text: 'SN-000123' },
      { kind: 'firmware', text: 'boot-2.1' },
      { kind: 'inventory', of: 'software', text: 'app-14.0' },
      { kind: 'inventory', of: 'hardware', text: 'HW1' },
      { kind: 'inventory', of: 'asset', text: 'ASSET-7' },
    ]));

  it('names the software where no firmware is named', () =>
    expect(factsOf(host, v.lldpFrame(v.lldp(...v.mandatory, v.med(7, 'app-14.0'))))).toContainEqual({
      kind: 'firmware',
      text: 'app-14.0',
    }));

  it('carries a MUD URL', () =>
    expect(factsOf(host, vectors['lldp-mud'])).toContainEqual({ kind: 'mud-url', url: 'https://vendor.example/lamp.json' }));

  it('of PROFINET names the station behind the port, and the type plate that stands as chassis', () => {
    const facts = factsOf(host, vectors['lldp-profinet']);
    for (const fact of [
      { kind: 'identifier', scheme: 'profinet-station', value: 'press-7' },
      { kind: 'hostname', name: 'press-7' },
      { kind: 'model', text: 'EX7 214-1AA00' },
      { kind: 'serial', text: 'S C-0001234' },
      { kind: 'firmware', text: 'V4.2.1' },
    ])
      expect(facts).toContainEqual(fact);
  });

  it('of an older PROFINET device names the station as chassis', () => {
    const facts = factsOf(host, vectors['lldp-profinet-station']);
    expect(facts).toContainEqual({ kind: 'identifier', scheme: 'profinet-station', value: 'press-8' });
    expect(facts).toContainEqual({ kind: 'hostname', name: 'press-8' });
  });

  it('of other devices names no station, whatever their port is called', () => {
    const other = v.lldp(v.tlv(1, 7, 'press-8'), v.tlv(2, 7, 'port-002'), v.tlv(3, b.u16(20)));
    expect(factsOf(host, v.lldpFrame(other)).map(f => f.kind)).toEqual(['identifier', 'neighbour']);
    const bridge = v.lldp(v.tlv(1, 4, b.mac(host)), v.tlv(2, 7, 'port-002'), v.tlv(3, b.u16(20)), v.profinetPort);
    expect(factsOf(host, v.lldpFrame(bridge)).filter(f => f.kind === 'identifier')).toHaveLength(1);
  });

  it('reads no type plate whose blanks are elsewhere, and no firmware that is not there', () => {
    const of = (plate: string) =>
      factsOf(host, v.lldpFrame(v.lldp(v.tlv(1, 7, plate), v.tlv(2, 7, 'port-001.a'), v.tlv(3, b.u16(20)), v.profinetPort)));
    const good = v.plate('EX-1200', 'EX7 214-1AA00', 'S C-0001234', 'V'.padEnd(10));
    expect(of(good).filter(f => f.kind === 'firmware')).toEqual([]);
    expect(of(good).filter(f => f.kind === 'serial')).toHaveLength(1);
    for (const at of [25, 46, 63, 69])
      expect(of(`${good.slice(0, at)}x${good.slice(at + 1)}`).filter(f => f.kind === 'serial')).toEqual([]);
  });

  it('of a network address of another family tells devices apart by its bytes', () => {
    const chassis = (digits: string) =>
      factsOf(host, v.lldpFrame(v.lldp(v.tlv(1, 5, 8, digits), v.tlv(2, 5, 'p'), v.tlv(3, b.u16(120)))))[0];
    expect(chassis('12345')).toEqual({ kind: 'identifier', scheme: 'lldp-chassis', value: 'unknown-8 3132333435' });
    expect(chassis('12346')).not.toEqual(chassis('12345'));
  });

  it('that takes leave says nothing', () => expect(factsOf(host, vectors['lldp-leave'])).toEqual([]));

  it('of a controller that bridges between its two ports names no switch; padding is not looked at', () => {
    const facts = factsOf(host, vectors['lldp-plc']);
    expect(facts.filter(f => f.kind === 'device-kind')).toEqual([]);
    expect(facts).toContainEqual({ kind: 'identifier', scheme: 'lldp-chassis', value: 'plc-station' });
  });

  it.each([
    [0x28, 0x28, 'phone'],
    [0x0c, 0x08, 'access-point'],
    [0x14, 0x14, 'switch'],
    [0x100, 0x100, 'switch'],
    [0x14, 0x10, 'router'],
    [0x24, 0x04, undefined],
    [0x14, 0, undefined],
    [0x80, 0x80, undefined],
  ])('capable of 0x%s, doing 0x%s: %s', (capable, enabled, kind) => {
    const facts = factsOf(host, v.lldpFrame(v.lldp(...v.mandatory, v.tlv(7, b.u16(capable), b.u16(enabled)))));
    expect(facts.flatMap(f => (f.kind === 'device-kind' ? [f.text] : []))).toEqual(kind === undefined ? [] : [kind]);
  });

  it('never names an address that no host can have', () =>
    expect(
      factsOf(host, v.lldpFrame(v.lldp(...v.mandatory, v.managementIp4('0.0.0.0')))).filter(f => f.kind === 'management-address'),
    ).toEqual([]));
});

describe('wrong LLDP is malformed', () => {
  it.each([
    ['without a chassis', v.lldp(v.mandatory[1], v.mandatory[2]), /TLV 2 instead of 1/],
    ['with an empty port', v.lldp(v.mandatory[0], v.tlv(2, 5)), /empty identifier/],
    ['with a hardware address of five bytes', v.lldp(v.tlv(1, 4, 1, 2, 3, 4, 5)), /Ethernet address: 5 bytes/],
    ['with a management address longer than its TLV', v.lldp(...v.mandatory, v.tlv(8, 31, 1, 0, 0)), /31 bytes wanted/],
    ['with a management address of no length', v.lldp(...v.mandatory, v.tlv(8, 0, 0, 0, 0, 0, 0, 0)), /1 bytes wanted/],
    ['with capabilities cut', v.lldp(...v.mandatory, v.tlv(7, 0, 4, 0)), /2 bytes wanted/],
  ])('%s', (_, body, message) => expect(() => decode(body)).toThrow(message));

  it('with its sender', () =>
    expect(drained(v.lldpFrame(v.lldp(v.tlv(1, 4, 1)))).malformed).toMatchObject([{ mac: host, collector: 'lldp' }]));

  it('cut anywhere but between its TLVs behind the third: the end is optional', () =>
    expect(cutsThatDecode(v.lldp(...v.mandatory, v.tlv(5, 'x')), decode)).toEqual([24, 27]));
});

it.skipIf(!hasCaptures)('a real controller tells its station, order number, serial number and firmware', () => {
  const facts = captureFacts('captures/ICS-Pcaps/simens.pcap', lldp).of('e0:dc:a0:34:21:d5');
  for (const fact of [
    { kind: 'identifier', scheme: 'profinet-station', value: 'plcxb1d0ed' },
    { kind: 'model', text: '6ES7 214-1AG40-0XB0' },
    { kind: 'serial', text: 'S V-K2C13707' },
    { kind: 'firmware', text: 'V4.2.1' },
    { kind: 'management-address', ip: '192.168.0.1' },
  ])
    expect(facts).toContainEqual(fact);
});
