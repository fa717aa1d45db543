import type { Packet } from './packet.ts';
import { doorOf } from './slow-knocks.ts';

/** Places of the table of datagrams that were sent lately. */
const places = 4096;
/** Ports that hosts take for questions (RFC 6335 §6, and those below of Linux); what comes from a lower one may be an answer. */
export const firstOwn = 32_768;
/** A search for the way counts ports up from here, and the host at its end refuses each. */
const [firstTrace, lastTrace] = [33_434, 33_534];
/** Type and code of "nobody is at that port": RFC 792, RFC 4443 §3.1. Behind eight bytes stands the packet that it is about. */
const [refusal4, refusal6, about] = [0x0303, 0x0104, 8];
const udp = 17;

/**
 * Datagrams that a host refuses: somebody asks at closed ports of UDP. Only what its sender was seen to send counts, so that nobody can put it on another; and
 * only questions: the answer to who no longer waits for it is refused as well.
 */
export class RefusedDatagrams {
  /** Host and port that were asked, mixed with who asked: what is asked later may take the place of another. */
  readonly #sent = new Uint32Array(places);

  /** For the first datagrams of a flow: integers only. */
  sent(packet: Packet): void {
    const { bytes: b, start, sourcePort, targetPort } = packet;
    if (sourcePort < firstOwn || isTrace(targetPort)) return;
    const mark = mixed(doorOf(packet, true), b, start + 6);
    this.#sent[mark & (places - 1)] = mark;
  }

  /** The door that is refused to the receiver of this packet; 0 when it is none, or when the receiver was not seen to ask there. */
  refused(packet: Packet): number {
    const { bytes: b, start, l4, end, ipVersion } = packet;
    if ((((b[l4] ?? 0) << 8) | (b[l4 + 1] ?? 0)) !== (ipVersion === 4 ? refusal4 : refusal6)) return 0;
    const i = l4 + about;
    const at = i + (ipVersion === 4 ? ((b[i] ?? 0) & 15) * 4 : 40);
    if (at + 4 > end || b[i + (ipVersion === 4 ? 9 : 6)] !== udp) return 0;
    const door = doorOf(packet, false, ((b[at + 2] ?? 0) << 8) | (b[at + 3] ?? 0));
    const mark = mixed(door, b, start);
    return this.#sent[mark & (places - 1)] === mark ? door : 0;
  }
}

const isTrace = (port: number): boolean => port >= firstTrace && port <= lastTrace;

/** A door and the hardware address at `i`; never 0. */
export function mixed(door: number, b: Uint8Array, i: number): number {
  const low = ((b[i + 2] ?? 0) << 24) | ((b[i + 3] ?? 0) << 16) | ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0);
  const value = Math.imul(door ^ Math.imul(low, 0x85ebca6b), 0x9e3779b1);
  return (value ^ (value >>> 15)) >>> 0 || 1;
}
