import { ip4, isHostIp } from '../gateway/codec/address.ts';
import { type NetbiosName, netbiosName, readNetbiosName, suffixes } from '../gateway/codec/netbios.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const nbnsPort = 137;
/** RFC 1002 §4.2.1.1; 9 is what some send for a refresh, 15 registers one of several addresses. */
export const opcodes = { query: 0, registration: 5, release: 6, wack: 7, refresh: 8, alternateRefresh: 9, multihomed: 15 } as const;
const recordTypes = { name: 0x20, status: 0x21 } as const;
const groupFlag = 0x8000;
/** Records of a message and names of a status that are read. */
const maxRecords = 16;

type Entry = NetbiosName & { readonly isGroup: boolean; readonly ip?: Ip };

/** NetBIOS name service over UDP. RFC 1002 §4.2. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'NBNS');
  r.skip(2); // transaction
  const flags = r.u16();
  const [questionCount, recordCount] = [r.u16(), r.u16() + r.u16() + r.u16()];
  if (questionCount > 1 || recordCount > maxRecords) throw r.fault(`${questionCount} questions and ${recordCount} records`);
  let question: NetbiosName | undefined;
  if (questionCount === 1) {
    question = readNetbiosName(r);
    if (question === undefined) throw r.fault('a question that points elsewhere');
    r.skip(4); // type, class
  }
  const entries: Entry[] = [];
  let isStatus = false;
  for (let i = 0; i < recordCount; i++) {
    const name = readNetbiosName(r) ?? question;
    const type = r.u16();
    r.skip(6); // class, time to live
    const data = new Reader(r.take(r.u16()), 'NBNS record');
    if (type === recordTypes.status) {
      isStatus = true;
      entries.push(...readStatus(data));
    } else if (type === recordTypes.name && name !== undefined)
      while (data.left >= 6) entries.push({ ...name, isGroup: (data.u16() & groupFlag) !== 0, ip: ip4(data.take(4)) });
  }
  return { isResponse: flags >= 0x8000, opcode: (flags >> 11) & 15, code: flags & 15, question, isStatus, entries };
}

/** The names of a host with their flags. RFC 1002 §4.2.18; the statistics behind them are not read. */
function readStatus(r: Reader): readonly Entry[] {
  return Array.from({ length: r.u8() }, () => ({ ...netbiosName(r.take(16)), isGroup: (r.u16() & groupFlag) !== 0 }));
}

/** Who registers a name, or tells its names when asked for its status, has them. Who answers a query stands in for that name. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if (!m.isResponse) return registers(m.opcode) ? named(m.entries, packet) : [];
  if (packet.sourcePort !== nbnsPort || m.opcode !== opcodes.query || m.code !== 0) return [];
  if (m.isStatus) return named(m.entries, packet);
  // A name server tells the addresses of others (RFC 1002 §4.2.13); who stands in for a name tells its own.
  const own = m.entries.filter(e => (e.ip === undefined || e.ip === packet.sourceIp) && !isBrowserRole(e));
  const names = new Set(own.map(({ text }) => text).filter(text => text !== ''));
  return [...names].map(name => ({ kind: 'answers-for', protocol: 'nbns', name }));
}

/** What the master browser of a segment answers to, whoever that is: `PLANT<1d>`, and `<01><02>__MSBROWSE__<02><01>`. [MS-BRWS] §2.1.1.1, RFC 1002 has none of it. */
const isBrowserRole = ({ text, suffix }: Entry): boolean =>
  suffix === suffixes.masterBrowser || (suffix === 0x01 && text.includes('__MSBROWSE__'));

const registers = (opcode: number): boolean =>
  opcode === opcodes.registration || opcode === opcodes.refresh || opcode === opcodes.alternateRefresh || opcode === opcodes.multihomed;

/** A unique name of suffix 0 or 0x20 is the host's own (but `IS~…`, of a web server); a group of suffix 0 is its workgroup or domain. */
function named(entries: readonly Entry[], packet: Packet): readonly Fact[] {
  const facts: Fact[] = [];
  const own = (suffix: number) => entries.find(e => !e.isGroup && e.suffix === suffix && e.text !== '' && !e.text.startsWith('IS~'));
  const host = own(suffixes.workstation) ?? own(suffixes.server);
  const group = entries.find(e => e.isGroup && e.suffix === suffixes.workstation && e.text !== '');
  const address = entries.find(e => e.ip !== undefined && e.ip === packet.sourceIp && isHostIp(e.ip))?.ip;
  if (address !== undefined) facts.push({ kind: 'address', ip: address });
  if (host !== undefined) facts.push({ kind: 'hostname', name: host.text });
  if (group !== undefined) facts.push({ kind: 'description', text: `workgroup ${group.text}` });
  if (entries.some(e => e.isGroup && e.suffix === suffixes.domainControllers)) facts.push({ kind: 'device-kind', text: 'server' });
  return facts;
}

export const nbns = collector({ name: 'nbns', spec: 'RFC 1002 §4.2', matches: udpPorts(nbnsPort), decode, observe });
