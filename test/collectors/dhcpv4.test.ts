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
      { kind: 'asks-address', ip: '192.0.2.10' },
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

  const said = (...options: readonly (readonly [number, string | readonly number[]])[]) =>
    factsOf(plc, client(b.dhcp({ op: 1, chaddr: plc, options: [[53, [1]], ...options] })));

  it('that declines or releases an address says nothing of it, and who it is as ever', () => {
    const of = (type: number) =>
      factsOf(
        plc,
        client(
          b.dhcp({
            op: 1,
            chaddr: plc,
            ciaddr: '192.0.2.10',
            options: [
              [53, [type]],
              [12, 'x'],
            ],
          }),
        ),
      );
    for (const type of [4, 7]) expect(of(type)).toEqual([{ kind: 'hostname', name: 'x' }]);
    for (const type of [0, 9]) expect(of(type)).toEqual([]);
  });

  it('says its full name, in text or as DNS has it; beside a host name only where it goes on behind that', () => {
    const name = (text: string) => [{ kind: 'hostname', name: text }];
    const wire = (flags: number, ...labels: readonly string[]) => [
      flags,
      0,
      0,
      ...labels.flatMap(label => [label.length, ...new TextEncoder().encode(label)]),
    ];
    expect(said([81, '\0\0\0press-7.plant.example.'])).toEqual(name('press-7.plant.example'));
    expect(said([81, [...wire(4, 'press-7', 'plant'), 0]])).toEqual(name('press-7.plant'));
    expect(said([81, wire(4, 'press-7')])).toEqual(name('press-7'));
    expect(said([12, 'PRESS-7'], [81, '\0\0\0press-7.plant.example'])).toEqual(name('press-7.plant.example'));
    expect(said([12, 'press-7'], [81, '\0\0\0other'])).toEqual(name('press-7'));
    expect(said([12, 'press-7'], [81, [4, 0, 0, 99, 1]])).toEqual(name('press-7'));
    expect(said([81, [4, 0, 0]])).toEqual([]);
    expect(said([81, [0]])).toEqual([]);
  });

  it('says its user class, as RFC 3004 or as text alone, and its vendor classes where it says no vendor class', () => {
    const user = (text: string) => [{ kind: 'description', of: 'dhcp-user-class', text }];
    expect(said([77, '\x04abcd\x02ef'])).toEqual(user('abcd ef'));
    expect(said([77, 'iPXE'])).toEqual(user('iPXE'));
    expect(said([124, '\0\0\x01\x37\x06\x05drive'])).toEqual([{ kind: 'vendor-class', text: 'drive' }]);
    expect(said([124, '\0\0\x01\x37\x05drive\0\0\x01\x38\x02io'])).toEqual([{ kind: 'vendor-class', text: 'drive io' }]);
    expect(said([60, 'plc'], [124, '\0\0\x01\x37\x05drive'])).toEqual([{ kind: 'vendor-class', text: 'plc' }]);
    expect(said([124, '\0\0\x01\x37\x63drive'])).toEqual([{ kind: 'vendor-class', text: 'drive' }]);
  });

  it('says its type plate in the options of its enterprise, and a cable modem in those of its class', () => {
    const plate = [0, 0, 0x0d, 0xe9, 10, 2, 3, 0x53, 0x2d, 0x37, 3, 3, 0x47, 0x57, 0x31];
    const device = [
      { kind: 'model', text: 'GW1' },
      { kind: 'serial', text: 'S-7' },
    ];
    expect(said([125, plate])).toEqual(device);
    expect(said([125, [0, 0, 0, 9, 2, 1, 0, ...plate]])).toEqual(device);
    expect(said([125, plate.with(3, 0xea)])).toEqual([]);
    expect(said([60, 'docsis3.0:0501'], [43, '\x02\x03ECM\x04\x03S-8\x05\x02H1\x06\x04v1.2\x09\x02M9\x0a\x03Co.'])).toEqual([
      { kind: 'vendor-class', text: 'docsis3.0:0501' },
      { kind: 'maker', text: 'Co.' },
      { kind: 'model', text: 'M9' },
      { kind: 'serial', text: 'S-8' },
      { kind: 'firmware', text: 'v1.2' },
    ]);
    expect(said([60, 'MSFT 5.0'], [43, '\x04\x03S-8'])).toEqual([{ kind: 'vendor-class', text: 'MSFT 5.0' }]);
  });

  it('is plugged in where the switch before the server says, in text or in numbers of its own', () => {
    const cisco = [0, 4, 0, 20, 1, 3];
    expect(said([82, '\x01\x05Gi0/3\x02\x03sw1'])).toEqual([{ kind: 'relay-agent', circuit: 'Gi0/3', remote: 'sw1' }]);
    expect(said([82, [1, 6, ...cisco]])).toEqual([{ kind: 'relay-agent', circuit: '000400140103' }]);
    expect(said([82, [2, 0, 1, 99, 0x41]])).toEqual([{ kind: 'relay-agent', circuit: 'A' }]);
    expect(said([82, [9, 1, 1]])).toEqual([]);
    expect(said([82, [1]])).toEqual([]);
  });

  it('asks for an address when it looks for one, not when it declines it', () => {
    const wish = (type: number, address: readonly number[]) =>
      factsOf(
        plc,
        client(
          b.dhcp({
            op: 1,
            chaddr: plc,
            options: [
              [53, [type]],
              [50, address],
            ],
          }),
        ),
      );
    const address = [192, 0, 2, 10];
    for (const type of [1, 3]) expect(wish(type, address)).toEqual([{ kind: 'asks-address', ip: '192.0.2.10' }]);
    expect(wish(4, address)).toEqual([]);
    expect(wish(1, [0, 0, 0, 0])).toEqual([]);
    expect(wish(1, [192, 0, 2])).toEqual([]);
  });

  it('says the UUID of its machine when it boots, which all zeros or ones are not', () => {
    const uuid = Array.from({ length: 16 }, (_, i) => i + 1);
    expect(said([97, [0, ...uuid]])).toEqual([{ kind: 'identifier', scheme: 'uuid', value: '04030201-0605-0807-090a-0b0c0d0e0f10' }]);
    expect(said([97, [1, ...uuid]])).toEqual([]);
    expect(said([97, [0, ...uuid.map(() => 255)]])).toEqual([]);
  });

  it('may name its hardware type IEEE 802 instead of Ethernet', () => {
    const dhcp = b.dhcp({
      op: 1,
      chaddr: plc,
      options: [
        [53, [1]],
        [12, 'x'],
      ],
    });
    expect(factsOf(plc, client(dhcp.with(1, 6)))).toEqual([{ kind: 'hostname', name: 'x' }]);
    expect(drained(client(dhcp.with(1, 7))).malformed).toHaveLength(1);
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

  const reply = (type: number, from: number, to = 68) =>
    b.ethernet(
      server,
      plc,
      0x0800,
      b.ipv4('192.0.2.1', '192.0.2.10', 17, b.udp(from, to, b.dhcp({ op: 2, chaddr: plc, yiaddr: '192.0.2.10', options: [[53, [type]]] }))),
    );
  it('is whoever answers a client: with OFFER, ACK or only NAK, from whatever port', () => {
    for (const type of [2, 5, 6])
      for (const port of [67, 68, 6767]) expect(factsOf(server, reply(type, port))).toEqual([{ kind: 'dhcp-server', ip: '192.0.2.1' }]);
  });

  it('is nobody who answers none, or says what clients say', () => {
    for (const type of [1, 3, 4, 7, 8]) expect(factsOf(server, reply(type, 67))).toEqual([]);
    expect(factsOf(server, reply(5, 6767, 67))).toEqual([]);
  });
});

describe('a wrong DHCP message is malformed, with its sender', () => {
  const good = b.dhcp({ op: 1, chaddr: plc, options: [[53, [1]]] });
  it.each([
    ['an operation that is neither request nor reply', good.with(0, 3), /op=3/],
    ['another hardware type', good.with(1, 7), /htype=7 hlen=6/],
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
