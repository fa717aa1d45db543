import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/coap.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, lwm2m, uuid } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { bodyOf, cannotBeCut, vector } from './udp-cases.ts';

const service = { kind: 'service', protocol: 'udp', port: 5683, name: 'coap' };
const sent = (body: Uint8Array, source = 5683, target = 50_000) => factsOf(host, datagram(source, target, body, { toPeer: true }));

describe('CoAP', () => {
  it('tells the kinds of the resources that a server lists', () =>
    expect(factsOf(host, vector('coap-links'))).toEqual([service, { kind: 'description', text: 'CoAP temperature-c light-lux core.rd' }]));

  it('of another format or code shows a server and nothing more', () => {
    const [format, code] = [bodyOf('coap-links').with(6, 50), bodyOf('coap-links').with(1, 0x84)];
    for (const body of [format, code, b.bytes(0x60, 0x44, b.u16(7))]) expect(sent(body)).toEqual([service]);
  });

  it('tells the endpoint of a LwM2M client that registers', () => {
    expect(factsOf(host, vector('coap-lwm2m'))).toEqual([
      { kind: 'description', text: `LwM2M urn:uuid:${uuid}` },
      { kind: 'identifier', scheme: 'uuid', value: uuid },
    ]);
    expect(sent(lwm2m('urn:imei:490154203237518'), 50_000, 5683)).toEqual([
      { kind: 'description', text: 'LwM2M urn:imei:490154203237518' },
      { kind: 'serial', text: '490154203237518' },
    ]);
  });

  it('that asks, or answers from another port, tells nothing', () => {
    expect(sent(b.bytes(0x40, 0x01, b.u16(7), 0xbb, '.well-known', 4, 'core'), 50_000, 5683)).toEqual([]);
    expect(sent(bodyOf('coap-links'), 50_000, 5683)).toEqual([]);
  });

  it.each([
    ['another version', b.bytes(0x80, 1, 0, 0), /version=2/],
    ['too long a token', b.bytes(0x49, 1, 0, 0, new Uint8Array(9)), /token length=9/],
    ['a reserved option length', b.bytes(0x40, 1, 0, 0, 0xbf), /reserved/],
    ['a reserved option delta', b.bytes(0x40, 1, 0, 0, 0xf1, 0), /reserved/],
    ['an option number that is too high', b.bytes(0x40, 1, 0, 0, [0xe0, 255, 255], [0xe0, 255, 255]), /option 131608/],
    ['an empty payload', b.bytes(0x40, 1, 0, 0, 0xff), /without payload/],
    ['an empty message that is not empty', b.bytes(0x40, 0, 0, 0, 0xb1, 'a'), /not empty/],
  ])('with %s is malformed', (_, body, found) => {
    expect(() => decode(body)).toThrow(DecodeError);
    expect(() => decode(body)).toThrow(found);
  });

  it('with an option a thousand times is capped', () => {
    const many = b.bytes(
      0x40,
      1,
      0,
      0,
      [0xb1, 'a'],
      Array.from({ length: 999 }, () => [0x01, 'a']),
    );
    expect(decode(many).options.get(11)).toHaveLength(16);
  });

  // Between options and within the payload nothing is missing.
  cannotBeCut(decode, ['coap-links'], length => length === 5 || length === 7 || length > 8);
  cannotBeCut(decode, ['coap-lwm2m'], (length, whole) => [4, 7, 57, 67].includes(length) || length > whole - 6);
});
