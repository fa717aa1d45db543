import { describe, expect, it } from 'vitest';
import { decode, wants } from '../../collectors/mms.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { tlv } from '../vectors/frames/ber.ts';
import * as b from '../vectors/frames/build.ts';
import { device, deviceIp, fromDevice, station, toDevice } from '../vectors/frames/industrial.ts';
import { identifyResponse, mmsSegment, mmsVectors, readRequest, writeRequest } from '../vectors/frames/mms.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('MMS', () => {
  it('answers Identify with vendor, model and revision', () =>
    expect(factsOf(device, mmsVectors['mms-identify']).filter(f => f.kind !== 'service')).toEqual([
      { kind: 'maker', text: 'Maker AG' },
      { kind: 'model', text: 'Bay Unit 7' },
      { kind: 'firmware', text: '4.2.1' },
    ]));

  it('a write is an act on its target, a read is none', () => {
    expect(factsOf(station, mmsVectors['mms-write'])).toEqual([{ kind: 'acted', action: 'write', target: deviceIp, detail: 'MMS write' }]);
    expect(factsOf(station, toDevice(102, readRequest))).toEqual([]);
  });

  it('a service with a tag of two octets is an act too', () =>
    expect(factsOf(station, mmsVectors['mms-stop'])).toEqual([{ kind: 'acted', action: 'control', target: deviceIp, detail: 'MMS stop' }]));

  it('who only reads is known to speak it, and the read is not decoded', () => {
    expect(wants(peeled(toDevice(102, readRequest)))).toBe(false);
    expect(protocolsOf(station, toDevice(102, readRequest))).toContain('mms');
  });

  it('leaves what else speaks on port 102 alone', () => {
    const s7 = b.bytes(3, 0, b.u16(25), 2, 0xf0, 0x80, 0x32, 1, new Uint8Array(16));
    expect(drained(fromDevice(102, s7)).malformed).toEqual([]);
  });

  it('lengths may be written long', () => {
    const long = mmsSegment(tlv(0xa1, tlv(0x02, 5), tlv(0xa2, tlv(0x80, 'V'.repeat(140)), tlv(0x81, 'M'), tlv(0x82, 'R'))));
    expect(factsOf(device, fromDevice(102, long))).toContainEqual({ kind: 'model', text: 'M' });
  });

  it.each([
    ['an identify response', identifyResponse, 0],
    // Of a write its service is enough: what it writes is not looked at.
    ['a write', writeRequest, 26],
  ])('%s does not decode when cut', (_, body, enough) => {
    for (let length = 0; length < (enough === 0 ? body.length : enough); length++)
      expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
  });

  it.each([
    ['another COTP PDU', identifyResponse.with(5, 0xe0), /COTP/],
    ['no TPKT', identifyResponse.with(0, 4), /TPKT/],
    ['another session PDU', identifyResponse.with(7, 13), /session/],
    ['another presentation', identifyResponse.with(11, 0x62), /presentation/],
    ['an indefinite length', identifyResponse.with(12, 0x80), /length octet/],
  ])('with %s is malformed', (_, body, found) => expect(() => decode(body)).toThrow(found));
});
