import { isIP } from 'node:net';
import type { Ip } from '../../model/address.ts';

export type Hint = { readonly ip: Ip; readonly name?: string; readonly services: readonly string[] };

const maxServices = 32;
const maxRemembered = 4096;
const isService = (text: string): boolean => /^_[a-z0-9-]{1,20}\._(?:tcp|udp)$/i.test(text);
const isName = (text: string): boolean => /^[\p{L}\p{N} ._-]{1,63}$/u.test(text);

/** What an update says of its sender, the last of its addresses; nothing when it names no service. mdns-js mixes services, so ports are left out. */
export function toHint(update: {
  addresses: readonly string[];
  type?: readonly { toString(): string }[];
  host?: string;
}): Hint | undefined {
  const ip = update.addresses.at(-1);
  if (ip === undefined || isIP(ip) === 0) return undefined;
  const services = [...new Set((update.type ?? []).map(String).filter(isService))].sort().slice(0, maxServices);
  if (services.length === 0) return undefined;
  const name = String(update.host ?? '').replace(/\.local\.?$/i, '');
  return isName(name) ? { ip, name, services } : { ip, services };
}

/** Lets each hint pass once per `ageMillis`. Remembers at most 4096; the oldest are forgotten first. */
export class FreshHints {
  readonly #passed = new Map<string, number>();
  readonly #ageMillis: number;

  constructor(ageMillis: number) {
    this.#ageMillis = ageMillis;
  }

  get size(): number {
    return this.#passed.size;
  }

  isFresh(hint: Hint, now: number): boolean {
    const key = JSON.stringify(hint);
    const last = this.#passed.get(key);
    if (last !== undefined && now - last < this.#ageMillis) return false;
    this.#passed.delete(key);
    this.#passed.set(key, now);
    if (this.#passed.size > maxRemembered)
      for (const oldest of [...this.#passed.keys()].slice(0, maxRemembered / 2)) this.#passed.delete(oldest);
    return true;
  }
}
