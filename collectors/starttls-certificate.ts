import { upgradePorts } from '../gateway/codec/starttls.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { behindUpgrade, wants } from './starttls.ts';
import { decode as decodeCertificate, observe as observeCertificate } from './tls-certificate.ts';

const rdpPort = 3389;

type Shown = NonNullable<ReturnType<typeof decodeCertificate>>;

/** The certificate shown in TLS that begins within another protocol, as tls-certificate.ts reads it. Undefined while it may still come. Of RDP the server's is read by rdp.ts. */
export function decode(bytes: Uint8Array, packet: Packet): Shown | 'none' | undefined {
  const tls = behindUpgrade(bytes, packet);
  return tls === undefined || tls === 'none' ? tls : decodeCertificate(tls);
}

export const observe = (m: Shown | 'none', packet: Packet): readonly Said[] => (m === 'none' ? [] : observeCertificate(m, packet));

export const starttlsCertificate = collector({
  name: 'starttls-certificate',
  spec: 'RFC 5246 §7.4.2',
  matches: tcpStream(...upgradePorts.keys()),
  isProtocol: false,
  wants: packet => packet.sourcePort !== rdpPort && wants(packet),
  decode,
  observe,
});
