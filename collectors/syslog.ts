import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const syslogPort = 514;
const [lessThan, greaterThan] = [0x3c, 0x3e];
/** Bytes in which the header stands. */
const maxHeader = 512;
const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
/** The time of the old form, RFC 3164 §4.1.2, some with a year; and of the new form, RFC 5424 §6.2.3, which some send without its version. */
const oldTime = new RegExp(`^(?:${months}) [ \\d]\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d `);
const newTime = /^(?:1 )?(?:-|\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:?\d\d)) /;

/** Syslog over UDP: priority, time and host name. RFC 5424 §6, RFC 3164 §4. What is logged is not read. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'syslog');
  if (r.u8() !== lessThan) throw r.fault('no priority');
  let [priority, digits] = [0, 0];
  for (let byte = r.u8(); byte !== greaterThan; byte = r.u8()) {
    if (byte < 0x30 || byte > 0x39 || ++digits > 3) throw r.fault('a priority that is no number');
    priority = priority * 10 + byte - 0x30;
  }
  if (digits === 0 || priority > 191) throw r.fault(`priority ${priority}`);
  const text = decodeText(r.take(Math.min(r.left, maxHeader)), maxHeader);
  const time = (oldTime.exec(text) ?? newTime.exec(text))?.[0];
  const rest = time === undefined ? '' : text.slice(time.length);
  const name = /^[\w.:-]{1,255}(?= )/.exec(rest)?.[0] ?? '';
  return { priority, name };
}

/** The host name of the old form is where some send the program instead: that ends in a colon or number in brackets, and is none. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  const server = packet.target;
  if (packet.targetPort !== syslogPort || !packet.isOwnAddress) return [];
  const facts: Fact[] = isHostIp(server) ? [{ kind: 'uses-server', service: 'syslog', ip: server }] : [];
  if (m.name === packet.sourceIp) facts.push({ kind: 'address', ip: m.name });
  // Another address instead of a name: a relay passes on what another host logged.
  else if (/[a-z]/i.test(m.name) && !m.name.includes(':')) facts.push({ kind: 'hostname', name: m.name });
  return facts;
}

export const syslog = collector({ name: 'syslog', spec: 'RFC 5424, RFC 3164', matches: udpPorts(syslogPort), decode, observe });
