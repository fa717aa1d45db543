import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/fox.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { foxVectors as v, hello, station as fields } from '../vectors/frames/fox.ts';
import { device, fromDevice, station } from '../vectors/frames/industrial.ts';
import { drainedCapture, hasCaptures } from './capture-facts.ts';
import { drained, factsOf } from './observe.ts';

describe('Fox', () => {
  it('a station says its name, host id, platform and versions', () =>
    expect(factsOf(device, v['fox-station'])).toEqual([
      { kind: 'hostname', name: 'Cold_Store_2' },
      { kind: 'identifier', scheme: 'niagara-host', value: 'Qnx-TITAN-0000-1234-5678' },
      { kind: 'model', text: 'TITAN' },
      { kind: 'firmware', text: 'Niagara 4.10.0.154' },
      { kind: 'description', text: 'Niagara Station 4.10.0.154, station Cold_Store_2, QNX 7.0.0, OpenJDK 25.282, brand vykon' },
      { kind: 'device-kind', text: 'building-controller' },
    ]));

  it('a host that has a name of its own keeps it', () =>
    expect(factsOf(station, v['fox-workbench'])).toEqual(
      expect.arrayContaining([
        { kind: 'hostname', name: 'eng-pc-4' },
        { kind: 'device-kind', text: 'engineering-station' },
      ]),
    ));

  it('its other messages are not looked at', () => {
    const challenge = new TextEncoder().encode('fox a 1 -1 fox challenge\n{\nmethod=s:digest-md5\n};;\n');
    expect(drained(fromDevice(1911, challenge)).malformed).toEqual([]);
    expect(factsOf(device, fromDevice(1911, challenge))).toEqual([]);
  });

  it('fields that are no text are passed over, and many lines end', () => {
    expect(decode(hello(true, { id: 'i:2', a: 's:1' }))).toEqual(
      new Map([
        ['id', '2'],
        ['a', '1'],
      ]),
    );
    const many = hello(true, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, 's:v'])));
    expect(decode(many).size).toBe(64);
  });

  it('does not decode when cut before its last line', () => {
    const body = hello(true, fields);
    const end = body.length - 3;
    for (let length = 0; length < end - 1; length++) {
      const cut = body.subarray(0, length);
      // The field in brackets has an equals sign within: a cut behind it is a line without end like any other.
      expect(() => decode(cut), `${length}`).toThrow(DecodeError);
    }
  });

  it.skipIf(!hasCaptures)('of a real station behind a router names nobody here; the Workbench beside us is named', () => {
    const { observations, malformed } = drainedCapture('ICS-Security-Tools/fox_info.pcap');
    expect(malformed).toEqual([]);
    const names = observations.flatMap(o => (o.fact.kind === 'hostname' ? [o.fact.name] : []));
    expect(names).toContain('xpvm-0omdc01xmy');
  });
});
