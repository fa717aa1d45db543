import { readFileSync } from 'node:fs';
import type { Ip, Mac, Millis, PortName } from '../model/address.ts';

/** The kernel's table is long where many devices are pinned, and outsiders decide how often we look: it is read so often at most. Milliseconds. */
const freshMs: Millis = 250;

/** To which MAC the kernel sends what it has for an address of the bridge, as `/proc/net/arp` says. */
export class NeighbourTable {
  readonly #bridge: PortName;
  readonly #now: () => Millis;
  readonly #read: () => string;
  /** As many entries as the kernel's table of the bridge, at most its `gc_thresh3`; replaced whole. */
  #known: { readonly at: Millis; readonly macs: ReadonlyMap<Ip, Mac> } | undefined;

  constructor(bridge: PortName, now: () => Millis, read: () => string = () => readFileSync('/proc/net/arp', 'utf8')) {
    this.#bridge = bridge;
    this.#now = now;
    this.#read = read;
  }

  at(ip: Ip): Mac | undefined {
    const now = this.#now();
    if (this.#known === undefined || Math.abs(now - this.#known.at) >= freshMs)
      this.#known = { at: now, macs: parse(this.#read(), this.#bridge) };
    return this.#known.macs.get(ip);
  }
}

/** Complete entries only (ATF_COM, flag 2): the others name nobody. */
function parse(text: string, bridge: PortName): ReadonlyMap<Ip, Mac> {
  const entries = text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [ip, , flags, mac, , device] = line.split(/\s+/);
      return ip !== undefined && mac !== undefined && device === bridge && (Number(flags) & 2) !== 0
        ? [[ip, mac.toLowerCase()] as const]
        : [];
    });
  return new Map(entries);
}
