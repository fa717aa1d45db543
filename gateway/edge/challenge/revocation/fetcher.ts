import type { Hex, Millis } from '../../../model/address.ts';
import type { KeyCache } from '../../../attestation/keys.ts';
import type { Asked, RevocationSources } from '../../../attestation/revocation.ts';
import { aged, emptyCache, type RevocationCache, withCrl, withOcsp } from '../../../attestation/revocation-cache.ts';
import { type Place, placesOf } from '../../../attestation/revocation-places.ts';
import type { Trust } from '../../../attestation/trust.ts';
import { decodeOcspResponse, type OcspResponse } from '../../../codec/ocsp.ts';
import { encodeOcspRequest } from '../../../codec/ocsp-request.ts';
import { DecodeError } from '../../../codec/reader.ts';
import { serialKey } from '../../../codec/x509-crl-entries.ts';
import { type Accepted, acceptCrl, acceptOcsp, dropped, hashOf } from './accept.ts';
import { FetchError, type Wish } from './http-get.ts';
import { Turns } from './turns.ts';

/** What was learnt: to be kept by its bytes, in place of what it drops. `news`: devices below the anchor should be judged anew. */
export type Learned = {
  readonly kind: 'crl' | 'ocsp';
  readonly der: Uint8Array;
  readonly dropped: readonly Hex[];
  readonly news?: { readonly anchor: string; readonly issuer: string; readonly revoked: number };
};

export type FetcherEdge = {
  readonly now: () => Millis;
  /** 0 to 1. */
  readonly random: () => number;
  readonly get: (wish: Wish) => Promise<Uint8Array>;
  readonly keys: KeyCache;
  readonly learned: (what: Learned) => void;
  readonly log: (words: { readonly [key: string]: unknown }) => void;
};

/** A CRL as base64 must fit into a line between the processes (`maxLine`). */
const maxFetchedCrl = 5_500_000;
const maxFetchedOcsp = 65_536;
const fetchMs: Millis = 10_000;
/** A place is asked again at 75 to 100 % of this, or of 80 % of what its last answer lasts, whichever is sooner; never sooner than `soonest`. */
const askAgainMs: Millis = 3_600_000;
const soonestMs: Millis = 60_000;
/** After failures: a minute, two, four … an hour. */
const backOffMs = (failures: number): Millis => Math.min(askAgainMs, soonestMs * 2 ** Math.min(failures - 1, 10));
/** Places that are remembered at most, and for how long after a device last needed them: OCSP is one for each device, a CRL one for all. */
export const maxEntries = 2_048;
const entryMs = { ocsp: 86_400_000, crl: 30 * 86_400_000 } as const;

type Entry = {
  readonly place: Place;
  about: Asked;
  usedAt: Millis;
  nextAt: Millis;
  failures: number;
  /** Set while it is fetched. */
  busy: Promise<void> | undefined;
  /** A device was judged without waiting for it any longer. */
  late: boolean;
};

/** Asks about revocation at the places that anchors' configurations list, keeps what is genuine, and asks again before it ends. */
export class RevocationFetcher {
  readonly #edge: FetcherEdge;
  readonly #turns: Turns;
  #cache: RevocationCache = emptyCache;
  /** By place and what it is asked about: `maxEntries`, the one unused for longest goes first. */
  readonly #entries = new Map<string, Entry>();

  constructor(edge: FetcherEdge) {
    this.#edge = edge;
    this.#turns = new Turns(edge.now);
  }

  get entries(): number {
    return this.#entries.size;
  }

  /** What was kept before a restart. It is judged with each path, as all of it is; what cannot be read is left out. */
  restore(kind: 'crl' | 'ocsp', der: Uint8Array, seen: Millis): void {
    try {
      this.#cache = kind === 'crl' ? withCrl(this.#cache, der, seen) : withOcsp(this.#cache, der, seen);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#edge.log({ unreadable: kind, why: error.message });
    }
  }

  /**
   * Judges by what is known. Where nothing tells and somebody may be asked, asks, for `left` at most, and judges again. `staple` is the OCSP response that came
   * in the handshake, DER, untrusted.
   */
  async judged<T>(trust: Trust, staple: Uint8Array | undefined, left: Millis, judge: (trust: Trust) => T | Promise<T>): Promise<T> {
    const { revocation } = trust;
    if (revocation === undefined) return judge(trust);
    const asked: Asked[] = [];
    const by = (sources: Partial<RevocationSources>): Trust => ({
      ...trust,
      revocation: { ...revocation, ...this.#sources(revocation, staple), ...sources },
    });
    const first = await judge(by({ asked: about => void asked.push(about) }));
    const open = asked.flatMap(about => this.#note(about)).filter(entry => entry.about.status === 'unknown');
    if (!(await this.#fetchAll(open, left))) return first;
    return judge(by({}));
  }

  /** To be called about once a second: asks again where it is time. */
  tick(): void {
    const now = this.#edge.now();
    this.#cache = aged(this.#cache, now);
    for (const [key, entry] of this.#entries) {
      if (entry.busy === undefined && now - entry.usedAt > entryMs[entry.place.kind]) this.#entries.delete(key);
      else if (entry.busy === undefined && now >= entry.nextAt) void this.#start(entry);
    }
  }

  #sources({ crls, ocsp }: RevocationSources, staple: Uint8Array | undefined): Pick<RevocationSources, 'crls' | 'ocsp'> {
    const stapled = staple === undefined ? [] : readStaple(staple);
    return {
      crls: [...crls, ...this.#cache.crls.map(k => k.read)],
      ocsp: [...stapled, ...ocsp, ...this.#cache.ocsp.map(k => k.read)],
    };
  }

  /** The entries of the places where a certificate may be asked about; what is known already is asked about again in its time. */
  #note(about: Asked): readonly Entry[] {
    const { anchor, certificate, issuer, status, by } = about;
    if (anchor.revocation === undefined || anchor.revocation.hosts.length === 0) return [];
    const places = placesOf(certificate, anchor.revocation).filter(p => status === 'unknown' || p.kind === by?.toLowerCase());
    const now = this.#edge.now();
    return places.map(place => {
      const whose = place.kind === 'crl' ? '' : serialKey(certificate.serialNumber);
      const key = `${place.kind} ${place.url} ${hashOf(issuer.spki)} ${whose}`;
      const known = this.#entries.get(key);
      const wait = status === 'unknown' ? 0 : this.#edge.random() * 600_000;
      const entry = known ?? { place, about, usedAt: now, nextAt: now + wait, failures: 0, busy: undefined, late: false };
      entry.about = about;
      entry.usedAt = now;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      for (const oldest of this.#entries.keys()) if (this.#entries.size <= maxEntries || !this.#entries.delete(oldest)) break;
      return entry;
    });
  }

  /** True iff something came that may change the verdict. */
  async #fetchAll(entries: readonly Entry[], left: Millis): Promise<boolean> {
    const before = this.#cache;
    const now = this.#edge.now();
    const running = entries.flatMap(entry => (entry.busy !== undefined ? [entry.busy] : now >= entry.nextAt ? [this.#start(entry)] : []));
    if (running.length === 0) return false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(
        () => {
          for (const entry of entries) entry.late ||= entry.busy !== undefined;
          resolve();
        },
        Math.max(0, left),
      );
    });
    await Promise.race([Promise.all(running), late]);
    clearTimeout(timer);
    return this.#cache !== before;
  }

  #start(entry: Entry): Promise<void> {
    const turn = this.#turns.take(() => this.#fetch(entry));
    if (turn === undefined) return Promise.resolve(); // too many ask at once: at the next look
    entry.busy = turn.finally(() => {
      entry.busy = undefined;
      entry.late = false;
    });
    return entry.busy;
  }

  async #fetch(entry: Entry): Promise<void> {
    const { place, about } = entry;
    const jitter = 0.75 + 0.25 * this.#edge.random();
    try {
      const der = await this.#edge.get(wishOf(place, about));
      const before = this.#cache;
      const now = this.#edge.now();
      const accepted: Accepted = (place.kind === 'crl' ? acceptCrl : acceptOcsp)(der, about, before, now, this.#edge.keys);
      this.#cache = accepted.cache;
      const isNews = accepted.revoked > 0 || entry.late || entry.failures > 0;
      entry.failures = 0;
      entry.nextAt = now + Math.max(soonestMs, Math.min(askAgainMs, 0.8 * (accepted.until - now)) * jitter);
      if (accepted.cache === before) return;
      const news = { anchor: about.anchor.name, issuer: about.issuer.subject.text, revoked: accepted.revoked };
      this.#edge.learned({ kind: place.kind, der, dropped: dropped(before, accepted.cache), ...(isNews ? { news } : {}) });
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      entry.failures += 1;
      entry.nextAt = this.#edge.now() + backOffMs(entry.failures) * jitter;
      this.#edge.log({ fetch: place.url, why: error.message, againInSeconds: Math.round((entry.nextAt - this.#edge.now()) / 1000) });
    }
  }
}

function wishOf({ kind, url }: Place, { certificate, issuer }: Asked): Wish {
  if (kind === 'crl') return { url, accept: 'application/pkix-crl', most: maxFetchedCrl, timeout: fetchMs };
  const body = { type: 'application/ocsp-request', bytes: encodeOcspRequest(certificate, issuer) };
  return { url, body, accept: 'application/ocsp-response', most: maxFetchedOcsp, timeout: fetchMs };
}

/** What a device staples and nobody can read says nothing. */
function readStaple(der: Uint8Array): readonly OcspResponse[] {
  try {
    const read = der.length > maxFetchedOcsp ? undefined : decodeOcspResponse(der);
    return read === undefined ? [] : [read];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [];
  }
}
