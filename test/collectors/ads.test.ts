import { describe, expect, it } from 'vitest';
import { decode, wants } from '../../collectors/ads.ts';
import { adsVectors as v, discovery, write } from '../vectors/frames/ads.ts';
import * as b from '../vectors/frames/build.ts';
import { device, deviceIp, le32, station, toDevice, udpFromDevice } from '../vectors/frames/industrial.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { cutsOf } from './industrial.ts';
import { peeled } from './peeled.ts';

const netId = { kind: 'identifier', scheme: 'ams-net-id', value: '5.17.2.192.1.1' };

describe('ADS', () => {
  it('the discovery names host, TwinCAT, Windows and AMS net id', () =>
    expect(factsOf(device, v['ads-discovery'])).toEqual([
      netId,
      { kind: 'maker', text: 'Beckhoff' },
      { kind: 'device-kind', text: 'plc' },
      { kind: 'hostname', name: 'CX-0A1B2C' },
      { kind: 'firmware', text: 'TwinCAT 3.1.4024' },
      { kind: 'description', text: 'Windows 10.0.17763' },
    ]));

  it('device info names the runtime and its version', () =>
    expect(factsOf(device, v['ads-device-info'])).toEqual([
      netId,
      { kind: 'description', text: 'Plc30 App' },
      { kind: 'firmware', text: '3.1.4024' },
      { kind: 'device-kind', text: 'plc' },
    ]));

  it('writes, write control and a new route are acts; the release of a handle is none', () => {
    const acted = (frame: Uint8Array) => factsOf(station, frame).filter(f => f.kind === 'acted');
    expect(acted(v['ads-write'])).toEqual([{ kind: 'acted', action: 'write', target: deviceIp, detail: 'ADS write' }]);
    expect(acted(v['ads-stop'])).toEqual([{ kind: 'acted', action: 'control', target: deviceIp, detail: 'ADS write control' }]);
    expect(acted(v['ads-add-route'])).toEqual([{ kind: 'acted', action: 'write', target: deviceIp, detail: 'ADS add route ENG-PC' }]);
    expect(acted(toDevice(48_898, write(0xf006)))).toEqual([]);
  });

  it('who only reads is known to speak it, and the read is not decoded', () => {
    const command = 54 + 22;
    const read = v['ads-write'].with(command, 2);
    expect(wants(peeled(read))).toBe(false);
    expect(protocolsOf(station, read)).toContain('ads');
  });

  it('a password on the wire is not kept', () => expect(JSON.stringify(drained(v['ads-add-route']))).not.toMatch(/Administrator|"1"/));

  it('a question is recognised and tells no more', () => {
    expect(factsOf(station, v['ads-discovery-ask'])).toEqual([]);
    expect(protocolsOf(station, v['ads-discovery-ask'])).toEqual(['ads']);
  });

  it('a discovery of more tags than it can hold, or without the cookie, is malformed', () => {
    const many = b.bytes(le32(0x71146603), le32(0), le32(1), new Uint8Array(8), le32(0xffff_ffff));
    for (const body of [many, discovery(1, [1, 2, 3, 4, 1, 1]).with(0, 0)])
      expect(drained(udpFromDevice(48_899, body)).malformed).toMatchObject([{ mac: device, collector: 'ads' }]);
  });

  it('does not decode when cut anywhere', () => {
    for (const name of ['ads-discovery', 'ads-device-info'] as const) expect(cutsOf(decode, v[name])).toEqual([]);
  });
});
