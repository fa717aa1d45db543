import { ip4 } from '../gateway/codec/address.ts';
import { readNetbiosName, suffixes } from '../gateway/codec/netbios.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const datagramPort = 138;
/** Direct to one name, to a group, to all: RFC 1002 §4.4.1. The others are errors and queries of distribution servers. */
const datagramTypes: ReadonlySet<number> = new Set([0x10, 0x11, 0x12]);
const smbTransaction = 0x25;
const mailslot = '\\MAILSLOT\\BROWSE';
/** [MS-BRWS] §2.2. */
export const commands = {
  hostAnnouncement: 1,
  requestAnnouncement: 2,
  election: 8,
  domainAnnouncement: 12,
  localMasterAnnouncement: 15,
} as const;
/** Bits of the server type, [MS-BRWS] §2.2.1. */
export const serverTypes = { domainController: 0x8, backupController: 0x10, ntWorkstation: 0x1000, ntServer: 0x8000 } as const;

/** Datagrams of the NetBIOS browser protocol: RFC 1002 §4.4 with an SMB transaction to the mailslot BROWSE inside. Undefined `announcement`: some other datagram. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'NetBIOS datagram');
  const type = r.u8();
  if (!datagramTypes.has(type)) return { isDirect: false } as const;
  r.skip(3); // flags, datagram id
  const sourceIp = ip4(r.take(4));
  r.skip(6); // source port, length, offset
  const [source, target] = [readNetbiosName(r), readNetbiosName(r)];
  if (source === undefined || target === undefined) throw r.fault('a name that points elsewhere');
  return { isDirect: true, sourceIp, source, target, announcement: readSmb(r.rest()) } as const;
}

/** [MS-CIFS] §2.2.4.33.1: header of 32 bytes, 17 words of parameters of which three are the mailslot's, name, data. */
function readSmb(smb: Uint8Array) {
  const r = new Reader(smb, 'SMB mailslot');
  if (r.left < 4 || r.u32() !== 0xff534d42 || r.u8() !== smbTransaction) return undefined;
  r.skip(27);
  if (r.u8() !== 17) return undefined;
  r.skip(22);
  const [size, from] = [r.u16le(), r.u16le()];
  r.skip(8); // setup
  const name = r.take(Math.min(r.u16le(), mailslot.length));
  if (decodeText(name).toUpperCase() !== mailslot) return undefined;
  const data = new Reader(smb, 'browser frame');
  data.skip(from);
  return readAnnouncement(new Reader(data.take(size), 'browser frame'));
}

function readAnnouncement(r: Reader) {
  const command = r.u8();
  if (command !== commands.hostAnnouncement && command !== commands.localMasterAnnouncement) return undefined;
  r.skip(5); // update count, periodicity
  const name = decodeText(untilNul(r.take(16)));
  const [major, minor, serverType] = [r.u8(), r.u8(), r.u32le()];
  r.skip(4); // browser version, signature
  return { name, version: `${major}.${minor}`, serverType, comment: decodeText(untilNul(r.rest())).trim() };
}

const untilNul = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
};

/** Every datagram names its sender; an announcement also says what it is. What a distribution server passes on is about another host. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!m.isDirect || m.sourceIp !== packet.sourceIp) return [];
  const facts: Fact[] = [];
  const { announcement: a, source, target } = m;
  const isHost = source.suffix === suffixes.workstation || source.suffix === suffixes.server;
  const name = a !== undefined && a.name !== '' ? a.name : isHost ? source.text : '';
  facts.push({ kind: 'address', ip: m.sourceIp });
  if (name !== '') facts.push({ kind: 'hostname', name });
  if (a === undefined) return facts;
  const isGroup = target.suffix === suffixes.masterBrowser || target.suffix === suffixes.browserElections;
  const text = [`version ${a.version}`, isGroup ? `workgroup ${target.text}` : '', a.comment].filter(part => part !== '').join('; ');
  facts.push({ kind: 'description', text: text.slice(0, 255) });
  const { domainController, backupController, ntServer, ntWorkstation } = serverTypes;
  if ((a.serverType & (domainController | backupController | ntServer)) !== 0) facts.push({ kind: 'device-kind', text: 'server' });
  else if ((a.serverType & ntWorkstation) !== 0) facts.push({ kind: 'device-kind', text: 'workstation' });
  return facts;
}

export const browser = collector({ name: 'browser', spec: 'MS-BRWS, RFC 1002 §4.4', matches: udpPorts(datagramPort), decode, observe });
