import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const iscsiPort = 3260;
/** Login request and response, RFC 7143 §11.12, §11.13; the bit before the code says that it is urgent. */
const [loginRequest, loginResponse, codeMask] = [0x03, 0x23, 0x3f];
const headerSize = 48;
/** Longest text of a login: so much may be sent before both have agreed on more. RFC 7143 §13.12. */
const maxLogin = 8192;
/** Longest name of a node, RFC 7143 §4.2.7.1. */
const maxName = 223;
/** Windows ends the name of the node in that of the host. */
const windowsName = /^iqn\.1991-05\.com\.microsoft:([a-z0-9][a-z0-9._-]*)$/i;

/** The first message of a login to storage over the network: keys and values. RFC 7143 §11.12, §6.1. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'iSCSI');
  const code = r.u8() & codeMask;
  if (code !== loginRequest && code !== loginResponse) throw r.fault(`code ${code}`);
  r.skip(3);
  const extra = r.u8() * 4;
  const length = r.u8() * 0x10000 + r.u16();
  if (length > maxLogin) throw r.fault(`text of ${length} bytes`);
  r.skip(headerSize - 8 + extra);
  // The zeros between show as what is hidden.
  const pairs = decodeText(r.take(length), maxLogin).split('\uFFFD');
  const value = (key: string): string => (pairs.find(pair => pair.startsWith(`${key}=`)) ?? '').slice(key.length + 1).slice(0, maxName);
  return { initiator: value('InitiatorName'), targetAlias: value('TargetAlias') };
}

/** A client is who it says that it is, a server is known to serve; of the name of what is served its client speaks. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if (packet.sourcePort === iscsiPort) {
    const service = { kind: 'service', protocol: 'tcp', port: iscsiPort, name: 'iscsi-target' } as const;
    return m.targetAlias === '' ? [service] : [service, { kind: 'description', text: `iSCSI target ${m.targetAlias}`, of: 'iscsi' }];
  }
  if (m.initiator === '') return [];
  const name = windowsName.exec(m.initiator)?.[1];
  const said: readonly Said[] = [{ kind: 'description', text: `iSCSI initiator ${m.initiator}`, of: 'iscsi' }];
  return name === undefined ? said : [{ kind: 'hostname', name }, ...said];
}

const wants = ({ bytes: b, payload: i, sourcePort }: Packet): boolean =>
  ((b[i] ?? 0) & codeMask) === (sourcePort === iscsiPort ? loginResponse : loginRequest);

export const iscsi = collector({ name: 'iscsi', spec: 'RFC 7143', matches: tcpStream(iscsiPort), wants, decode, observe });
