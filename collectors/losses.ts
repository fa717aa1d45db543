import type { PortName } from '../gateway/model/address.ts';
import type { Malformed } from '../gateway/model/fact.ts';
import type { Packet } from './packet.ts';

/** What caps and limits kept back, in frames or facts. */
const overflows = [
  'frames of addresses beyond the cap',
  'frames from a group or zero address',
  'frames too short to name a sender',
  'identity frames cut by the capture length',
  'messages longer than what is read of a stream',
  'datagrams of which fragments are missing or too many',
  'facts beyond the cap of their address or port',
  'facts about addresses that have not spoken here',
  'malformed frames of further senders',
] as const;
export type OverflowKind = (typeof overflows)[number];

export type Overflow = { readonly port: PortName; readonly count: number; readonly what: OverflowKind };

/** Cap: senders and collectors whose malformed frames are folded between two calls of `take`. */
const maxMalformed = 1024;

/** What did not become an Observation, folded until somebody asks. */
export class Losses {
  #malformed = new Map<string, { -readonly [k in keyof Malformed]: Malformed[k] }>();
  /** One entry a port and kind. */
  #overflow = new Map<PortName, Map<OverflowKind, number>>();

  /** Counts a frame that broke a format. Of frames of one sender and collector the first one's time and message stay. */
  malformed({ at, port, vlan, source: mac }: Pick<Packet, 'at' | 'port' | 'vlan' | 'source'>, collector: string, message: string): void {
    const key = `${port} ${vlan} ${mac} ${collector}`;
    const old = this.#malformed.get(key);
    if (old !== undefined) old.count++;
    else if (this.#malformed.size >= maxMalformed) this.overflow(port, 'malformed frames of further senders');
    else this.#malformed.set(key, { at, port, vlan, mac, collector, message, count: 1 });
  }

  overflow(port: PortName, what: OverflowKind): void {
    const kinds = this.#overflow.get(port) ?? new Map<OverflowKind, number>();
    kinds.set(what, (kinds.get(what) ?? 0) + 1);
    this.#overflow.set(port, kinds);
  }

  /**
   * The start of a stream of which a collector made nothing, when no more of it is kept. That it needs more is no fault of who speaks: web pages
   * are longer. Of a stream from its middle nobody can tell.
   */
  notRead(packet: Packet, collector: string, error: { readonly isShort: boolean; readonly message: string }, isOpened: boolean): void {
    if (packet.isCut) this.overflow(packet.port, 'identity frames cut by the capture length');
    else if (error.isShort) this.overflow(packet.port, 'messages longer than what is read of a stream');
    else if (isOpened) this.malformed(packet, collector, error.message);
  }

  /** Everything since the last call. */
  take(): { readonly malformed: readonly Malformed[]; readonly overflow: readonly Overflow[] } {
    const malformed = [...this.#malformed.values()];
    const overflow = [...this.#overflow].flatMap(([port, kinds]) => [...kinds].map(([what, count]) => ({ port, count, what })));
    this.#malformed = new Map();
    this.#overflow = new Map();
    return { malformed, overflow };
  }
}
