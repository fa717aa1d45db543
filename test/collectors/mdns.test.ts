import type { Answer } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import * as b from '../vectors/frames/build.ts';
import { compressed, mdnsFrame, mdnsResponse, plc, printer, selfPointing, vectors } from '../vectors/frames/index.ts';
import { drained, factsOf } from './observe.ts';

const say = (...answers: readonly Answer[]): Uint8Array => mdnsFrame(mdnsResponse(answers));
const srv = (name: string, port: number, target: string): Answer => ({ type: 'SRV', name, ttl: 120, data: { port, target } });
const txt = (name: string, ...data: readonly string[]): Answer => ({ type: 'TXT', name, ttl: 120, data: [...data] });
const a = (name: string, ip: string, ttl = 120): Answer => ({ type: 'A', name, ttl, data: ip });

describe('an mDNS responder', () => {
  it('says its address, name, services and model', () =>
    expect(factsOf(plc, vectors['mdns-printer'] ?? b.bytes())).toEqual([
      { kind: 'address', ip: '192.0.2.10' },
      { kind: 'hostname', name: 'printer-7' },
      { kind: 'service', protocol: 'tcp', port: 631, name: 'ipp' },
      { kind: 'model', text: 'Maker LaserThing 9' },
    ]));

  it('may compress names', () =>
    expect(factsOf(plc, mdnsFrame(compressed))).toEqual([
      { kind: 'address', ip: '192.0.2.10' },
      { kind: 'hostname', name: 'cam' },
      { kind: 'service', protocol: 'tcp', port: 554, name: 'rtsp' },
    ]));

  it('over IPv6 says the IPv6 address that it sends from', () =>
    expect(factsOf(plc, vectors['mdns-ipv6'] ?? b.bytes()).slice(0, 2)).toEqual([
      { kind: 'address', ip: 'fe80::1' },
      { kind: 'hostname', name: 'printer-7' },
    ]));

  it('that speaks for another address (sleep proxy, reflector) says nothing about itself', () => {
    const others = printer.map(answer => (answer.type === 'A' ? a(answer.name, '192.0.2.99') : answer));
    expect(factsOf(plc, mdnsFrame(mdnsResponse(others)))).toEqual([]);
  });

  it('says its services and model also when no address stands beside them', () =>
    expect(factsOf(plc, say(srv('Gate._rtsp._tcp.local', 554, 'cam.local'), txt('Gate._rtsp._tcp.local', 'md=Cam 3')))).toEqual([
      { kind: 'service', protocol: 'tcp', port: 554, name: 'rtsp' },
      { kind: 'model', text: 'Cam 3' },
    ]));

  it('says its own services beside those that stand at another host', () =>
    expect(
      factsOf(
        plc,
        say(
          a('mine.local', '192.0.2.10'),
          a('other.local', '192.0.2.99'),
          srv('Mine._ipp._tcp.local', 631, 'mine.local'),
          srv('Other._rtsp._tcp.local', 554, 'other.local'),
        ),
      ),
    ).toContainEqual({ kind: 'service', protocol: 'tcp', port: 631, name: 'ipp' }));

  it('names its model by the best key', () => {
    const model = (...pairs: readonly string[]) => factsOf(plc, say(txt('x._device-info._tcp.local', ...pairs)));
    expect(model('model=J42', 'md=other')).toEqual([{ kind: 'model', text: 'J42' }]);
    expect(model('product=(Laser 9)', 'md=Laser Nine', 'ty=Maker Laser 9')).toEqual([{ kind: 'model', text: 'Maker Laser 9' }]);
    expect(model('PRODUCT=(Laser 9)')).toEqual([{ kind: 'model', text: 'Laser 9' }]);
    expect(model('md=', 'ty', '=x')).toEqual([]);
  });

  it('tells maker, firmware, serial and UUID, whichever of their keys it uses', () => {
    const said = (...pairs: readonly string[]) => factsOf(plc, say(txt('x._ipp._tcp.local', ...pairs)));
    expect(said('usb_MFG=Maker', 'usb_MDL=Laser 9', 'fw=1.2', 'SN=X7', 'UUID=2FAC1234-31F8-11B4-A222-08002B34C003')).toEqual([
      { kind: 'model', text: 'Laser 9' },
      { kind: 'maker', text: 'Maker' },
      { kind: 'firmware', text: '1.2' },
      { kind: 'serial', text: 'X7' },
      { kind: 'identifier', scheme: 'uuid', value: '2fac1234-31f8-11b4-a222-08002b34c003' },
    ]);
    expect(said('manufacturer=A', 'vendor=B', 'fv=p1', 'serialNumber=1', 'serial=2', 'UUID=0')).toEqual([
      { kind: 'maker', text: 'A' },
      { kind: 'firmware', text: 'p1' },
      { kind: 'serial', text: '1' },
    ]);
  });

  it('that takes leave (TTL 0) says nothing', () => expect(factsOf(plc, say(a('cam.local', '192.0.2.10', 0)))).toEqual([]));

  it('has no name outside .local, and no service of another shape', () =>
    expect(
      factsOf(
        plc,
        say(
          a('cam.example.com', '192.0.2.10'),
          srv('x._rtsp._sctp.local', 1, 'c.local'),
          srv('x.rtsp._tcp.local', 1, 'c.local'),
          srv('x._rtsp._tcp.local', 0, 'c.local'),
        ),
      ),
    ).toEqual([]));

  it('that asks first whether its name is taken says the name with its own address, and no more', () => {
    const probe = (answers: readonly Answer[]) => factsOf(plc, mdnsFrame(mdnsResponse(answers).with(2, 0x04)));
    expect(probe(printer)).toEqual([
      { kind: 'address', ip: '192.0.2.10' },
      { kind: 'hostname', name: 'printer-7' },
    ]);
    expect(probe(printer.map(answer => (answer.type === 'A' ? a(answer.name, '192.0.2.99') : answer)))).toEqual([]);
  });

  it('is nobody who answers from another port', () => {
    expect(factsOf(plc, mdnsFrame(mdnsResponse(printer), '192.0.2.10', plc, 40_000))).toEqual([]);
  });
});

describe('a hostile mDNS message', () => {
  it('of 26 bytes that points at itself is malformed, and nothing worse', () =>
    expect(drained(mdnsFrame(selfPointing)).malformed).toMatchObject([
      { mac: plc, collector: 'mdns', count: 1, message: 'Cannot read DNS name: pointer from 12 to 12 at byte 2' },
    ]));

  it('is folded by sender', () => {
    const frames = Array.from({ length: 500 }, () => mdnsFrame(selfPointing));
    expect(drained(...frames).malformed).toMatchObject([{ mac: plc, collector: 'mdns', count: 500 }]);
  });

  it('has its text made harmless', () => {
    const label = b.bytes('a\u202eb\n');
    const head = [b.u16(0), b.u16(0x8400), b.u16(0), b.u16(1), b.u16(0), b.u16(0)];
    const record = [label.length, label, 5, 'local', 0, b.u16(1), b.u16(1), b.u32(120), b.u16(4), b.ip4('192.0.2.10')];
    expect(factsOf(plc, mdnsFrame(b.bytes(head, record)))[1]).toEqual({ kind: 'hostname', name: 'a\ufffdb\ufffd' });
  });
});
