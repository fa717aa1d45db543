import type { PortName } from '../gateway/model/address.ts';
import type { Malformed } from '../gateway/model/fact.ts';
import type { Packet } from './packet.ts';

/** What caps and limits kept back, in frames or facts. */
export const overflows = [
  'frames of addresses beyond the cap',
  'frames from a group or zero address',
  'frames too short to name a sender',
  'identity frames cut by the capture length',
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

  /** Everything since the last call. */
  take(): { readonly malformed: readonly Malformed[]; readonly overflow: readonly Overflow[] } {
    const malformed = [...this.#malformed.values()];
    const overflow = [...this.#overflow].flatMap(([port, kinds]) => [...kinds].map(([what, count]) => ({ port, count, what })));
    this.#malformed = new Map();
    this.#overflow = new Map();
    return { malformed, overflow };
  }
}
