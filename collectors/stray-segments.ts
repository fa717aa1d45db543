import { type Packet, tcpFlags } from './packet.ts';
import { firstOwn, mixed } from './refused-datagrams.ts';
import { doorOf } from './slow-knocks.ts';
import { fold } from './stream.ts';

/** Places of the table of segments that were sent lately, and of that of hosts that reset one: what comes later may take the place of another. */
const places = 4096;

/**
 * Segments with ACK that belong to no connection: hosts reset them, RFC 9293 §3.10.7.1, and who looks for filters sends them to many ports of one host. A peer that has
 * restarted resets too, but what its clients still have open there is one port of it; so the first one of each host does not count. Only questions count, and only
 * what its sender was seen to send, as for datagrams.
 */
export class StraySegments {
  /** Host and port, mixed with who sent there. */
  readonly #sent = new Uint32Array(places);
  /** Host mixed with who sent there, and the first door that was reset. */
  readonly #hosts = new Uint32Array(places);
  readonly #first = new Uint32Array(places);

  /** For the first segments of a flow: integers only. Data belongs to a connection. */
  sent(packet: Packet): void {
    const { bytes, start, sourcePort, targetPort } = packet;
    if (sourcePort < firstOwn || targetPort >= firstOwn || packet.payload < packet.end) return;
    const mark = mixed(doorOf(packet, true), bytes, start + 6);
    this.#sent[mark & (places - 1)] = mark;
  }

  /** True when this is a reset of what its receiver was seen to send, and another door of that host was reset to it before. */
  isReset(packet: Packet, door: number): boolean {
    const { bytes, start } = packet;
    // With ACK it answers a SYN, or what had no ACK either.
    if ((packet.tcpFlags & tcpFlags.ack) !== 0) return false;
    const mark = mixed(door, bytes, start);
    if (this.#sent[mark & (places - 1)] !== mark) return false;
    const host = mixed(fold(packet, false), bytes, start);
    const i = host & (places - 1);
    if (this.#hosts[i] === host) return this.#first[i] !== door;
    this.#hosts[i] = host;
    this.#first[i] = door;
    return false;
  }
}
