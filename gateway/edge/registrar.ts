import { createHash, timingSafeEqual } from 'node:crypto';
import type { DeviceId, Hex, Ip, Millis } from '../model/address.ts';
import type { EnrolledKey } from '../model/trust.ts';
import type { Served } from '../attestation/serving.ts';
import { visibleText } from '../model/visible-text.ts';
import { agentInstance } from './challenge/channels/keylime.ts';
import type { Enrolment, EnrolmentWish } from './challenge/enrol.ts';
import type { ToChallenger } from './messages.ts';

/** What it may do. */
export type RegistrarParts = {
  readonly at: (ip: Ip) => Served;
  readonly send: (message: ToChallenger) => boolean;
  readonly mayEnrol: (device: DeviceId, instance: Hex, ek: Hex) => boolean;
  readonly enrolled: () => readonly EnrolledKey[];
  /** A TPM has shown that it holds the key: into the journal, and to the challenger. */
  readonly enrol: (key: EnrolledKey) => void;
  readonly now: () => Millis;
};

export type Registered =
  | { readonly kind: 'challenged'; readonly blob: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'failed' };

/** How long a TPM may take to open its credential, and the challenger to make one. Milliseconds. */
const openMs: Millis = 60_000;
const waitMs: Millis = 5_000;
/** Of all devices together; each has one. */
export const maxOpen = 64;

type Open = { readonly agent: string; readonly tag: Hex; readonly expires: Millis; readonly key: EnrolledKey };
type Waiting = { readonly resolve: (enrolment: Enrolment | undefined) => void; readonly timer: NodeJS.Timeout };

/**
 * Enrols attestation keys of devices that ask for it, as the registrar of Keylime: who opens the credential that we made for its endorsement key has both keys
 * in one TPM. It says whose key it is, and admits nobody. Answers of one device count for itself only.
 */
export class Registrar {
  readonly #parts: RegistrarParts;
  /** At most `maxOpen`, one of a device; each ends with its `expires`. */
  readonly #open = new Map<DeviceId, Open>();
  /** Asked of the challenger: at most `maxOpen`, each ends by its timer. */
  readonly #waiting = new Map<string, Waiting>();
  #issued = 0;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  async register(ip: Ip, wish: EnrolmentWish): Promise<Registered> {
    const served = this.#parts.at(ip);
    if (served.kind !== 'armed') return { kind: 'refused', detail: 'no device of this bridge is armed for challenges at this address' };
    const { device } = served.asker;
    const enrolment = await this.#ask(wish);
    if (enrolment === undefined) return { kind: 'failed' };
    if (enrolment.kind === 'refused') return { kind: 'refused', detail: visibleText(`${enrolment.detail} [${enrolment.code}]`) };
    const now = this.#parts.now();
    for (const [id, { expires }] of this.#open) if (now > expires) this.#open.delete(id);
    const instance = agentInstance(wish.agent);
    if (!this.#parts.mayEnrol(device, instance, enrolment.ek))
      return { kind: 'refused', detail: 'another TPM is enrolled by that name, or too many keys are' };
    if (!this.#open.has(device) && this.#open.size >= maxOpen) return { kind: 'failed' };
    const [ak, ...ekCertificates] = [wish.ak, ...wish.certificates].map(bytes => Buffer.from(bytes).toString('base64'));
    const key = { instance, ak: ak ?? '', ek: enrolment.ek, ekCertificates, device, at: now };
    this.#open.set(device, { agent: wish.agent, tag: enrolment.tag, expires: now + openMs, key });
    return { kind: 'challenged', blob: enrolment.blob };
  }

  /** True iff the answer is the one. Any answer ends the challenge: nobody gets to guess twice. */
  activate(ip: Ip, agent: string, answer: string): boolean {
    const served = this.#parts.at(ip);
    const open = served.kind === 'armed' ? this.#open.get(served.asker.device) : undefined;
    if (served.kind !== 'armed' || open === undefined) return false;
    this.#open.delete(served.asker.device);
    const seen = createHash('sha256').update(answer.toLowerCase()).digest();
    const isRight = timingSafeEqual(seen, Buffer.from(open.tag, 'hex'));
    const { key } = open;
    if (!isRight || open.agent !== agent || this.#parts.now() > open.expires) return false;
    if (!this.#parts.mayEnrol(key.device, key.instance, key.ek)) return false;
    // An agent enrols at each of its starts; what is known already is no news.
    const isKnown = this.#parts.enrolled().some(one => sameKey(one, key));
    if (!isKnown) this.#parts.enrol(key);
    return true;
  }

  /** What the challenger said. */
  answered(id: string, enrolment: Enrolment | undefined): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    waiting.resolve(enrolment);
  }

  /** The challenger was restarted: what it held is lost. */
  lost(): void {
    for (const id of [...this.#waiting.keys()]) this.answered(id, undefined);
  }

  #ask({ agent, ak, ek, certificates }: EnrolmentWish): Promise<Enrolment | undefined> {
    if (this.#waiting.size >= maxOpen) return Promise.resolve(undefined);
    const now = this.#parts.now();
    this.#issued += 1;
    const id = `e${now}-${this.#issued}`;
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
    return new Promise(resolve => {
      this.#waiting.set(id, { resolve, timer: setTimeout(() => this.answered(id, undefined), waitMs) });
      const parts = { agent, ak: base64(ak), ek: base64(ek), certificates: certificates.map(base64) };
      if (!this.#parts.send({ type: 'enrol', id, ...parts, now })) this.answered(id, undefined);
    });
  }
}

const sameKey = (a: EnrolledKey, b: EnrolledKey): boolean =>
  a.device === b.device &&
  a.instance === b.instance &&
  a.ek === b.ek &&
  a.ak === b.ak &&
  a.ekCertificates.join() === b.ekCertificates.join();
