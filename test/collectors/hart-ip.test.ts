import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/hart-ip.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { device, deviceIp, station, toDevice, udpFromDevice } from '../vectors/frames/industrial.ts';
import { hartFrame, hartIpMessage, hartIpVectors as v } from '../vectors/frames/hart-ip.ts';
import { factsOf, protocolsOf } from './observe.ts';

describe('HART-IP', () => {
  it('command 0 of revision 7 tells the unique id, maker, type and software', () =>
    expect(factsOf(device, v['hart-ip-identity'])).toEqual([
      { kind: 'identifier', scheme: 'hart-unique-id', value: '372a010203' },
      { kind: 'device-kind', text: 'instrument' },
      { kind: 'description', text: 'HART 7, maker 0x0037, device type 0x372a revision 2' },
      { kind: 'firmware', text: '3' },
    ]));

  it('command 0 of revision 5 has maker and type in a byte each', () =>
    expect(factsOf(device, v['hart-ip-identity-5'])).toContainEqual({
      kind: 'description',
      text: 'HART 5, maker 0x0026, device type 0x2606 revision 2',
    }));

  it('so does revision 6, whose answer ends before the maker of revision 7', () => {
    const identity = [0, 0, 254, 0x26, 6, 5, 6, 2, 3, 0x20, 0, 9, 8, 7, 5, 10, 0, 1, 0];
    expect(factsOf(device, udpFromDevice(5094, hartIpMessage(1, hartFrame(0x86, 0, identity))))).toContainEqual({
      kind: 'description',
      text: 'HART 6, maker 0x0026, device type 0x2606 revision 2',
    });
  });

  it('the long tag is a name', () => expect(factsOf(device, v['hart-ip-tag'])).toEqual([{ kind: 'hostname', name: 'FT-101 inlet' }]));

  it('the short tag is a name too, and its descriptor what its owner calls it', () => {
    const told = [
      { kind: 'hostname', name: 'FT-101' },
      { kind: 'inventory', of: 'asset', text: 'INLET FLOW 2/3 _' },
    ];
    expect(factsOf(device, v['hart-ip-short-tag'])).toEqual(told);
    // Command 18 writes them and is answered by the same.
    expect(factsOf(device, v['hart-ip-short-tag'].with(42 + 8 + 6, 18))).toEqual(told);
  });

  it('a command that changes the device is an act; a question is none', () => {
    expect(factsOf(station, v['hart-ip-write'])).toEqual([{ kind: 'acted', action: 'write', target: deviceIp, detail: 'HART command 35' }]);
    expect(factsOf(station, toDevice(5094, hartIpMessage(0, hartFrame(0x82, 0, []))))).toEqual([]);
    expect(protocolsOf(station, v['hart-ip-session'])).toEqual(['hart-ip']);
  });

  it('an answer with a communication error, or from another port, tells nothing', () => {
    const error = hartIpMessage(1, hartFrame(0x86, 0, [0x88, 0]));
    expect(factsOf(device, udpFromDevice(5094, error))).toEqual([]);
    const answer = hartIpMessage(1, hartFrame(0x86, 20, [0, 0, 'X'.repeat(32)]));
    expect(factsOf(station, toDevice(5094, answer))).toEqual([]);
  });

  it.each([
    ['a version nobody has', hartIpMessage(1, hartFrame(0x86, 0, [])).with(0, 9)],
    ['a length past its end', hartIpMessage(1, hartFrame(0x86, 0, [])).with(7, 99)],
    ['an identity without its expansion code', hartIpMessage(1, hartFrame(0x86, 0, [0, 0, 1, 2, 3]))],
  ])('with %s is malformed', (_, body) => expect(() => decode(body)).toThrow(DecodeError));

  it('does not decode when cut anywhere', () => {
    const body = v['hart-ip-identity'].subarray(42);
    for (let length = 0; length < body.length; length++) expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
  });
});
