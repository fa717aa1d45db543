import { type Packet, tcpFlags } from './packet.ts';
import { tcpPortPlace } from './service-names.ts';

/** Caps: openings remembered, by place; a new one takes the place of an older one with the same hash. And how long an opening may stay unanswered. */
const [places, maxAgeMillis] = [4096, 60_000];

/**
 * The start of TCP streams: which SYN is still unanswered. RFC 9293 §3.5. Fixed tables, so a flood of SYNs only makes it forget others;
 * then a SYN/ACK counts as unasked. Addresses of IPv6 are folded to 32 bits.
 */
export class TcpOpenings {
  readonly #client = new Uint32Array(places);
  readonly #server = new Uint32Array(places);
  readonly #ports = new Uint32Array(places);
  readonly #at = new Float64Array(places);

  /**
   * True when this frame shows that its sender serves its source port: a SYN/ACK to a SYN that we saw, or one that we did not see (other
   * path) from a port of known use; or data of a stream older than us from a port below 1024 of known use.
   */
  isServer(packet: Packet): boolean {
    const flags = packet.tcpFlags & (tcpFlags.syn | tcpFlags.ack | tcpFlags.rst);
    if (flags === tcpFlags.syn) this.#asked(packet);
    if (flags === (tcpFlags.syn | tcpFlags.ack)) return this.#answered(packet) || isCertainServer(packet);
    return flags === tcpFlags.ack && packet.sourcePort < 1024 && isCertainServer(packet);
  }

  #asked(packet: Packet): void {
    const client = fold(packet, false);
    const server = fold(packet, true);
    const ports = portPair(packet.sourcePort, packet.targetPort);
    const i = hash(client, server, ports);
    this.#client[i] = client;
    this.#server[i] = server;
    this.#ports[i] = ports;
    this.#at[i] = packet.at;
  }

  #answered(packet: Packet): boolean {
    const client = fold(packet, true);
    const server = fold(packet, false);
    const ports = portPair(packet.targetPort, packet.sourcePort);
    const i = hash(client, server, ports);
    const isAsked = this.#client[i] === client && this.#server[i] === server && this.#ports[i] === ports;
    const age = packet.at - (this.#at[i] ?? 0);
    return isAsked && age >= 0 && age <= maxAgeMillis;
  }
}

/** From a port of known use to one that clients use. */
const isCertainServer = (packet: Packet): boolean =>
  tcpPortPlace(packet.sourcePort) > 0 && packet.targetPort >= 1024 && tcpPortPlace(packet.targetPort) === 0;

const portPair = (client: number, server: number): number => ((client << 16) | server) >>> 0;

/** An address of the packet as one integer: exact for IPv4. */
export function fold(packet: Packet, target: boolean): number {
  const b = packet.bytes;
  const size = packet.ipVersion === 4 ? 4 : 16;
  const start = packet.l3 + (packet.ipVersion === 4 ? 12 : 8) + (target ? size : 0);
  let value = 0;
  for (let i = start; i < start + size; i += 4) {
    const word = ((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0);
    value = Math.imul(value, 0x85ebca6b) ^ word;
  }
  return value >>> 0;
}

const hash = (client: number, server: number, ports: number): number =>
  (Math.imul(client ^ Math.imul(server, 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35), 0x9e3779b1) >>> 16) & (places - 1);
