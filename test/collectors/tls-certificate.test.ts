import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { decode, tlsCertificate } from '../../collectors/tls-certificate.ts';
import * as b from '../vectors/frames/build.ts';
import { conversation, fromServer, opening } from '../vectors/frames/stream.ts';
import * as t from '../vectors/frames/tls.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const key = createHash('sha256').update(t.keyInfo).digest('hex');
const shown = { kind: 'certificate', role: 'server', subject: 'CN=cam-7.plant.example', issuer: 'CN=Vendor CA', key };
const clientFlights = b.bytes(t.record(22, t.greaseHello), t.clientSecondFlight);

describe('a certificate', () => {
  it('of a server is told with its names and the digest of its key', () =>
    expect(told(tlsCertificate, conversation(443, { server: t.serverFlight }))).toEqual({ client: [], host: [shown], malformed: [] }));

  it('of a client is told, although its hello came long before', () =>
    expect(told(tlsCertificate, conversation(443, { client: clientFlights }, 60)).client).toEqual([
      { kind: 'certificate', role: 'client', subject: 'CN=plc-7', issuer: 'CN=Plant CA', key },
    ]));

  it('that a program for remote access made for itself tells the program, on any port', () => {
    const flight = (subject: string) =>
      t.record(22, b.bytes(t.serverHello(0xc02b), t.certificateMessage(t.certificate(subject, subject)), t.serverHelloDone));
    expect(told(tlsCertificate, conversation(7070, { server: flight('AnyDesk Client') })).host.slice(1)).toEqual([
      { kind: 'description', text: 'AnyDesk', of: 'remote-access' },
    ]);
    for (const other of ['AnyDesk Clients', 'toString'])
      expect(told(tlsCertificate, conversation(7070, { server: flight(other) })).host).toHaveLength(1);
  });

  it('spread over records and segments is told all the same', () => {
    const flight = b.bytes(
      t.serverHello(0xc02b),
      t.certificateMessage(t.certificate('cam-7.plant.example', 'Vendor CA')),
      t.serverHelloDone,
    );
    const records = Array.from({ length: Math.ceil(flight.length / 50) }, (_, i) => t.record(22, flight.subarray(i * 50, (i + 1) * 50)));
    expect(told(tlsCertificate, conversation(443, { server: b.bytes(records) }, 33)).host).toEqual([shown]);
  });

  it('is the sender’s own: those behind it in the chain are not told', () => {
    const chain = t.certificateMessage(t.certificate('cam-7.plant.example', 'Vendor CA'), t.certificate('Vendor CA', 'Vendor Root'));
    expect(told(tlsCertificate, conversation(443, { server: t.record(22, b.bytes(t.serverHello(1), chain)) })).host).toEqual([shown]);
  });

  it('at the head of a long chain is told from a frame of which no more was kept', () => {
    const own = t.certificate('cam-7.plant.example', 'Vendor CA');
    const long = t.certificateMessage(own, ...Array.from({ length: 20 }, () => t.certificate('Vendor CA', 'Vendor Root')));
    const start = b.bytes(t.serverHello(1), long);
    const [hello, ...rest] = [...opening(443), fromServer(443, t.record(22, start))].map(bytes => b.frame(bytes));
    const said = (kept: number): readonly unknown[] => {
      const dissector = new Dissector({ collectors: [tlsCertificate] });
      for (const f of [hello, ...rest]) if (f !== undefined) dissector.frame({ ...f, bytes: f.bytes.subarray(0, kept) });
      const { observations, malformed } = dissector.drain(true);
      expect(malformed).toEqual([]);
      return observations.flatMap(({ fact }) => (fact.kind === 'certificate' ? [fact] : []));
    };
    const end = 54 + 5 + t.serverHello(1).length + 4 + 6 + own.length;
    expect(said(end)).toEqual([shown]);
    expect(said(end - 1)).toEqual([]);
  });

  it('that cannot be read is counted', () => {
    const der = t.certificate('cam-7', 'Vendor CA').with(4, 0x31);
    const { host, malformed } = told(
      tlsCertificate,
      conversation(443, { server: t.record(22, b.bytes(t.serverHello(1), t.certificateMessage(der))) }),
    );
    expect(host).toEqual([]);
    expect(malformed).toMatchObject([{ collector: 'tls-certificate', count: 1 }]);
  });

  it('that a router passed on is not the router’s', () =>
    expect(told(tlsCertificate, [...opening(443), fromServer(443, t.serverFlight, { ttl: 57 })]).host).toEqual([]));

  it('cut anywhere waits for the rest', () => {
    cutsWaitOrThrow(decode, t.serverFlight);
    cutsWaitOrThrow(decode, clientFlights);
  });
});

describe('no certificate', () => {
  it('is waited for when a client sent an empty list, or nothing but its keys', () => {
    const none = b.bytes(t.record(22, t.greaseHello), t.record(22, t.certificateMessage()));
    expect(decode(none)).toEqual({ role: 'client' });
    expect(decode(b.bytes(t.record(22, t.greaseHello), t.record(22, t.message(16, b.bytes(1, 2))), t.record(20, b.bytes(1))))).toEqual({
      role: 'client',
    });
  });

  it('is waited for in TLS 1.3, where it is encrypted', () => {
    const flight = b.bytes(
      t.record(22, t.serverHello(0x1301, [t.extension(43, [3, 4])])),
      t.record(20, b.bytes(1)),
      t.record(23, b.bytes(1, 2)),
    );
    expect(decode(flight)).toEqual({ role: 'server' });
    expect(told(tlsCertificate, conversation(443, { server: flight })).host).toEqual([]);
  });

  it('is waited for when the connection fails', () =>
    expect(decode(b.bytes(t.record(22, t.greaseHello), t.record(21, b.bytes(2, 40))))).toEqual({ role: 'client' }));
});

/** tshark 4.0.17 shows the names; the digests are those of the certificates that it exports. */
describe.skipIf(!hasCaptures)('in other people’s captures', () => {
  it('the certificate of a Sonos device names it', () =>
    expect(captureFacts('captures/nDPI/sonos.pcapng', tlsCertificate).of('34:7e:5c:ff:a2:6e')).toMatchObject([
      {
        role: 'server',
        subject: expect.stringContaining('CN=347E5CFFA26E') as unknown,
        issuer: expect.stringContaining('Sonos') as unknown,
      },
    ]));

  it('the certificate of a client is told of the client, and that of a server on the Internet of nobody', () =>
    expect(captureFacts('captures/zeek/client-certificate.pcap', tlsCertificate).all).toMatchObject([
      {
        role: 'client',
        subject: expect.stringContaining('johanna@corelight.com') as unknown,
        issuer: expect.stringContaining('Actalis') as unknown,
      },
    ]));
});
