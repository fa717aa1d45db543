import type { Collector } from './collector.ts';
import type { Dispatch } from './dispatch.ts';
import { type Packet, tcpFlags } from './packet.ts';
import { fold } from './stream.ts';
import { maxStart, StreamStart } from './stream-start.ts';

/** Directions of streams remembered: sets of ways. A full set forgets who waits for its first byte first, then who was looked at longest ago. */
const [sets, ways] = [4096, 4];
/** Without a segment for so long, a direction may be forgotten; while its start is put in order, sooner. Seconds. */
const [maxAgeSeconds, maxCollectingSeconds] = [120, 30];
/** Caps: starts that are being put in order, in all and of one sender: at most 16 KiB each. And how often one of them is looked at. */
const [maxCollecting, maxPerSender, maxLooks] = [512, 32, 32];
/** So many bytes are enough to see that nobody wants a stream. */
const enough = 16;
/** What we know of a direction. `middle`: its opening was not seen, and no segment yet that somebody wants. */
const [free, opened, collecting, done, middle] = [0, 1, 2, 3, 4];
/** Segments of such a direction that may begin a message: the others are what goes on of one. */
const maxBeginnings = 8;
/**
 * An entry is eight numbers, which stand together in memory: four of its key, what we know of it, its first sequence number, when it was seen, and how
 * many of its segments began nothing.
 */
const [width, stateAt, firstAt, seenAt, beginningsAt] = [8, 4, 5, 6, 7];

type Collecting = {
  readonly start: StreamStart;
  /** Undefined until the first bytes have shown who wants them. */
  wanted: readonly Collector[] | undefined;
  looks: number;
  readonly sender: number;
  readonly isOpened: boolean;
};

/** `ask` reads the packet's body; true when the collector needs more of the stream. `isOpened`: the stream's opening was seen, so this is its start. */
export type Ask = (c: Collector, isOpened: boolean, isLast: boolean) => boolean;

/**
 * The starts of TCP streams, each direction by itself, for collectors that match `tcp-stream`. RFC 9293 §3.4, §3.5. Fixed tables and
 * capped starts: a flood only makes it forget other streams, which then count as unopened. Addresses of IPv6 are folded to 32 bits.
 */
export class TcpStreams {
  readonly #dispatch: Dispatch;
  readonly #ask: Ask;
  readonly #contradicted: () => void;
  /** The key: source, target, both ports, port and VLAN where it was seen. Entries are named by the place of their first number. */
  readonly #table = new Uint32Array(sets * ways * width);
  readonly #starts = new Map<number, Collecting>();
  readonly #perSender: Uint16Array;
  #nextSweep = 0;

  /** `senders`: how many numbers of senders there are. `contradicted` is called for a segment that says other bytes than one before it. */
  constructor(dispatch: Dispatch, senders: number, ask: Ask, contradicted: () => void) {
    this.#contradicted = contradicted;
    this.#dispatch = dispatch;
    this.#perSender = new Uint16Array(senders);
    this.#ask = ask;
  }

  /** Starts that are being put in order, for tests. */
  get collecting(): number {
    return this.#starts.size;
  }

  /**
   * Takes in a TCP segment. `place`: port and VLAN as one number. May leave the packet with another body, see `Packet.replaceBody`.
   * True when nobody wants more of this direction until it is opened anew.
   */
  segment(packet: Packet, sender: number, place: number): boolean {
    const flags = packet.tcpFlags & (tcpFlags.syn | tcpFlags.fin | tcpFlags.rst);
    const length = packet.end - packet.payload;
    const seconds = Math.floor(packet.at / 1000) >>> 0;
    let i = this.#find(packet, place, seconds);
    // An acknowledgement brings nothing: it only asks what is known.
    if (flags === 0 && length === 0) return i >= 0 && this.#stateOf(i) === done;
    if (i < 0) {
      if (flags !== 0 && flags !== tcpFlags.syn && length === 0) return false;
      i = this.#replace(-1 - i, seconds);
      if (i < 0) return false;
      this.#enter(i, packet, place);
    }
    this.#table[i + seenAt] = seconds;
    const sequence = sequenceOf(packet) + (flags & tcpFlags.syn ? 1 : 0);
    if ((flags & tcpFlags.syn) !== 0) this.#open(i, sequence >>> 0);
    if (length > 0) this.#data(i, packet, sender, sequence | 0);
    // One that does not stand where the stream has come to ends nothing at its receiver either: RFC 9293 §3.10.7.4, RFC 5961 §3.
    if ((flags & (tcpFlags.fin | tcpFlags.rst)) !== 0 && this.#isAtEnd(i, sequence + length)) this.#finish(i);
    return this.#stateOf(i) === done;
  }

  /** False while bytes before this one are missing. Of what is not being put in order the end is anywhere. */
  #isAtEnd(i: number, sequence: number): boolean {
    const state = this.#stateOf(i);
    if (state !== opened && state !== collecting) return true;
    const ready = this.#starts.get(i)?.start.length ?? 0;
    return ((sequence - (this.#table[i + firstAt] ?? 0)) | 0) === ready;
  }

  /** A SYN that is said again changes nothing; another one is a new stream. */
  #open(i: number, first: number): void {
    if (this.#stateOf(i) !== free && this.#table[i + firstAt] === first) return;
    this.#finish(i);
    this.#table[i + stateAt] = opened;
    this.#table[i + firstAt] = first;
  }

  #data(i: number, packet: Packet, sender: number, sequence: number): void {
    const state = this.#stateOf(i);
    if (state === done) return;
    if (state === free || state === middle) this.#table[i + firstAt] = sequence;
    const offset = (sequence - (this.#table[i + firstAt] ?? 0)) | 0;
    if (state !== collecting && offset <= 0) {
      if (offset + packet.end - packet.payload <= 0) return;
      packet.payload -= offset;
      this.#look(i, packet, sender, state === opened);
    } else {
      const c = this.#starts.get(i) ?? this.#collect(i, { start: new StreamStart(), wanted: undefined, looks: 0, sender, isOpened: true });
      if (c !== undefined && offset < c.start.length && c.start.contradicts(offset, packet.body)) this.#contradicted();
      if (c === undefined || !c.start.add(offset, packet.body)) return;
      packet.replaceBody(c.start.bytes);
      this.#lookAgain(i, packet, c);
    }
  }

  /** The first bytes in one segment: most streams are done with that, without a copy. */
  #look(i: number, packet: Packet, sender: number, isOpened: boolean): void {
    const isShort = packet.end - packet.payload < enough;
    const candidates = this.#candidates(packet, isOpened);
    const wanted = candidates.length === 0 && isShort && isOpened ? undefined : this.#askAll(candidates, isOpened, packet.isCut);
    if (candidates.length === 0 && !isOpened && !packet.isCut) return this.#wait(i);
    if (wanted?.length === 0 || packet.isCut) return this.#finish(i);
    const c = this.#collect(i, { start: new StreamStart(), wanted, looks: 1, sender, isOpened });
    c?.start.add(0, packet.body);
  }

  /** A stream from its middle: the next segment may be the beginning of a message. */
  #wait(i: number): void {
    const beginnings = (this.#table[i + beginningsAt] ?? 0) + 1;
    this.#table[i + beginningsAt] = beginnings;
    if (beginnings >= maxBeginnings) this.#finish(i);
    else this.#table[i + stateAt] = middle;
  }

  #lookAgain(i: number, packet: Packet, c: Collecting): void {
    const isLast = c.start.length >= maxStart || ++c.looks >= maxLooks || packet.isCut;
    if (c.wanted === undefined) {
      const candidates = this.#candidates(packet, c.isOpened);
      if (candidates.length > 0 || c.start.length >= enough) c.wanted = candidates;
    }
    if (c.wanted !== undefined) c.wanted = this.#askAll(c.wanted, c.isOpened, isLast);
    if (isLast || c.wanted?.length === 0) this.#finish(i);
  }

  #candidates(packet: Packet, isOpened: boolean): readonly Collector[] {
    const found: Collector[] = [];
    for (const c of this.#dispatch.streams(packet.sourcePort, packet.targetPort))
      if (c.wants === undefined ? isOpened : c.wants(packet)) found.push(c);
    return found;
  }

  /** Returns those who need more. */
  #askAll(list: readonly Collector[], isOpened: boolean, isLast: boolean): readonly Collector[] {
    const found: Collector[] = [];
    for (const c of list) if (this.#ask(c, isOpened, isLast)) found.push(c);
    return found;
  }

  #collect(i: number, c: Collecting): Collecting | undefined {
    const isFull = (): boolean => this.#starts.size >= maxCollecting || (this.#perSender[c.sender] ?? 0) >= maxPerSender;
    if (isFull()) this.#sweep(this.#table[i + seenAt] ?? 0);
    if (isFull()) {
      this.#finish(i);
      return undefined;
    }
    this.#perSender[c.sender] = (this.#perSender[c.sender] ?? 0) + 1;
    this.#starts.set(i, c);
    this.#table[i + stateAt] = collecting;
    return c;
  }

  #finish(i: number): void {
    const c = this.#starts.get(i);
    if (c !== undefined) {
      this.#perSender[c.sender] = (this.#perSender[c.sender] ?? 0) - 1;
      this.#starts.delete(i);
      c.start.release();
    }
    this.#table[i + stateAt] = done;
  }

  /** Gives up starts that have not grown for long; at most once a second. */
  #sweep(seconds: number): void {
    if (seconds === this.#nextSweep) return;
    this.#nextSweep = seconds;
    for (const i of [...this.#starts.keys()]) if (isOlder(this.#table[i + seenAt] ?? 0, seconds, maxCollectingSeconds)) this.#finish(i);
  }

  /** The entry of the packet's direction, or -1 - the first entry of the set where it belongs. */
  #find(packet: Packet, place: number, seconds: number): number {
    const source = fold(packet, false);
    const target = fold(packet, true);
    const ports = ((packet.sourcePort << 16) | packet.targetPort) >>> 0;
    const base = hash(source, target, ports, place) * ways * width;
    const table = this.#table;
    for (let i = base; i < base + ways * width; i += width) {
      if (table[i] !== source || table[i + 1] !== target || table[i + 2] !== ports || table[i + 3] !== place) continue;
      if (this.#table[i + stateAt] === free) continue;
      if (isOlder(this.#table[i + seenAt] ?? 0, seconds, maxAgeSeconds)) this.#clear(i);
      else return i;
    }
    return -1 - base;
  }

  /** An entry of the set to be used anew; -1 when all of them are being put in order. */
  #replace(base: number, seconds: number): number {
    let [best, bestRank] = [-1, Infinity];
    for (let i = base; i < base + ways * width; i += width) {
      const state = this.#stateOf(i);
      const age = Math.abs(seconds - (this.#table[i + seenAt] ?? 0));
      const isOld = age > (state === collecting ? maxCollectingSeconds : maxAgeSeconds);
      if (state === collecting && !isOld) continue;
      // Free and old ones first, then openings without data, then what is done; among equals the one that was silent for longest.
      const rank = state === free || isOld ? 0 : (state === opened ? 1e6 : 1e7) - Math.min(age, 1e5);
      if (rank < bestRank) [best, bestRank] = [i, rank];
    }
    if (best >= 0) this.#clear(best);
    return best;
  }

  #clear(i: number): void {
    this.#finish(i);
    this.#table[i + stateAt] = free;
  }

  #enter(i: number, packet: Packet, place: number): void {
    this.#table[i] = fold(packet, false);
    this.#table[i + 1] = fold(packet, true);
    this.#table[i + 2] = ((packet.sourcePort << 16) | packet.targetPort) >>> 0;
    this.#table[i + 3] = place;
    this.#table[i + beginningsAt] = 0;
  }

  #stateOf(i: number): number {
    return this.#table[i + stateAt] ?? free;
  }
}

/** Clocks may jump back: then everything is old. */
const isOlder = (then: number, now: number, seconds: number): boolean => Math.abs(now - then) > seconds;

function sequenceOf({ bytes: b, l4: i }: Packet): number {
  return (((b[i + 4] ?? 0) << 24) | ((b[i + 5] ?? 0) << 16) | ((b[i + 6] ?? 0) << 8) | (b[i + 7] ?? 0)) >>> 0;
}

function hash(source: number, target: number, ports: number, place: number): number {
  let h = Math.imul(source ^ Math.imul(target, 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35) ^ Math.imul(place, 0x27d4eb2f), 0x9e3779b1);
  h ^= h >>> 15;
  return (Math.imul(h, 0x2c1b3c6d) >>> 16) & (sets - 1);
}
