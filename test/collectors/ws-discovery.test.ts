import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/ws-discovery.ts';
import { askingPorts } from '../../gateway/model/probe.ts';
import { datagram, host, hostIp, soap, target, uuid } from '../vectors/frames/udp.ts';
import { drained, factsOf } from './observe.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

const hello = (over: Parameters<typeof target>[0]) => factsOf(host, datagram(3702, 3702, soap(`<d:Hello>${target(over)}</d:Hello>`)));
const camera = [
  { kind: 'address', ip: hostIp },
  { kind: 'service', protocol: 'tcp', port: 80, name: 'ws-discovery' },
  { kind: 'identifier', scheme: 'uuid', value: uuid },
  { kind: 'device-kind', text: 'camera' },
  { kind: 'model', text: 'Cam 9' },
  { kind: 'description', text: 'Gate & Door' },
];

describe('WS-Discovery', () => {
  it.each(['wsd-hello', 'wsd-probe-match'])('tells kind, model and name of an ONVIF camera: %s', name =>
    expect(factsOf(host, vector(name))).toEqual(camera),
  );

  it('knows printers, scanners and computers by their types, whatever the prefix', () => {
    const kind = (types: string) => hello({ types }).flatMap(f => (f.kind === 'device-kind' ? [f.text] : []));
    expect(kind('wsdp:Device wprt:PrintDeviceType')).toEqual(['printer']);
    expect(kind('wscn:ScanDeviceType')).toEqual(['scanner']);
    expect(kind('wsdp:Device pub:Computer')).toEqual(['workstation']);
    expect(kind('NetworkVideoDisplay')).toEqual(['display']);
    expect(kind('constructor')).toEqual([]);
  });

  it('of a target on another host, or of several, says nothing of the sender', () => {
    expect(hello({ url: 'http://192.0.2.99/onvif' })).toEqual([]);
    const two = `<d:ProbeMatch>${target()}</d:ProbeMatch>`.repeat(2);
    expect(factsOf(host, datagram(3702, 50_000, soap(`<d:ProbeMatches>${two}</d:ProbeMatches>`)))).toEqual([]);
  });

  it('is read from any port when it comes to where we ask from', () => {
    const answer = soap(`<d:ProbeMatches><d:ProbeMatch>${target()}</d:ProbeMatch></d:ProbeMatches>`);
    expect(factsOf(host, datagram(50_000, askingPorts.wsDiscovery, answer, { toPeer: true }))).toEqual(camera);
    expect(factsOf(host, datagram(50_000, 50_001, answer, { toPeer: true }))).toEqual([]);
  });

  it('without addresses is about the sender', () => expect(hello({ url: '' })).toEqual(camera.slice(2)));

  it('that probes, resolves or says farewell tells nothing', () => {
    for (const body of [`<d:Bye>${target()}</d:Bye>`, '<d:Probe><d:Types>x</d:Types></d:Probe>', '<d:Resolve/>', ''])
      expect(factsOf(host, datagram(3702, 3702, soap(body)))).toEqual([]);
  });

  it('takes a scope that is not percent-encoded rightly as it is, and makes its text harmless', () => {
    const scope = (value: string) =>
      hello({ scopes: `onvif://www.onvif.org/hardware/${value}` }).flatMap(f => (f.kind === 'model' ? [f.text] : []));
    expect(scope('100%')).toEqual(['100%']);
    expect(scope('a%E2%80%AEb')).toEqual(['a\ufffdb']);
    expect(scope('')).toEqual([]);
  });

  it('without an envelope is malformed', () => {
    for (const body of ['<a/>', '<Envelope><Header/></Envelope>', 'x', ''])
      expect(drained(datagram(3702, 3702, new TextEncoder().encode(body))).malformed).toMatchObject([
        { mac: host, collector: 'ws-discovery' },
      ]);
  });

  cannotBeCut(decode, ['wsd-hello', 'wsd-probe-match']);
});
