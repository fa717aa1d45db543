import { ip4At, ip6At } from '../gateway/codec/address-at.ts';
import type { Ip, Millis } from '../gateway/model/address.ts';
import type { Deed } from './activity.ts';
import { AskedBursts } from './asked-bursts.ts';
import type { Packet } from './packet.ts';

/** So many addresses that nobody answers for within a minute, and within a day: asked slowly enough, no minute shows it. Milliseconds of frame time. */
const [fastSteps, minuteMs] = [[32, 64, 256], 60_000] as const;
const [slowAt, dayMs] = [64, 24 * 3_600_000];
/** Slowly is told again when it is so many times as much, or after a day. */
const growth = 4;
/** An answer comes within that time: then only is it known that there was none. */
const answerMs = 1000;
/** Caps: senders that ask, addresses of one and of all (some 120 bytes each): the sender that asked least lately gives way. */
const [maxAskers, maxOfOne, maxInAll] = [2048, 512, 32_768];
/** Caps: addresses that are known to be in use, for a day, and those of one host that count: who claims more speaks for others. */
const [maxLiving, maxOwn] = [16_384, 16];
/** Addresses that are named, the last ones. */
const maxNamed = 64;

type Asked = { readonly at: Millis; readonly ip: Ip };
/** What one sender asked for in vain, the oldest first; `minute`: since when `ofMinute` are counted. */
type Asker = {
  readonly inVain: Map<number, Asked>;
  firstFrame: number;
  minute: Millis;
  ofMinute: number;
  step: number;
  /** When it was told that it asks slowly, and for how many. */
  told: { readonly at: Millis; readonly count: number } | undefined;
};
type Living = { at: Millis; mac: number };

/**
 * Who asks by ARP or neighbour solicitation for addresses that nobody has. What is answered, or has spoken for itself lately, counts for nothing: a server
 * may ask for all hosts of a site. The key of an address of IPv6 is folded to 32 bits, so a count may be a little too low.
 */
export class AskedAddresses {
  readonly #askers = new Map<number, Asker>();
  /** By address, who said last that it has it. */
  readonly #living = new Map<number, Living>();
  /** How many addresses each host said it has, since when. */
  readonly #claims = new Map<number, { since: Millis; count: number }>();
  /** Senders that have reached a count, and when: they are judged once there was time to answer. */
  readonly #due = new Map<number, Millis>();
  readonly #bursts = new AskedBursts();
  #size = 0;

  /** Addresses that are remembered, for tests. */
  get size() {
    return { askers: this.#askers.size, asked: this.#size, living: this.#living.size } as const;
  }

  /** RFC 826. Who announces itself asks nobody. The deed may be that of another sender than the packet's. */
  arp(packet: Packet): Deed | undefined {
    const { bytes: b, payload: i } = packet;
    if (packet.end - i < 28) return undefined;
    const [operation, source, target] = [(b[i + 6] ?? 0) * 256 + (b[i + 7] ?? 0), word(b, i + 14), word(b, i + 24)];
    if (source !== 0) this.#claimed(source, packet);
    if (operation === 2) this.#answered(packet, source);
    else if (operation === 1 && source !== target) return this.#asks(packet, target, () => ip4At(b, i + 24)) ?? this.#judge(packet);
    return this.#judge(packet);
  }

  /** RFC 4861 §4.3, §4.4. */
  ndp(packet: Packet): Deed | undefined {
    const { bytes: b, l4: i } = packet;
    if (packet.end - i < 24) return undefined;
    const target = folded(b, i + 8);
    if (b[i] !== 136) return this.#asks(packet, target, () => ip6At(b, i + 8)) ?? this.#judge(packet);
    this.#claimed(target, packet);
    this.#answered(packet, target);
    return this.#judge(packet);
  }

  #claimed(ip: number, { bytes, start, at }: Packet): void {
    const mac = macAt(bytes, start + 6);
    const known = this.#living.get(ip);
    if (known?.mac !== mac) {
      const claims = this.#claims.get(mac);
      const isOver = claims === undefined || Math.abs(at - claims.since) > dayMs;
      const count = isOver ? 1 : claims.count + 1;
      renew(this.#claims, mac, { since: isOver ? at : claims.since, count }, maxLiving);
      if (count > maxOwn) return;
    }
    renew(this.#living, ip, { at, mac }, maxLiving);
  }

  #isLiving(ip: number, asker: number, now: Millis): boolean {
    const living = this.#living.get(ip);
    return living !== undefined && living.mac !== asker && Math.abs(now - living.at) <= dayMs;
  }

  /** Nobody answers himself. */
  #answered({ bytes, start }: Packet, ip: number): void {
    const [target, sender] = [macAt(bytes, start), macAt(bytes, start + 6)];
    const asker = target === sender ? undefined : this.#askers.get(target);
    if (asker !== undefined) this.#forget(asker, ip);
  }

  /** The deed: it asked for so many that it does not matter who answers. */
  #asks({ bytes, start, at, number }: Packet, target: number, text: () => Ip): Deed | undefined {
    const mac = macAt(bytes, start + 6);
    if (!this.#isLiving(target, mac, at)) this.#asksInVain(mac, target, at, number, text);
    return this.#bursts.note(mac, target, at, number);
  }

  #asksInVain(mac: number, target: number, at: Millis, number: number, text: () => Ip): void {
    const asker = this.#askerOf(mac, at, number);
    for (const [ip, asked] of asker.inVain) {
      if (Math.abs(at - asked.at) <= dayMs) break;
      this.#forget(asker, ip);
    }
    if (asker.inVain.has(target) || asker.inVain.size >= maxOfOne) return;
    if (asker.inVain.size === 0) asker.firstFrame = number;
    this.#makeRoom(mac);
    asker.inVain.set(target, { at, ip: text() });
    this.#size++;
    asker.ofMinute++;
    if ((isFast(asker) || isSlow(asker, at)) && !this.#due.has(mac)) this.#due.set(mac, at);
  }

  #askerOf(mac: number, at: Millis, firstFrame: number): Asker {
    const known = this.#askers.get(mac);
    const asker: Asker = known ?? { inVain: new Map(), firstFrame, minute: at, ofMinute: 0, step: 0, told: undefined };
    if (Math.abs(at - asker.minute) > minuteMs) {
      asker.minute = at;
      asker.ofMinute = asker.step = 0;
    }
    this.#askers.delete(mac);
    const [idle] = this.#askers.keys();
    if (this.#askers.size >= maxAskers && idle !== undefined) this.#drop(idle);
    this.#askers.set(mac, asker);
    return asker;
  }

  #makeRoom(but: number): void {
    if (this.#size < maxInAll) return;
    for (const mac of this.#askers.keys()) if (mac !== but) return this.#drop(mac);
  }

  #drop(mac: number): void {
    this.#size -= this.#askers.get(mac)?.inVain.size ?? 0;
    this.#askers.delete(mac);
    this.#due.delete(mac);
  }

  #forget(asker: Asker, ip: number): void {
    const asked = asker.inVain.get(ip);
    if (asked === undefined) return;
    asker.inVain.delete(ip);
    this.#size--;
    if (asked.at >= asker.minute && asker.ofMinute > 0) asker.ofMinute--;
  }

  /** What is to be said of the one that has waited longest. */
  #judge({ at: now }: Packet): Deed | undefined {
    for (const [mac, since] of this.#due) {
      if (Math.abs(now - since) < answerMs) return undefined;
      this.#due.delete(mac);
      const asker = this.#askers.get(mac);
      if (asker === undefined) continue;
      for (const ip of asker.inVain.keys()) if (this.#isLiving(ip, mac, now)) this.#forget(asker, ip);
      const detail = detailOf(asker, now);
      if (detail !== undefined) return { sender: mac, fact: { kind: 'acted', action: 'scan-arp', target: 'network', detail } };
    }
    return undefined;
  }
}

const isFast = ({ ofMinute, step }: Asker): boolean => ofMinute >= (fastSteps[step] ?? Infinity);
const isSlow = ({ inVain: { size }, told }: Asker, now: Millis): boolean =>
  size >= slowAt && (told === undefined || Math.abs(now - told.at) > dayMs || size >= told.count * growth);

/** `<count> within a minute|a day, since frame <n>: <addresses>`. */
function detailOf(asker: Asker, now: Millis): string | undefined {
  const [fast, slow] = [isFast(asker), isSlow(asker, now)];
  if (!fast && !slow) return undefined;
  while (isFast(asker)) asker.step++;
  const { size } = asker.inVain;
  if (slow || size >= slowAt) asker.told = { at: now, count: size };
  const [count, within] = fast ? [asker.ofMinute, 'a minute'] : [size, 'a day'];
  const named = [...asker.inVain.values()].slice(-Math.min(maxNamed, count)).map(({ ip }) => ip);
  return `${count} within ${within}, since frame ${asker.firstFrame}: ${rangesOf(named)}`;
}

/** Addresses one after the other as `10.0.0.3-9`, at most 900 characters of them. */
function rangesOf(ips: readonly Ip[]): string {
  let [text, head, last] = ['', '', Number.NaN];
  let isRange = false;
  for (const ip of ips) {
    const dot = ip.lastIndexOf('.');
    const [net, host] = [ip.slice(0, dot + 1), dot < 0 ? Number.NaN : Number(ip.slice(dot + 1))];
    if (net === head && host === last + 1) {
      isRange = true;
      last = host;
      continue;
    }
    if (isRange) text += `-${last}`;
    if (text.length > 900) return text;
    text += text === '' ? ip : ` ${ip}`;
    [head, last, isRange] = [net, host, false];
  }
  return isRange ? `${text}-${last}` : text;
}

/** Sets it anew, so that it stands last; beyond the cap the one that was set least lately gives way. */
function renew<V>(map: Map<number, V>, key: number, value: V, max: number): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (map.size >= max && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

const word = (b: Uint8Array, i: number): number =>
  (((b[i] ?? 0) << 24) | ((b[i + 1] ?? 0) << 16) | ((b[i + 2] ?? 0) << 8) | (b[i + 3] ?? 0)) >>> 0;
const macAt = (b: Uint8Array, i: number): number => ((b[i] ?? 0) * 256 + (b[i + 1] ?? 0)) * 0x100000000 + word(b, i + 2);
const folded = (b: Uint8Array, i: number): number =>
  [4, 8, 12].reduce((value, next) => Math.imul(value, 0x01000193) ^ word(b, i + next), word(b, i)) >>> 0;
