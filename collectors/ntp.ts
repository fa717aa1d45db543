import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeLine } from '../gateway/codec/text.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const ntpPort = 123;
/** RFC 5905 §7.3, RFC 9327 §2 (control). */
export const modes = { active: 1, passive: 2, client: 3, server: 4, broadcast: 5, control: 6, private: 7 } as const;
/** The read-variables command of control messages, RFC 9327 §3. */
const readVariables = 2;
/** Bytes of an NTP header without extensions. */
const headerLength = 48;

/** Network Time Protocol, versions 1 to 4, and its control messages. RFC 5905, RFC 9327. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'NTP');
  const first = r.u8();
  const [version, mode] = [(first >> 3) & 7, first & 7];
  if (version === 0 || version > 4 || mode === 0) throw r.fault(`version=${version} mode=${mode}`);
  if (mode === modes.private) return { version, mode, stratum: 0, variables: '' };
  if (mode !== modes.control) {
    const stratum = r.u8();
    r.skip(headerLength - 2);
    return { version, mode, stratum, variables: '' };
  }
  const flags = r.u8();
  r.skip(8); // sequence, status, association, offset
  const data = r.take(r.u16());
  // A whole answer that is no error, to the command that reads variables.
  const isVariables = (flags & 0xe0) === 0x80 && (flags & 0x1f) === readVariables;
  return {
    version,
    mode,
    stratum: 0,
    variables: isVariables ? decodeLine(data, 1024) : '',
  };
}

/** Which server the asker uses; that the answerer is one, and the program and system that it tells in its variables. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const ip = packet.target;
  switch (m.mode) {
    case modes.active:
    case modes.client:
      return packet.targetPort === ntpPort && isHostIp(ip) ? [{ kind: 'uses-server', service: 'ntp', ip }] : [];
    case modes.passive:
    case modes.server:
    case modes.broadcast:
      return packet.sourcePort === ntpPort ? [{ kind: 'service', protocol: 'udp', port: ntpPort, name: 'ntp' }] : [];
    default: {
      const told = ['version', 'processor', 'system'].flatMap(key => valueOf(m.variables, key)).join('; ');
      return told === '' || packet.sourcePort !== ntpPort ? [] : [{ kind: 'description', text: told.slice(0, 255) }];
    }
  }
}

/** The value of `key="…"` in a list of variables. */
function valueOf(variables: string, key: string): readonly string[] {
  const start = ` ${variables}`.indexOf(` ${key}="`);
  if (start < 0) return [];
  const from = start + key.length + 2;
  const end = variables.indexOf('"', from);
  return end > from ? [variables.slice(from, end)] : [];
}

export const ntp = collector({ name: 'ntp', spec: 'RFC 5905, RFC 9327', matches: udpPorts(ntpPort), decode, observe });
