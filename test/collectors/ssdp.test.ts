import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/ssdp.ts';
import { askingPorts } from '../../gateway/model/probe.ts';
import { datagram, host, hostIp, notify, text, uuid } from '../vectors/frames/udp.ts';
import { drained, factsOf } from './observe.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

const identifier = { kind: 'identifier', scheme: 'uuid', value: uuid };
const notified = (over: Parameters<typeof notify>[0]) => factsOf(host, datagram(1900, 1900, notify(over), { ttl: 2 }));

describe('SSDP', () => {
  it('announces the address and port of a description, the program and the UUID of the root device', () =>
    expect(factsOf(host, vector('ssdp-notify'))).toEqual([
      { kind: 'address', ip: hostIp },
      { kind: 'service', protocol: 'tcp', port: 49_152, name: 'upnp' },
      { kind: 'description', text: 'Linux/4.14 UPnP/2.0 Thing/9.1' },
      identifier,
    ]));

  it('answers a search with the kind of device', () =>
    expect(factsOf(host, vector('ssdp-answer'))).toEqual([
      { kind: 'address', ip: hostIp },
      { kind: 'service', protocol: 'tcp', port: 80, name: 'upnp' },
      { kind: 'description', text: 'VxWorks/7 UPnP/1.1 Gate/1' },
      { kind: 'device-kind', text: 'router' },
      identifier,
    ]));

  it('tells which program searches', () =>
    expect(factsOf(host, vector('ssdp-search'))).toEqual([{ kind: 'description', text: 'Browser/9 Plan 9', of: 'ssdp-user-agent' }]));

  it('that says farewell tells nothing', () => expect(notified({ nts: 'ssdp:byebye' })).toEqual([]));

  it('of an embedded device or service leaves out its UUID', () => {
    for (const nt of [
      'urn:schemas-upnp-org:device:WANDevice:1',
      'urn:schemas-upnp-org:service:WANIPConnection:1',
      'urn:a:device:constructor:1',
    ])
      expect(notified({ nt }).map(f => f.kind)).toEqual(['address', 'service', 'description']);
  });

  it('whose description is on another host names no address and service', () => {
    for (const location of ['http://192.0.2.99:80/', 'http://192.0.2.100/', `http://${hostIp}.example/`, 'ftp://x', ''])
      expect(notified({ location }).map(f => f.kind)).toEqual(['description', 'identifier']);
    expect(notified({ location: `http://${hostIp}:0/` }).map(f => f.kind)).toEqual(['address', 'description', 'identifier']);
  });

  it('from another port or with another status is no answer', () => {
    const answer = (status: string) => text(`HTTP/1.1 ${status}`, 'SERVER: x', 'ST: upnp:rootdevice');
    expect(factsOf(host, datagram(50_000, 1900, answer('200 OK')))).toEqual([]);
    expect(factsOf(host, datagram(1900, 1900, answer('404 No')))).toEqual([]);
  });

  it('is read from any port when it comes to where we ask from', () => {
    const answer = text('HTTP/1.1 200 OK', 'SERVER: x', 'ST: upnp:rootdevice');
    expect(factsOf(host, datagram(50_000, askingPorts.ssdp, answer, { toPeer: true }))).toEqual([{ kind: 'description', text: 'x' }]);
    expect(factsOf(host, datagram(50_000, 50_001, answer, { toPeer: true }))).toEqual([]);
  });

  it('that came through a router names nobody', () =>
    expect(factsOf(host, datagram(1900, 50_000, notify(), { toPeer: true, ttl: 3 }))).toEqual([]));

  it('with another first line is malformed', () =>
    expect(drained(datagram(1900, 1900, text('hello'))).malformed).toMatchObject([{ mac: host, collector: 'ssdp' }]));

  // A datagram is all there is: behind the first line each part of the fields decodes.
  cannotBeCut(decode, ['ssdp-notify', 'ssdp-answer', 'ssdp-search'], length => length >= 12);
});
