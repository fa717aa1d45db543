import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/powerlink.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { device, station } from '../vectors/frames/industrial.ts';
import { identResponse, powerlinkVectors as v } from '../vectors/frames/powerlink.ts';
import { drainedCapture, hasCaptures } from './capture-facts.ts';
import { factsOf, protocolsOf } from './observe.ts';

const facts = (body: Uint8Array) => factsOf(device, b.ethernet(device, '01:11:1e:00:00:04', 0x88ab, body));

describe('POWERLINK', () => {
  it('an IdentResponse tells kind, name, address, serial number, revision, node and who made it', () =>
    expect(factsOf(device, v['powerlink-ident'])).toEqual([
      { kind: 'device-kind', text: 'io' },
      { kind: 'hostname', name: 'valve-island-3' },
      { kind: 'address', ip: '192.168.100.3' },
      { kind: 'serial', text: '123456' },
      { kind: 'firmware', text: '1.2' },
      { kind: 'description', text: 'POWERLINK node 3, vendor 0x0000006c, product 0x0000a5a5' },
    ]));

  it('node 240 manages the others', () =>
    expect(factsOf(station, v['powerlink-ident-manager'])).toContainEqual({ kind: 'device-kind', text: 'plc' }));

  it('says nothing of what is left 0', () => {
    const empty = b.bytes(identResponse(3, 0).subarray(0, 4), new Uint8Array(158));
    expect(facts(empty).map(f => f.kind)).toEqual(['description']);
  });

  it('a write to the object dictionary is an act, a read and an answer are none', () => {
    expect(factsOf(station, v['powerlink-write'])).toContainEqual({
      kind: 'acted',
      action: 'write',
      target: device,
      detail: 'POWERLINK WriteByIndex to node 3',
    });
    expect(factsOf(station, v['powerlink-read-udp']).filter(f => f.kind === 'acted')).toEqual([]);
    const answer = v['powerlink-write'].with(14 + 4 + 4 + 2, 0x80);
    expect(factsOf(station, answer).filter(f => f.kind === 'acted')).toEqual([]);
  });

  it('frames of the cycle are not looked at', () =>
    expect(protocolsOf(device, b.ethernet(device, station, 0x88ab, b.bytes(1, 255, 240)))).toEqual([]));

  it('does not decode when cut before the end of the host name; the extension behind it is not looked at', () => {
    const body = identResponse(3);
    for (let length = 0; length < body.length - 48; length++)
      expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
  });

  it.skipIf(!hasCaptures)('over UDP between real nodes is recognised at both; the one write in it is an act', () => {
    const { observations, malformed } = drainedCapture('ICS-Pcaps/epl.pcap');
    const spoken = observations.flatMap(o => (o.fact.kind === 'protocol' && o.fact.name === 'powerlink' ? [o.mac] : []));
    expect(spoken.toSorted()).toEqual(['00:01:03:87:77:ba', '00:cf:54:85:cf:01']);
    expect(observations.filter(o => o.fact.kind === 'acted')).toMatchObject([
      { frame: 51, mac: '00:01:03:87:77:ba', fact: { action: 'write', target: '192.168.100.32', detail: 'POWERLINK WriteByIndex' } },
    ]);
    expect(malformed).toEqual([]);
  });
});
