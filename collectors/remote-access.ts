import { hex } from '../gateway/codec/address.ts';
import { sameBytes } from '../gateway/codec/bytes.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, tcpStream, udpPorts } from './collector.ts';
import { ipProtocols, type Packet } from './packet.ts';

/** Ports as their makers name them. AnyDesk's three are for finding others in the LAN, with a group of its own. */
const [teamViewer, zeroTier, tailscale, wireGuard] = [5938, 9993, 41_641, 51_820];
const anyDesk: readonly number[] = [50_001, 50_002, 50_003];
const anyDeskGroup = '239.255.102.18';
/** What a discovery message of Tailscale begins with: “TS” and a speech balloon in UTF-8. */
const discoveryMagic = new TextEncoder().encode('TS💬');
/** Types and lengths of the handshake, WireGuard white paper §5.4.2, §5.4.3: type, three reserved zeros, then all of fixed length. */
const handshakeLengths: { readonly [type: number]: number } = { 1: 148, 2: 92 };
/** ZeroTier: HELLO is sent in the clear (cipher 0) with versions and the sender's identity; its header is 28 bytes. */
const [hello, cipherMask, verbMask] = [1, 0x38, 0x1f];

/** Which program for remote access sent this. */
export type RemoteAccess = {
  readonly product: 'TeamViewer' | 'AnyDesk' | 'Tailscale' | 'WireGuard' | 'ZeroTier' | 'none';
  readonly detail?: string;
};

/**
 * Recognises programs that let others in from outside, by port and first bytes: TeamViewer, AnyDesk, Tailscale, WireGuard, ZeroTier. None has a
 * published standard but WireGuard; the bytes are those that their makers describe. Most other traffic of them is encrypted and is not read.
 */
export function decode(bytes: Uint8Array, packet: Packet): RemoteAccess {
  if (packet.targetPort === teamViewer) return { product: 'TeamViewer' };
  if (packet.target === anyDeskGroup) return { product: 'AnyDesk' };
  const r = new Reader(bytes, 'remote access');
  if (r.left >= discoveryMagic.length && sameBytes(bytes.subarray(0, discoveryMagic.length), discoveryMagic))
    return { product: 'Tailscale' };
  if (isPort(packet, zeroTier)) return zeroTierHello(r);
  const isHandshake = r.left >= 4 && handshakeLengths[r.u32le()] === bytes.length;
  return { product: isHandshake && (isPort(packet, wireGuard) || isPort(packet, tailscale)) ? 'WireGuard' : 'none' };
}

function zeroTierHello(r: Reader): RemoteAccess {
  if (r.left < 28) return { product: 'none' };
  r.skip(8 + 5); // packet id, destination
  const source = r.take(5);
  const isClear = (r.u8() & cipherMask) === 0;
  r.skip(8); // authentication
  if (!isClear || (r.u8() & verbMask) !== hello) return { product: 'none' };
  r.skip(1); // protocol
  const version = `${r.u8()}.${r.u8()}.${r.u16()}`;
  r.skip(8); // time
  if (!sameBytes(r.take(5), source)) throw r.fault('ZeroTier identity is not the sender’s');
  return { product: 'ZeroTier', detail: `node ${hex(source)}, version ${version}` };
}

const isPort = ({ sourcePort, targetPort }: Packet, port: number): boolean => sourcePort === port || targetPort === port;

export function observe({ product, detail }: RemoteAccess, packet: Packet): readonly Said[] {
  if (product === 'none' || !packet.isOwnAddress) return [];
  return [{ kind: 'description', text: detail === undefined ? product : `${product} ${detail}`, of: 'remote-access' }];
}

/** Only a first look: data to TeamViewer's port, to AnyDesk's group, and what may be a handshake of the others. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: i, targetPort, ipProtocol } = packet;
  if (targetPort === teamViewer) return packet.end > i;
  if (ipProtocol !== ipProtocols.udp) return false;
  if (isPort(packet, zeroTier)) return (b[i + 27] ?? 0) % 32 === hello;
  if (anyDesk.includes(targetPort)) return (b[packet.start] ?? 0) === 1;
  return b[i] === 1 || b[i] === 2 || b[i] === discoveryMagic[0];
}

export const remoteAccess = collector({
  name: 'remote-access',
  spec: 'WireGuard white paper 5.4',
  isProtocol: false,
  matches: [tcpStream(teamViewer), udpPorts(teamViewer, zeroTier, tailscale, wireGuard, ...anyDesk)],
  wants,
  decode,
  observe,
});
