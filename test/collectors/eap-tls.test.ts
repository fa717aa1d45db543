import { describe, expect, it } from 'vitest';
import { EapMessages } from '../../collectors/eap-tls.ts';
import { Packet } from '../../collectors/packet.ts';
import * as b from '../vectors/frames/build.ts';
import * as v from '../vectors/frames/eapol.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import { certificate, certificateMessage, clientSecondFlight, greaseHello, record, serverFlight } from '../vectors/frames/tls.ts';
import { drained, factsOf } from './observe.ts';

const told = (role: string, subject: string): unknown => expect.objectContaining({ kind: 'certificate', role, subject });
const plc = told('client', 'CN=plc-7');
const authenticator = { kind: 'bridge', protocol: 'eapol', detail: 'authenticator' };

describe('TLS in EAP', () => {
  it('shows the certificates of supplicant and authenticator', () => {
    const frames = [
      v.eapTlsStart(1),
      ...v.eapTls(gateway, 1, serverFlight, { id: 2 }),
      ...v.eapTls(host, 2, clientSecondFlight, { id: 20 }),
    ];
    expect(factsOf(host, ...frames)).toEqual([plc]);
    expect(factsOf(gateway, ...frames)).toEqual([authenticator, told('server', 'CN=cam-7.plant.example')]);
  });

  it.each([
    { method: 13, version: 0, everyLength: false },
    { method: 13, version: 0, everyLength: true },
    { method: 21, version: 0, everyLength: false },
    { method: 25, version: 1, everyLength: true },
    { method: 43, version: 1, everyLength: false },
    { method: 55, version: 1, everyLength: false },
  ])('of method $method, a length in every fragment: $everyLength', form => {
    for (const size of [1000, 60, 7]) expect(factsOf(host, ...v.eapTls(host, 2, clientSecondFlight, { size, ...form }))).toEqual([plc]);
  });

  it('shows how a supplicant says hello, by prints of its own', () => {
    const print = (scheme: string, value: RegExp): unknown => ({ kind: 'print', scheme, value: expect.stringMatching(value) as unknown });
    expect(factsOf(host, ...v.eapTls(host, 2, record(22, greaseHello)))).toEqual([
      print('eap-ja3', /^[0-9a-f]{32}$/),
      print('eap-ja4', /^t13d0306h2_[0-9a-f]{12}_[0-9a-f]{12}$/),
      { kind: 'asks', protocol: 'tls', name: 'updates.vendor.example' },
    ]);
  });

  it('whose fragments are sent again or asked for between is read once', () => {
    const frames = v.eapTls(host, 2, clientSecondFlight, { id: 5 });
    const again = frames.flatMap((frame, i) => [frame, v.eapTlsAcknowledged(gateway, 1, 6 + i), frame]);
    expect(factsOf(host, ...again)).toEqual([plc]);
  });

  it('that misses a fragment, or begins in the middle, tells nothing', () => {
    const frames = v.eapTls(host, 2, clientSecondFlight);
    expect(frames.length).toBeGreaterThan(2);
    expect(factsOf(host, ...frames.slice(1))).toEqual([]);
    expect(factsOf(host, ...frames.slice(0, -1))).toEqual([]);
  });

  it('of two who speak by turns is not mixed', () => {
    const other = '00:1b:c5:00:00:09';
    const [own, others] = [
      v.eapTls(host, 2, clientSecondFlight),
      v.eapTls(other, 2, record(22, certificateMessage(certificate('hmi-2', 'Plant CA')))),
    ];
    const frames = own.flatMap((frame, i) => [frame, ...others.slice(i, i + 1)]);
    expect(factsOf(host, ...frames, ...others)).toEqual([plc]);
    expect(factsOf(other, ...frames, ...others.slice(own.length))).toEqual([told('client', 'CN=hmi-2')]);
  });

  it('encrypted, or by TEAP with what is no TLS, tells nothing; broken, it is malformed', () => {
    expect(factsOf(host, ...v.eapTls(host, 2, record(23, new Uint8Array(80))))).toEqual([]);
    expect(factsOf(host, v.eapolFrame(host, v.eapol(0, v.eap(2, 55, 0x11, b.u32(4), clientSecondFlight))))).toEqual([]);
    const broken = v.eapolFrame(host, v.eapol(0, v.eap(2, 13, 0, b.bytes(22, 9, 9, 0, 1, 1))));
    expect(drained(broken).malformed).toMatchObject([{ mac: host, collector: 'eap-tls' }]);
  });

  it('of a flood of senders is forgotten, the oldest first', () => {
    const of = new EapMessages();
    const fragment = { code: 2, id: 1, isStart: false, goesOn: true, data: Uint8Array.of(22, 3, 3) };
    for (let i = 0; i < 5000; i++) {
      const packet = new Packet();
      packet.peel(b.frame(v.eapTlsAcknowledged(`02:00:00:00:${i >> 8}:${(i & 255).toString(16)}`, 2, 1), { at: 1_700_000_000_000 + i }));
      of.add(packet, fragment);
    }
    expect(of.size).toBe(64);
  });
});
