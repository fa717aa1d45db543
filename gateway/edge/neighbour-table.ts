import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Ip, Mac, Millis, PortName } from '../model/address.ts';

/** The kernel's table is long where many devices are pinned, and outsiders decide how often we look: it is read so often at most. Milliseconds. */
const freshMs: Millis = 250;
/** Of IPv6 the kernel has no file, and a program is started for it, in which time nothing else is done. Milliseconds. */
const freshMs6: Millis = 500;

/** How the two tables are read: IPv4 as `/proc/net/arp`, IPv6 as `ip -6 neigh show dev BRIDGE`, which asks for no privilege. */
export type NeighbourTexts = { readonly ip4: () => string; readonly ip6: (bridge: PortName) => string };

const kernel: NeighbourTexts = {
  ip4: () => readFileSync('/proc/net/arp', 'utf8'),
  ip6: bridge => {
    try {
      const limits = { timeout: 1_000, maxBuffer: 16 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] as ('ignore' | 'pipe')[] };
      return execFileSync('ip', ['-6', 'neigh', 'show', 'dev', bridge], { ...limits, encoding: 'utf8' });
    } catch (error) {
      // No such program, or not in time: then nobody is there, and nobody is taken for who he is not.
      if (error instanceof Error) return '';
      throw error;
    }
  },
};

type Known = { readonly at: Millis; readonly macs: ReadonlyMap<Ip, Mac> };

/** To which MAC the kernel sends what it has for an address of the bridge, as its own tables say. */
export class NeighbourTable {
  readonly #bridge: PortName;
  readonly #now: () => Millis;
  readonly #texts: NeighbourTexts;
  /** As many entries as the kernel's tables of the bridge, at most their `gc_thresh3` and what we pinned; each replaced whole. */
  #ip4: Known | undefined;
  #ip6: Known | undefined;

  constructor(bridge: PortName, now: () => Millis, texts: NeighbourTexts = kernel) {
    this.#bridge = bridge;
    this.#now = now;
    this.#texts = texts;
  }

  at(ip: Ip): Mac | undefined {
    const now = this.#now();
    const isFresh = (known: Known | undefined, ms: Millis): boolean => known !== undefined && Math.abs(now - known.at) < ms;
    if (ip.includes(':')) {
      if (!isFresh(this.#ip6, freshMs6)) this.#ip6 = { at: now, macs: parse6(this.#texts.ip6(this.#bridge)) };
      return this.#ip6?.macs.get(ip);
    }
    if (!isFresh(this.#ip4, freshMs)) this.#ip4 = { at: now, macs: parse4(this.#texts.ip4(), this.#bridge) };
    return this.#ip4?.macs.get(ip);
  }
}

/** Complete entries only (ATF_COM, flag 2): the others name nobody. */
function parse4(text: string, bridge: PortName): ReadonlyMap<Ip, Mac> {
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

/** `fe80::7 lladdr 02:… REACHABLE`: entries that failed, or for which nobody has answered yet, have no address or say so. */
function parse6(text: string): ReadonlyMap<Ip, Mac> {
  const found = text.split('\n').map(line => /^([0-9a-f:]+) lladdr ([0-9a-f:]{17}) (?!.*(?:FAILED|INCOMPLETE))/.exec(line));
  return new Map(found.flatMap(m => (m?.[1] !== undefined && m[2] !== undefined ? [[m[1], m[2]] as const] : [])));
}
