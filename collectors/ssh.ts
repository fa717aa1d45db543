import { decodeSshStart } from '../gateway/codec/ssh.ts';
import { word, words } from '../gateway/codec/words.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const sshPort = 22;
const identification = words('SSH-');

export const isSsh = ({ bytes, payload }: Packet): boolean => identification.has(word(bytes, payload));

/** The identification that both sides send first, on any port. RFC 4253 §4.2. Undefined while it is not whole. */
export function decode(bytes: Uint8Array): { readonly version: string; readonly software: string } | undefined {
  const line = bytes.indexOf(10);
  return decodeSshStart(line < 0 ? bytes : bytes.subarray(0, line + 1));
}

/** Both sides begin alike, so on an unknown port the lower number is taken for the server's. */
export const isFromServer = ({ sourcePort, targetPort }: Packet, port: number): boolean =>
  sourcePort === port || (targetPort !== port && sourcePort < targetPort);

export function observe({ software }: NonNullable<ReturnType<typeof decode>>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || software === '') return [];
  if (!isFromServer(packet, sshPort)) return [{ kind: 'description', text: software, of: 'ssh-client' }];
  return [
    { kind: 'description', text: software, of: 'ssh-server' },
    { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'ssh' },
  ];
}

export const ssh = collector({ name: 'ssh', spec: 'RFC 4253', matches: tcpStream(), wants: isSsh, decode, observe });
