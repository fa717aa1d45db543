import type { Freshness } from '../../attestation/scheme.ts';
import type { QuoteContext } from '../../attestation/tpm/context.ts';
import type { Millis, ZoneName } from '../../model/address.ts';
import type { AnchorMaterial, ListedVerifier } from '../../model/trust.ts';
import type { ChallengeOutcome, Evidence } from '../../model/attestation.ts';
import type { ToChallenger } from '../messages.ts';
import { maxEvidenceBytes, wireEvidence, wireFreshness } from './wire.ts';

/** Evidence to be judged that no challenge of ours fetched. All its bytes are untrusted; `freshness` is what the gateway itself knows. */
export type Judgement = {
  readonly evidence: Omit<Evidence, 'id'>;
  readonly freshness: Freshness;
  readonly quote?: Omit<QuoteContext, 'exporter'>;
  readonly ttlSeconds: number;
  /** Zone of the device whose Evidence it is. */
  readonly zone?: ZoneName;
  /** What would be, were this trusted as well. */
  readonly anchor?: AnchorMaterial;
  readonly verifier?: ListedVerifier;
};

/** Judgements that may be open at once; the challenger lets 64 orders wait, and challenges need their share. */
export const maxJudging = 16;
/** How long the challenger may take. Milliseconds. */
const judgeWaitMs: Millis = 9_000;

type Waiting = { readonly resolve: (outcome: ChallengeOutcome) => void; readonly timer: NodeJS.Timeout };

/** Hands Evidence to the challenger, the only process that decodes it, and waits for what it says. */
export class Judging {
  readonly #send: (message: ToChallenger) => boolean;
  /** At most `maxJudging`; each ends by its timer. */
  readonly #open = new Map<string, Waiting>();
  #issued = 0;

  constructor(send: (message: ToChallenger) => boolean) {
    this.#send = send;
  }

  /** Never rejects: what cannot be judged is a transport failure of ours. `now` is the instant at which the Evidence is judged. */
  judge({ evidence, freshness, quote, ttlSeconds, zone, anchor, verifier }: Judgement, now: Millis): Promise<ChallengeOutcome> {
    if (this.#open.size >= maxJudging) return Promise.resolve(ourFailure(`Cannot judge: ${this.#open.size} wait already`));
    if (evidence.bytes.length > maxEvidenceBytes)
      return Promise.resolve(ourFailure(`Cannot judge: ${evidence.bytes.length} bytes, more than ${maxEvidenceBytes}`));
    this.#issued += 1;
    // The instant keeps ids of this start apart from those of the one before, whose answers may still come.
    const id = `j${now}-${this.#issued}`;
    return new Promise(resolve => {
      const timer = setTimeout(() => this.answered(id, ourFailure('the challenger did not answer in time')), judgeWaitMs);
      this.#open.set(id, { resolve, timer });
      const sent = this.#send({
        type: 'judge',
        id,
        evidence: wireEvidence(evidence),
        freshness: wireFreshness(freshness),
        ...(quote === undefined ? {} : { quote }),
        ttlSeconds,
        ...(zone === undefined ? {} : { zone }),
        ...(anchor === undefined ? {} : { anchor }),
        ...(verifier === undefined ? {} : { verifier }),
        now,
      });
      if (!sent) this.answered(id, ourFailure('the challenger is not there'));
    });
  }

  /** What the challenger said. An answer to what is not open is thrown away: each counts once. */
  answered(id: string, outcome: ChallengeOutcome): void {
    const waiting = this.#open.get(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#open.delete(id);
    waiting.resolve(outcome);
  }

  /** The challenger was restarted: what it held is lost. */
  lost(): void {
    for (const id of [...this.#open.keys()]) this.answered(id, ourFailure('the challenger was restarted'));
  }
}

const ourFailure = (detail: string): ChallengeOutcome => ({ kind: 'transport-failure', failure: 'verifier', detail });
