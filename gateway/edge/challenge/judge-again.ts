import { type ChallengeOutcome, evidenceMediaTypes } from '../../model/attestation.ts';
import type { Effect } from '../../model/machine.ts';
import type { KeptEvidence } from '../store/kept-evidence.ts';
import type { Judgement } from './judging.ts';

type Order = Extract<Effect, { readonly kind: 'judge-again' }>;

/** What it may do. `kept`: Evidence out of the store by its hash; undefined when it gave way to newer. */
export type JudgeAgainEdge = {
  readonly kept: (evidence: string) => KeptEvidence | undefined;
  readonly judge: (judgement: Judgement) => Promise<ChallengeOutcome>;
  readonly done: (order: Order, outcome: ChallengeOutcome) => void;
};

/** Judgements at once: challenges and what others send need their share of the challenger. */
const maxOpen = 4;
/** Orders that wait. More are left out: whoever is left out keeps what was taken from it, and is challenged anew. */
export const maxWaiting = 20_000;

/** Has kept Evidence judged again, a few at a time, in the order in which it was asked for. */
export class JudgeAgain {
  readonly #edge: JudgeAgainEdge;
  /** At most `maxWaiting`; each is taken within seconds, and a device's newer order stands beside its older one. */
  readonly #waiting: Order[] = [];
  #open = 0;

  constructor(edge: JudgeAgainEdge) {
    this.#edge = edge;
  }

  start(order: Order): void {
    if (this.#waiting.length >= maxWaiting) return;
    this.#waiting.push(order);
    this.#next();
  }

  #next(): void {
    for (let order = this.#take(); order !== undefined; order = this.#take()) {
      const one = order;
      const judgement = this.#judgement(one);
      if (judgement === undefined) continue;
      this.#open += 1;
      void this.#edge.judge(judgement).then(outcome => {
        this.#open -= 1;
        this.#edge.done(one, outcome);
        this.#next();
      });
    }
  }

  #take(): Order | undefined {
    return this.#open < maxOpen ? this.#waiting.shift() : undefined;
  }

  /** Undefined for what is not kept any more, or is kept in a way that nobody can judge. */
  #judgement({ evidence, at, expires, ttlSeconds, zone }: Order): Judgement | undefined {
    const kept = this.#edge.kept(evidence);
    const mediaType = evidenceMediaTypes.find(known => known === kept?.mediaType);
    if (kept === undefined || mediaType === undefined) return undefined;
    const { bytes, certificates } = kept;
    return { evidence: { mediaType, bytes, certificates }, freshness: { kind: 'kept', at, expires }, ttlSeconds, zone };
  }
}
