import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { ActionName } from '../gateway/model/fact.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import { ipProtocols, type Packet } from './packet.ts';

const [adsPort, discoveryPort] = [48_898, 48_899];

/** ADS commands, Beckhoff InfoSys TE1000 "AMS/ADS specification". */
const commands = { readDeviceInfo: 1, write: 3, writeControl: 5 } as const;
const isResponseFlag = 1;
/** Index group by which a symbol handle is released: a write that changes nothing. */
const releaseHandle = 0xf006;

/** UDP discovery: the cookie, the services (top bit: the answer) and the tags of what it carries. */
const cookie = 0x71146603;
const services = { identify: 1, addRoute: 6, answer: 0x80000000 } as const;
const tags = { twinCatVersion: 3, osVersion: 4, hostName: 5, routeName: 12 } as const;
const maxTags = 32;

/** AMS/ADS over TCP, and the UDP discovery of AMS routers. Beckhoff AMS/ADS specification. */
export function decode(bytes: Uint8Array, packet: Packet) {
  return packet.ipProtocol === ipProtocols.udp ? discovery(new Reader(bytes, 'ADS discovery')) : ams(new Reader(bytes, 'AMS'));
}

function ams(r: Reader) {
  if (r.u16le() !== 0) throw r.fault('reserved bytes of AMS/TCP');
  r.skip(4); // length: the segment may hold more
  r.skip(8); // target
  const source = netId(r.take(6));
  r.skip(2);
  const [command, flags] = [r.u16le(), r.u16le()];
  r.skip(4);
  const error = r.u32le();
  r.skip(4); // invoke id
  const isResponse = (flags & isResponseFlag) !== 0;
  const common = { kind: 'ams', source, command, isResponse } as const;
  if (isResponse && command === commands.readDeviceInfo && error === 0 && r.u32le() === 0)
    return { ...common, device: { version: `${r.u8()}.${r.u8()}.${r.u16le()}`, name: decodeText(r.take(16)).trim() } };
  if (!isResponse && command === commands.write) return { ...common, indexGroup: r.u32le() };
  return common;
}

function discovery(r: Reader) {
  if (r.u32le() !== cookie) throw r.fault('no discovery cookie');
  r.skip(4);
  const [service, source] = [r.u32le(), netId(r.take(6))];
  r.skip(2); // AMS port
  const count = r.u32le();
  if (count > maxTags) throw r.fault(`${count} tags`);
  const found = new Map<number, Uint8Array>();
  for (let n = 0; n < count; n++) {
    const tag = r.u16le();
    found.set(tag, r.take(r.u16le()));
  }
  const [version, os] = [found.get(tags.twinCatVersion), found.get(tags.osVersion)];
  return {
    kind: 'discovery',
    service,
    source,
    hostName: text(found.get(tags.hostName)),
    routeName: text(found.get(tags.routeName)),
    twinCat: version === undefined ? '' : twinCatVersion(new Reader(version, 'TwinCAT version')),
    os: os === undefined ? '' : osVersion(new Reader(os, 'OS version')),
  } as const;
}

const text = (bytes?: Uint8Array): string => (bytes === undefined ? '' : decodeText(bytes).trim());
const netId = (bytes: Uint8Array): string => [...bytes].join('.');
const twinCatVersion = (r: Reader): string => `${r.u8()}.${r.u8()}.${r.u16le()}`;
/** OSVERSIONINFO: its size, then major, minor and build. */
const osVersion = (r: Reader): string => {
  r.skip(4);
  return `${r.u32le()}.${r.u32le()}.${r.u32le()}`;
};

/** AMS/TCP: two reserved bytes, a length that is no jumbo, a command below 256 and the flag of an ADS command. */
export function speaks({ bytes: b, payload: i, end }: Packet): boolean {
  return end - i >= 38 && b[i] === 0 && b[i + 1] === 0 && b[i + 5] === 0 && b[i + 23] === 0 && ((b[i + 24] ?? 0) & 4) !== 0;
}

/** Over TCP only what names the device or changes it: reads and notifications are most of the traffic. */
export function wants(packet: Packet): boolean {
  if (packet.ipProtocol === ipProtocols.udp) return true;
  if (!speaks(packet)) return false;
  const [b, i] = [packet.bytes, packet.payload];
  const [command, isResponse] = [b[i + 22], ((b[i + 24] ?? 0) & isResponseFlag) !== 0];
  return isResponse ? command === commands.readDeviceInfo : command === commands.write || command === commands.writeControl;
}

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  return m.kind === 'ams' ? ofAms(m, packet) : ofDiscovery(m, packet);
}

function ofAms(m: ReturnType<typeof ams>, packet: Packet): readonly Said[] {
  const acted = (action: ActionName, detail: string): Said => ({ kind: 'acted', action, target: packet.target, detail });
  const said: Said[] = [{ kind: 'identifier', scheme: 'ams-net-id', value: m.source }];
  if ('device' in m) {
    if (m.device.name !== '') said.push({ kind: 'description', text: m.device.name });
    said.push({ kind: 'firmware', text: m.device.version }, { kind: 'device-kind', text: 'plc' });
  }
  if ('indexGroup' in m && m.indexGroup !== releaseHandle) said.push(acted('write', 'ADS write'));
  if (!m.isResponse && m.command === commands.writeControl) said.push(acted('control', 'ADS write control'));
  return said;
}

function ofDiscovery(m: ReturnType<typeof discovery>, packet: Packet): readonly Said[] {
  if (m.service === services.addRoute)
    return [{ kind: 'acted', action: 'write', target: packet.target, detail: `ADS add route ${m.routeName}`.trim() }];
  if (m.service !== services.answer + services.identify) return [];
  const said: Said[] = [
    { kind: 'identifier', scheme: 'ams-net-id', value: m.source },
    { kind: 'maker', text: 'Beckhoff' },
    { kind: 'device-kind', text: 'plc' },
  ];
  if (m.hostName !== '') said.push({ kind: 'hostname', name: m.hostName });
  if (m.twinCat !== '') said.push({ kind: 'firmware', text: `TwinCAT ${m.twinCat}` });
  if (m.os !== '') said.push({ kind: 'description', text: `Windows ${m.os}` });
  return said;
}

export const ads = collector({
  name: 'ads',
  spec: 'Beckhoff TE1000 AMS/ADS',
  matches: [udpPorts(discoveryPort), tcpPorts(adsPort)],
  wants,
  speaks,
  decode,
  observe,
});
