import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/dhcpv4.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { other, plc, server, vectors } from '../vectors/frames/index.ts';
import { drained, factsOf } from './observe.ts';

const v = (name: string): Uint8Array => vectors[name] ?? new Uint8Array(0);
const client = (dhcp: Uint8Array, source = plc): Uint8Array =>
  b.ethernet(source, b.broadcast, 0x0800, b.ipv4('0.0.0.0', '255.255.255.255', 17, b.udp(68, 67, dhcp)));

describe('a DHCP client', () => {
  it('says its name, class, parameters in order, identifier and MUD URL; the address it asks for is not yet its own', () =>
    expect(factsOf(plc, v('dhcp-request'))).toEqual([
      { kind: 'hostname', name: 'plc-7' },
      { kind: 'vendor-class', text: 'Vendor Class' },
      { kind: 'dhcp-parameters', options: [1, 3, 6, 15, 12, 28] },
      { kind: 'dhcp-client-id', id: '0100005e005301' },
      { kind: 'mud-url', url: 'https://vendor.example/plc.json' },
    ]));

  it('that renews names the address that it uses', () =>
    expect(factsOf(plc, v('dhcp-renew'))).toEqual([{ kind: 'address', ip: '192.0.2.10' }]));

  it('may split an option (RFC 3396)', () =>
    expect(factsOf(plc, v('dhcp-split-option'))).toContainEqual({ kind: 'vendor-class', text: 'Vendor Class' }));

  it('may go on in the fields file and sname, in this order (option 52)', () =>
    expect(factsOf(plc, v('dhcp-overload'))).toEqual([
      { kind: 'hostname', name: 'plc-7' },
      { kind: 'vendor-class', text: 'Vendor Class' },
    ]));

  it('can say nothing about another hardware address', () => {
    const { observations, malformed } = drained(v('dhcp-foreign-chaddr'));
    expect(observations.map(o => [o.mac, o.fact.kind])).toEqual([[plc, 'seen']]);
    expect(malformed).toEqual([]);
  });

  it('has its text made harmless', () => {
    const dhcp = b.dhcp({
      op: 1,
      chaddr: plc,
      options: [
        [53, [1]],
        [12, 'a\u202eb\n"c'],
        [60, '\0\0'],
      ],
    });
    expect(factsOf(plc, client(dhcp))).toEqual([{ kind: 'hostname', name: 'a\ufffdb\ufffd"c' }]);
  });

  it('that declines or releases says nothing', () => {
    for (const type of [0, 4, 7, 9])
      expect(
        factsOf(
          plc,
          client(
            b.dhcp({
              op: 1,
              chaddr: plc,
              options: [
                [53, [type]],
                [12, 'x'],
              ],
            }),
          ),
        ),
      ).toEqual([]);
  });
});

describe('a DHCP server', () => {
  it('is named as such by its offer, without a lease', () => {
    const { observations } = drained(v('arp-request'), v('dhcp-offer'));
    expect(observations.filter(o => o.collector === 'dhcpv4').map(o => [o.mac, o.fact])).toEqual([
      [server, { kind: 'dhcp-server', ip: '192.0.2.1' }],
    ]);
  });

  it('names the lease of its client with an ACK; that stands at the port where the client speaks', () => {
    const { observations } = drained(b.frame(v('arp-request'), { port: 'p7' }), b.frame(v('dhcp-ack'), { port: 'p1' }));
    expect(observations.filter(o => o.collector === 'dhcpv4')).toMatchObject([
      { mac: server, port: 'p1', fact: { kind: 'dhcp-server', ip: '192.0.2.1' } },
      { mac: plc, port: 'p7', fact: { kind: 'dhcp-lease', ip: '192.0.2.10', server: '192.0.2.1' } },
    ]);
  });

  it('cannot make a client appear that never spoke', () => {
    const { observations, overflow } = drained(v('dhcp-ack'));
    expect(observations.filter(o => o.mac === plc)).toEqual([]);
    expect(overflow).toEqual([{ port: 'p1', count: 1, what: 'facts about addresses that have not spoken here' }]);
  });

  it('is nobody who sends from another port, or says other than OFFER or ACK', () => {
    const reply = (type: number, port: number) =>
      b.ethernet(
        server,
        plc,
        0x0800,
        b.ipv4(
          '192.0.2.1',
          '192.0.2.10',
          17,
          b.udp(port, 68, b.dhcp({ op: 2, chaddr: plc, yiaddr: '192.0.2.10', options: [[53, [type]]] })),
        ),
      );
    expect(factsOf(server, reply(5, 67))).toEqual([{ kind: 'dhcp-server', ip: '192.0.2.1' }]);
    for (const [type, port] of [
      [5, 68],
      [6, 67],
      [3, 67],
    ] as const)
      expect(factsOf(server, reply(type, port))).toEqual([]);
  });
});

describe('a wrong DHCP message is malformed, with its sender', () => {
  const good = b.dhcp({ op: 1, chaddr: plc, options: [[53, [1]]] });
  it.each([
    ['an operation that is neither request nor reply', good.with(0, 3), /op=3/],
    ['another hardware type', good.with(1, 6), /htype=6 hlen=6/],
    ['an address of 16 bytes', good.with(2, 16), /htype=1 hlen=16/],
    ['plain BOOTP without the cookie', good.with(236, 0), /magic cookie 825363/],
    ['an option that runs past the end', good.with(241, 200), /200 bytes wanted/],
    [
      'an overload field whose option runs past its end',
      b.dhcp({
        op: 1,
        chaddr: plc,
        options: [
          [53, [1]],
          [52, [1]],
        ],
        file: b.padded(128, b.bytes(60, 200)),
      }),
      /200 bytes wanted/,
    ],
  ])('%s', (_, message, found) => {
    expect(() => decode(message)).toThrow(DecodeError);
    const [first] = drained(client(message, other)).malformed;
    expect(first).toMatchObject({ mac: other, collector: 'dhcpv4' });
    expect(first?.message).toMatch(found);
  });

  it('cut anywhere before its options; behind them a cut may decode, since some devices send no end option', () => {
    const decoded: number[] = [];
    for (let length = 0; length < good.length; length++) {
      try {
        decode(good.subarray(0, length));
        decoded.push(length);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
    expect(decoded).toEqual([240, 243]);
  });

  it('an option of a thousand parts is cut, not grown', () => {
    const many = b.dhcp({ op: 1, chaddr: plc, options: [[53, [1]], ...Array.from({ length: 250 }, () => [60, 'x'.repeat(255)] as const)] });
    expect(decode(many).options.get(60)?.length).toBeLessThanOrEqual(1024 + 255);
  });
});
