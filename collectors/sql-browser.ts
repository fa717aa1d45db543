import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const browserPort = 1434;
const answer = 5;
/** Caps: bytes of an answer that are read, and instances of a server that are told. */
const [maxBytes, maxInstances] = [4096, 8];

/** Which instances of SQL Server a host has, MC-SQLR §2.2.5: names and values with semicolons between, two behind each instance. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'SQL Server browser');
  const type = r.u8();
  if (type !== answer) throw r.fault(`type ${type}`);
  const text = decodeText(r.take(Math.min(r.u16le(), maxBytes)), maxBytes);
  return text
    .split(';;', maxInstances)
    .filter(part => part !== '')
    .map(instanceOf);
}

function instanceOf(part: string) {
  const words = part.split(';', 32);
  const value = (name: string): string => {
    const at = words.findIndex((word, i) => i % 2 === 0 && word.toLowerCase() === name);
    return at < 0 ? '' : (words[at + 1] ?? '').trim();
  };
  const isClustered = value('isclustered').toLowerCase() === 'yes';
  return { server: value('servername'), isClustered, instance: value('instancename'), version: value('version'), port: value('tcp') };
}

export function observe(instances: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const [first] = instances;
  if (first === undefined || first.server === '') return [];
  const text = instances.map(({ instance, version }) => `${instance} ${version}`.trim()).join(', ');
  const services = instances.flatMap(({ port }): Fact[] =>
    /^[1-9]\d{0,4}$/.test(port) && Number(port) < 65_536
      ? [{ kind: 'service', protocol: 'tcp', port: Number(port), name: 'ms-sql-s' }]
      : [],
  );
  const description = `SQL Server ${text}`.slice(0, maxText);
  // A cluster has a name of its own, which goes from host to host.
  const own = instances.find(({ isClustered }) => !isClustered);
  const names: readonly Fact[] = own === undefined || own.server === '' ? [] : [{ kind: 'hostname', name: own.server }];
  return [...names, { kind: 'description', text: description, of: 'sql-browser' }, ...services];
}

const wants = ({ bytes: b, payload: i, sourcePort }: Packet): boolean => sourcePort === browserPort && b[i] === answer;

export const sqlBrowser = collector({ name: 'sql-browser', spec: 'MC-SQLR', matches: udpPorts(browserPort), wants, decode, observe });
