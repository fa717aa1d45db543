import { describe, expect, it } from 'vitest';
import { decode, tls } from '../../collectors/tls.ts';
import * as b from '../vectors/frames/build.ts';
import { conversation, fromClient, fromServer, opening } from '../vectors/frames/stream.ts';
import * as t from '../vectors/frames/tls.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const hello = t.record(22, t.greaseHello);
const print = (scheme: string): unknown => expect.objectContaining({ kind: 'print', scheme });

describe('a ClientHello', () => {
  it('shows both prints and whom the client asks for, on any port', () => {
    const { client, host, malformed } = told(tls, conversation(12_345, { client: hello }));
    expect(client).toEqual([print('ja3'), print('ja4'), { kind: 'asks', protocol: 'tls', name: 'updates.vendor.example' }]);
    expect(client[1]).toMatchObject({ value: expect.stringMatching(/^t13d0306h2_[0-9a-f]{12}_[0-9a-f]{12}$/) as unknown });
    expect([host, malformed]).toEqual([[], []]);
  });

  it('is read in pieces: over many segments, and over many records', () => {
    const whole = told(tls, conversation(443, { client: hello })).client;
    expect(told(tls, conversation(443, { client: hello }, 7)).client).toEqual(whole);
    const pieces = Array.from({ length: Math.ceil(t.greaseHello.length / 20) }, (_, i) =>
      t.record(22, t.greaseHello.subarray(i * 20, (i + 1) * 20)),
    );
    expect(told(tls, conversation(443, { client: b.bytes(pieces) })).client).toEqual(whole);
  });

  it('is read when the opening was not seen', () => expect(told(tls, [fromClient(443, hello)]).client).toHaveLength(3));

  it('without a name asks for nobody', () =>
    expect(told(tls, [fromClient(443, t.record(22, t.clientHello([4, 5], undefined, 0x0301)))]).client).toEqual([
      print('ja3'),
      print('ja4'),
    ]));

  it('for a name of a program for remote access tells the program', () => {
    const of = (name: string) =>
      told(tls, [fromClient(443, t.record(22, t.clientHello([4], [t.serverNameExtension(name)])))]).client.slice(3);
    expect(of('Relay-7.net.AnyDesk.com')).toEqual([{ kind: 'description', text: 'AnyDesk', of: 'remote-access' }]);
    expect(of('notanydesk.com')).toEqual([]);
  });

  it('of a browser that shuffles its extensions does not tell another JA3 each time', () => {
    const types = Array.from({ length: 30 }, (_, i) => 100 + i);
    const { client } = told(
      tls,
      types.flatMap((_, i) => {
        const order = [...types.slice(i), ...types.slice(0, i)].map(type => t.extension(type));
        return [fromClient(443, t.record(22, t.clientHello([4], order)), { from: 40_000 + i })];
      }),
    );
    const schemes = client.map(f => (f.kind === 'print' ? f.scheme : f.kind));
    expect(schemes.filter(s => s === 'ja4')).toHaveLength(1);
    expect(schemes.filter(s => s === 'ja3')).toHaveLength(5);
  });

  it('that a router passed on is not the router’s', () => {
    expect(told(tls, [...opening(443), fromClient(443, hello, { ttl: 63 })]).client).toEqual([]);
  });

  it('whose lists break their lengths is malformed, once', () => {
    const broken = t.clientHello([4], [t.extension(10, [0, 9, 0, 1])]);
    const { client, malformed } = told(tls, conversation(443, { client: t.record(22, broken) }, 9));
    expect(client).toEqual([]);
    expect(malformed).toMatchObject([{ collector: 'tls', count: 1 }]);
  });

  it('or record that is longer than TLS allows is malformed, and not waited for', () => {
    expect(() => decode(t.record(22, b.bytes(1, 1, 0, 1, new Uint8Array(40))))).toThrow('message of 65537 bytes');
    expect(() => decode(b.bytes(22, 3, 1, b.u16(20_000), 1, 0, 0, 40))).toThrow('length 20000');
    expect(() => decode(b.bytes(22, 2, 1, b.u16(20), 1))).toThrow('type 22, version 2');
  });

  it('with an extension twice is malformed', () =>
    expect(() => decode(t.record(22, t.clientHello([4], [t.extension(5), t.extension(5)])))).toThrow('extension 5 twice'));

  it('cut anywhere waits for the rest', () => cutsWaitOrThrow(decode, hello));
});

describe('a ServerHello', () => {
  const service = (port: number, name: string) => [{ kind: 'service', protocol: 'tcp', port, name }];
  const told1 = (port: number, ...extensions: readonly Uint8Array[]) =>
    told(tls, [fromServer(port, t.record(22, t.serverHello(0x1301, extensions)))]).host;

  it('shows that the server speaks TLS, and by the negotiated protocol that it is the web', () => {
    expect(told1(443)).toEqual(service(443, 'https'));
    expect(told1(1443, t.alpnExtension('h2'))).toEqual(service(1443, 'https'));
    expect(told1(1443)).toEqual(service(1443, 'tls'));
    expect(told1(8883)).toEqual(service(8883, 'secure-mqtt'));
  });

  it('names the version that was chosen', () => {
    expect(decode(t.record(22, t.serverHello(0x1301, [t.extension(43, [3, 4])])))).toEqual({ server: { version: 0x0304, cipher: 0x1301 } });
  });

  it('cut anywhere waits for the rest', () => cutsWaitOrThrow(decode, t.record(22, t.serverHello(0xc02b, [t.alpnExtension('h2')]))));
});

it('what is no hello costs nothing and is nobody’s fault', () => {
  for (const body of [b.bytes(22, 3, 1, 0, 4, 0, 0, 0, 0), b.bytes(23, 3, 3, 0, 1, 0), b.bytes('GET / HTTP/1.1')])
    expect(told(tls, conversation(443, { client: body }))).toEqual({ client: [], host: [], malformed: [] });
});

/** What tshark 4.0.17 shows as `tls.handshake.ja3` and `tls.handshake.extensions_server_name`. */
describe.skipIf(!hasCaptures)('in other people’s captures the prints and names are those that tshark shows', () => {
  it.each([
    [
      'captures/ja4/macos_tcp_flags.pcap',
      '9a:4b:87:d9:e9:6e',
      '6fa3244afc6bb6f9fad207b6b52af26b',
      'venarisecurity.com',
      't13d2613h2_2802a3db6c62_',
    ],
    ['captures/nDPI/sonos.pcapng', '9c:58:3c:a7:ee:cc', 'ae25e09391d7275844ccf16316569582', '192.168.1.70', 't12d130700_'],
    ['captures/zeek/client-certificate.pcap', '98:ee:cb:bd:07:fe', '579ccef312d18482fc42e2b822ca2430', 'certauth.idrix.fr', 't13d1715h2_'],
  ])('%s', (file, mac, ja3, name, ja4) => {
    const facts = captureFacts(file, tls).of(mac);
    expect(facts).toContainEqual({ kind: 'print', scheme: 'ja3', value: ja3 });
    expect(facts).toContainEqual({ kind: 'asks', protocol: 'tls', name });
    expect(facts.find(f => f.kind === 'print' && f.scheme === 'ja4')).toMatchObject({ value: expect.stringContaining(ja4) as unknown });
  });
});
