import * as b from './build.ts';
import { client, fromClient, host } from './stream.ts';

/** Origin: composed here from the WireGuard white paper §5.4 and from what the makers of the others describe; keys and ids are invented. */
export const datagram = (from: number, to: number, body: Uint8Array, target: string = host.ip, ttl = 64): Uint8Array =>
  b.ethernet(
    client.mac,
    target.startsWith('239.') ? '01:00:5e:7f:66:12' : host.mac,
    0x0800,
    b.ipv4(client.ip, target, 17, b.udp(from, to, body), { ttl }),
  );

export const initiation = b.bytes(1, 0, 0, 0, new Uint8Array(144).fill(8));
export const response = b.bytes(2, 0, 0, 0, new Uint8Array(88).fill(8));
export const discovery = b.bytes('TS💬', new Uint8Array(32).fill(4), new Uint8Array(60));
const node = [0xa1, 0xb2, 0xc3, 0xd4, 0xe5];
/** Version 1.14.2, flags 0 with cipher 0; the identity begins with the sender's address. */
export const zeroTierHello = (identity: readonly number[] = node, flags = 0): Uint8Array =>
  b.bytes(
    [new Uint8Array(8), 1, 2, 3, 4, 5, node, flags, new Uint8Array(8), 1],
    [12, 1, 14, b.u16(2), new Uint8Array(8), identity, new Uint8Array(66)],
  );

export const remoteAccessVectors: { readonly [name: string]: Uint8Array } = {
  'wireguard-initiation': datagram(51_820, 51_820, initiation),
  'tailscale-discovery': datagram(41_641, 41_641, discovery),
  'zerotier-hello': datagram(9993, 9993, zeroTierHello()),
  'anydesk-discovery': datagram(50_001, 50_001, b.bytes(0x3e, 0xd1, 1), '239.255.102.18'),
  'teamviewer-start': fromClient(5938, b.bytes(1, 2, 3, 4)),
};
