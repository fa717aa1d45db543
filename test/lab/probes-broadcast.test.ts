import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hex, mac } from '../../gateway/codec/address.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { probes } from '../../gateway/probing/index.ts';
import { fits } from '../../gateway/probing/template.ts';
import { hasTshark, readByTshark } from '../probing/emitted.ts';
import type { Heard } from './asker.ts';
import { Askable, devices, type Name, own, there } from './askable.ts';
import { labIsMissing } from './namespace.ts';

const missing = labIsMissing() ?? (there.tcpdump ? undefined : 'the lab needs tcpdump');
if (missing) console.log(`skipped: ${missing}`);
/** Those that read the answers of the probes, but NBNS: nmbd also speaks unasked. */
const collectors = new Set(['arp', 'ndp', 'mdns', 'ssdp', 'ws-discovery', 'enip', 'bacnet']);
const broadcast = probes.filter(p => p.reach === 'broadcast');

describe.skipIf(missing)('broadcast probes on a wire', () => {
  let site: Askable;
  let heard: Heard;
  /** All frames that our own address sent: by the bridge, and by the ports of two devices. */
  const left = new Map<string, readonly Uint8Array[]>();
  let stationSaid: readonly Uint8Array[] = [];

  beforeAll(async () => {
    site = await Askable.make('slppb');
    const wires = ['br0', devices.nas.port, devices.station.port];
    const stops = await Promise.all(wires.map(wire => site.record(wire, ['ether', 'src', own.mac])));
    const stopStation = await site.record(devices.station.port, ['ether', 'src', devices.station.mac], 'in');
    heard = await site.ask(broadcast.map(p => p.name));
    for (const [i, wire] of wires.entries()) left.set(wire, framesOf(await stops[i]?.()));
    stationSaid = framesOf(await stopStation());
  });
  afterAll(() => site?.close());

  /** What a collector says of a device. */
  const facts = (name: Name, collector: string): readonly Fact[] =>
    heard.observations.filter(o => o.mac === devices[name].mac && o.collector === collector).map(o => o.fact);
  const addresses = (collector: string): readonly string[] =>
    heard.observations.flatMap(o => (o.collector === collector && o.fact.kind === 'address' ? [`${o.mac} ${o.fact.ip}`] : []));

  it('end by time, whoever answered, and break no collector', () => {
    expect(Object.keys(heard.outcomes).toSorted()).toEqual(broadcast.map(p => p.name).toSorted());
    for (const { name } of broadcast) expect(heard.outcomes[name], name).toMatchObject({ kind: 'asked', received: 0 });
    expect(heard.malformed).toEqual([]);
  });

  it('put nothing on the wire but their templates; the kernel answers who asks for our address', () => {
    for (const [wire, frames] of left) {
      const found = frames.map(f => leftBy(f) ?? 'stranger');
      expect(
        found.filter(by => by === 'stranger'),
        `strangers on ${wire}: ${frames
          .filter(f => leftBy(f) === undefined)
          .map(hex)
          .join()}`,
      ).toEqual([]);
      expect([...new Set(found)].filter(by => by !== 'kernel').toSorted(), wire).toEqual(broadcast.map(p => p.name).toSorted());
    }
    expect(left.get(devices.station.port)?.filter(f => leftBy(f) === 'arp-sweep')).toHaveLength(253);
  });

  it('leave strangers on the wire to be found: one changed byte, another port, another protocol', () => {
    const search = left.get('br0')?.find(f => leftBy(f) === 'ssdp-search') ?? new Uint8Array(0);
    for (const at of [23, 37, 50]) {
      const other = search.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect(leftBy(other), `byte ${at}`).toBeUndefined();
    }
  });

  it('are answered as well where the sensor looks at identity frames only', async () => {
    const names = broadcast.map(p => p.name).filter(name => name !== 'dcp-identify'); // it takes its time, and its frames are filtered alike
    const { observations } = await site.ask(names, 'identity');
    const told = (all: Heard['observations']): readonly string[] =>
      all
        .filter(o => collectors.has(o.collector) && o.fact.kind !== 'protocol')
        .map(o => `${o.mac} ${o.collector} ${JSON.stringify(o.fact)}`)
        .toSorted();
    expect(told(observations)).toEqual(told(heard.observations));
    expect(told(observations).length).toBeGreaterThan(20);
  });

  it.skipIf(!there.nmap)('ARP: every device is found, as nmap finds it', async () => {
    const { stdout } = await site.judge('-sn', '-PR', '10.21.0.0/27');
    const judged = [...stdout.matchAll(/report for ([\d.]+)\n.*\nMAC Address: (\S+)/g)].map(([, ip, at]) => `${at?.toLowerCase()} ${ip}`);
    expect(judged.filter(line => !line.startsWith(own.mac)).toSorted()).toEqual(addresses('arp').toSorted());
    expect(addresses('arp')).toHaveLength(Object.keys(devices).length);
  });

  it.skipIf(!there.nmap)('ICMPv6: who speaks IPv6 is found, as nmap finds it', async () => {
    const { stdout } = await site.judge('-6', '-sn', '--script', 'targets-ipv6-multicast-echo', '--script-args', 'interface=eth0');
    const judged = [...stdout.matchAll(/IP: (\S+)\s+MAC: (\w{12})/g)].map(([, ip, at]) => `${at?.replaceAll(/(..)(?!$)/g, '$1:')} ${ip}`);
    expect(judged).toEqual([`${devices.node6.mac} fe80::21b:c5ff:fe00:10`]);
    expect(addresses('ndp')).toEqual(judged);
  });

  it.skipIf(!there.nmap || !there.avahi)('mDNS: avahi’s services, name and model, the services as nmap lists them', async () => {
    const { stdout } = await site.judge('--script', 'broadcast-dns-service-discovery');
    const judged = [...stdout.matchAll(/(\d+)\/tcp (\S+)\n\|_? +Address=(\S+)/g)].map(([, port, name, ip]) => `${ip} ${port} ${name}`);
    const ours = facts('printer', 'mdns').flatMap(f => (f.kind === 'service' ? [`${devices.printer.ip} ${f.port} ${f.name}`] : []));
    expect(judged).toHaveLength(2);
    expect(ours.toSorted()).toEqual(judged.toSorted());
    expect(facts('printer', 'mdns')).toContainEqual({ kind: 'hostname', name: 'zebra-dock-3' });
    expect(facts('printer', 'mdns')).toContainEqual({ kind: 'model', text: 'Zebra ZT411' });
  });

  it.skipIf(!there.nmap)('SSDP: a device that answers from any port, its program as nmap reads it', async () => {
    const { stdout } = await site.judge('--script', 'broadcast-upnp-info');
    const [, server, ip = '', port] = /Server: (.*)\n.*Location: http:\/\/([\d.]+):(\d+)\//.exec(stdout) ?? [];
    expect(ip).toBe(devices.screen.ip);
    expect(facts('screen', 'ssdp')).toContainEqual({ kind: 'description', text: server });
    expect(facts('screen', 'ssdp')).toContainEqual({ kind: 'service', protocol: 'tcp', port: Number(port), name: 'upnp' });
    expect(facts('screen', 'ssdp')).toContainEqual({ kind: 'device-kind', text: 'media-player' });
    expect(facts('screen', 'ssdp')).toContainEqual({ kind: 'identifier', scheme: 'uuid', value: '5f9ec1b3-ed59-4ea2-8d9b-0011223344aa' });
  });

  it.skipIf(!there.nmap || !there.simulators)('WS-Discovery: the ONVIF camera, its address and type as nmap reads them', async () => {
    const { stdout } = await site.judge('--script', 'broadcast-wsdd-discover');
    const judged = [...stdout.matchAll(/Address: http:\/\/([\d.]+)\/.*\n.*Type: \w+:(\S+)/g)].map(([, ip, type]) => `${ip} ${type}`);
    expect([...new Set(judged)]).toEqual([`${devices.camera.ip} NetworkVideoTransmitter`]);
    const camera = facts('camera', 'ws-discovery');
    expect(camera).toContainEqual({ kind: 'device-kind', text: 'camera' });
    expect(camera).toContainEqual({ kind: 'model', text: 'DS-2CD2042' });
    expect(camera).toContainEqual({ kind: 'service', protocol: 'tcp', port: 80, name: 'ws-discovery' });
  });

  it.skipIf(!there.wsdd)('WS-Discovery: wsdd, which answers to its type only, says that it is a computer', () =>
    expect(facts('nas', 'ws-discovery')).toContainEqual({ kind: 'device-kind', text: 'workstation' }),
  );

  it.skipIf(!there.nmap || !there.nmbd)('NBSTAT: Samba’s names as nmap reads them', async () => {
    const { stdout } = await site.judge('-sU', '-p', '137', '--script', 'nbstat', devices.nas.ip);
    const judged = (pattern: RegExp): string | undefined => pattern.exec(stdout)?.[1];
    const [host, group] = [judged(/\| +(\S+)<00> +Flags: <unique>/), judged(/\| +(\S+)<00> +Flags: <group>/)];
    expect([host, group]).toEqual(['DOCKNAS', 'WAREHOUSE']);
    expect(facts('nas', 'nbns')).toContainEqual({ kind: 'hostname', name: host });
    expect(facts('nas', 'nbns')).toContainEqual({ kind: 'description', text: `workgroup ${group}` });
  });

  it.skipIf(!there.nmap || !there.simulators)('ListIdentity: vendor, product, revision and serial as nmap reads them', async () => {
    const { stdout } = await site.judge('-sU', '-p', '44818', '--script', 'enip-info', devices.plc.ip);
    const judged = (field: string): string => new RegExp(`${field}: (.*)`).exec(stdout)?.[1] ?? '';
    expect(judged('productName')).toBe('1756-EN2T/D Lab');
    expect(facts('plc', 'enip')).toEqual([
      { kind: 'maker', text: judged('vendor').replace(/\/.*/, '') },
      { kind: 'model', text: judged('productName') },
      { kind: 'firmware', text: judged('revision') },
      { kind: 'serial', text: judged('serialNumber').replace('0x', '') },
      { kind: 'identifier', scheme: 'cip-serial', value: `1:${judged('serialNumber').replace('0x', '')}` },
      { kind: 'protocol', name: 'enip' },
    ]);
  });

  it.skipIf(!there.nmap).each(['ahu', 'chiller'] as const)('Who-Is: instance and vendor of the %s as nmap reads them', async name => {
    const { stdout } = await site.judge('-sU', '-p', '47808', '--script', 'bacnet-info', devices[name].ip);
    const judged = (field: string): string => new RegExp(`${field}: (.*)`).exec(stdout)?.[1] ?? '';
    expect(judged('Object-identifier')).toBe(name === 'ahu' ? '4711' : '1500042');
    expect(facts(name, 'bacnet')).toContainEqual({ kind: 'identifier', scheme: 'bacnet-device', value: judged('Object-identifier') });
    const maker = facts(name, 'bacnet').flatMap(f => (f.kind === 'maker' ? [f.text] : []));
    expect(judged('Vendor ID')).toMatch(new RegExp(`^${maker[0]} .*\\(24\\)$`));
  });

  it.skipIf(!hasTshark)('DCP Identify: name, vendor, device and address of the station as tshark reads them', () => {
    const answers = stationSaid.filter(f => f[12] === 0x88 && f[13] === 0x92);
    expect(answers.map(f => mac(f.subarray(0, 6)))).toEqual([own.mac]);
    const fields = [
      'pn_dcp.suboption_device_nameofstation',
      'pn_dcp.suboption_device_devicevendorvalue',
      'pn_dcp.suboption_vendor_id',
      'pn_dcp.suboption_device_id',
      'pn_dcp.suboption_ip_ip',
    ];
    const [row = []] = readByTshark(answers, fields);
    const [station, type, vendor, device, ip] = row;
    expect([station, type, ip]).toEqual(['conveyor-7', 'ET200SP', devices.station.ip]);
    const said = facts('station', 'profinet-dcp');
    expect(said).toContainEqual({ kind: 'hostname', name: station });
    expect(said).toContainEqual({ kind: 'model', text: type });
    expect(said).toContainEqual({ kind: 'address', ip });
    expect(said).toContainEqual({ kind: 'identifier', scheme: 'profinet-id', value: `${vendor}:${device}`.replaceAll('0x', '') });
    expect(said).toContainEqual({ kind: 'maker', text: 'Siemens' });
  });
});

/** The frames of a capture. */
function framesOf(file: string | undefined): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  const reader = new CaptureReader(frame => frames.push(frame.bytes.slice()));
  if (file !== undefined) reader.push(readFileSync(file));
  return frames;
}

/** The probe by whose templates a frame of ours may leave; `kernel` for an answer of ARP, which is none of ours; undefined for a stranger. */
function leftBy(frame: Uint8Array): string | undefined {
  const u16 = (at: number): number => ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  const whole = broadcast.find(p => p.medium.kind === 'frame' && p.templates.some(one => fits(one, frame)));
  if (whole !== undefined) return whole.name;
  if (u16(12) === 0x0806 && u16(20) === 2 && ((frame[0] ?? 1) & 1) === 0) return 'kernel';
  if (u16(12) !== 0x0800 || frame[14] !== 0x45 || frame[23] !== 17 || (u16(20) & 0x3fff) !== 0) return undefined;
  const to = frame.subarray(30, 34).join('.');
  const payload = frame.subarray(42, 34 + u16(38));
  const known = broadcast.find(
    ({ medium, templates }) =>
      medium.kind === 'udp' &&
      medium.port === u16(36) &&
      to === (medium.to === 'subnet' ? '10.21.0.255' : medium.to) &&
      (medium.localPort ?? u16(34)) === u16(34) &&
      templates.some(one => fits(one, payload)),
  );
  return known?.name;
}
