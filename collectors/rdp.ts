import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { certificateFact, decode as decodeCertificate } from './tls-certificate.ts';

const rdpPort = 3389;
const [tpkt, connectionConfirm, negotiationResponse] = [3, 0xd0, 2];
/** selectedProtocol, MS-RDPBCGR §2.2.1.2.1; all but the first go on with TLS. */
const security: { readonly [selected: number]: string } = { 0: 'RDP', 1: 'TLS', 2: 'CredSSP', 4: 'RDSTLS', 8: 'CredSSP' };

type Rdp = { readonly security: string; readonly shown?: NonNullable<ReturnType<typeof decodeCertificate>> };

/**
 * How a server of Remote Desktop answers, and the certificate that it shows behind that; Windows makes one with the machine's name. RFC 1006 §6, MS-RDPBCGR
 * §2.2.1.2. Undefined while the certificate may still come. The client is not read: its cookie is a user name.
 */
export function decode(bytes: Uint8Array): Rdp | undefined {
  const r = new Reader(bytes, 'RDP');
  if (r.u8() !== tpkt) throw r.fault('no TPKT');
  r.skip(1);
  const length = r.u16();
  if (length < 11) throw r.fault(`length ${length}`);
  const confirm = new Reader(r.take(length - 4), 'RDP connection confirm');
  confirm.skip(1); // length indicator
  if (confirm.u8() !== connectionConfirm) throw confirm.fault('no connection confirm');
  confirm.skip(5); // references, class
  // An old server answers without, a refusal has another type.
  if (confirm.left < 8 || confirm.u8() !== negotiationResponse) return { security: 'RDP' };
  confirm.skip(3); // flags, length
  const selected = confirm.u32le();
  const name = security[selected] ?? `unknown-${selected}`;
  if (selected === 0) return { security: name };
  const shown = decodeCertificate(r.rest());
  return shown === undefined ? undefined : { security: name, shown };
}

export function observe({ security: name, shown }: Rdp, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  return [
    { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'ms-wbt-server' },
    { kind: 'description', text: `Remote Desktop, security ${name}`, of: 'remote-access' },
    ...(shown === undefined ? [] : certificateFact(shown)),
  ];
}

const wants = ({ bytes: b, payload: i, sourcePort }: Packet): boolean =>
  sourcePort === rdpPort && b[i] === tpkt && b[i + 5] === connectionConfirm;

export const rdp = collector({ name: 'rdp', spec: 'MS-RDPBCGR 2.2.1', matches: tcpStream(rdpPort), wants, decode, observe });
