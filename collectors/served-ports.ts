import { type Packet, tcpFlags } from './packet.ts';
import { tcpPortPlace } from './service-names.ts';

/** At which ports each address was looked at as a server: 32 bits by address, ports share them, so now and then one is not looked at without a handshake. */
export class ServedPorts {
  readonly #served: Uint32Array;

  constructor(slots: number) {
    this.#served = new Uint32Array(slots);
  }

  /** True when the frame's sender is to be looked at. Without a handshake each port is once, and again when something about the address was forgotten. */
  isNew(packet: Packet, slot: number): boolean {
    if ((packet.tcpFlags & tcpFlags.syn) !== 0) return true;
    const bit = 1 << (tcpPortPlace(packet.sourcePort) & 31);
    const served = this.#served[slot] ?? 0;
    this.#served[slot] = served | bit;
    return (served & bit) === 0;
  }

  forget(slot: number): void {
    this.#served[slot] = 0;
  }
}
