import { randomInt } from 'node:crypto';
import type { Ip, Millis } from '../../model/address.ts';
import type { ChallengeOutcome, Evidence } from '../../model/attestation.ts';
import type { Challenge } from '../../model/machine.ts';
import { udpChannels } from '../../model/settings.ts';
import type { Ends } from '../bridge-address.ts';
import type { FromChallenger, ToChallenger, ToEnforcer } from '../messages.ts';
import { type Judgement, Judging } from './judging.ts';
import { fromWire } from './wire.ts';

/** Source ports of our own connections to devices, outside the kernel's ephemeral range, so that a lane fits nobody else's connection. */
const firstPort = 20_000;
const portCount = 4_000;
/** How long a lane stays open at most, and how long we wait for the enforcer to open it. */
const laneSeconds = 25;
const laneWaitMs = 3_000;
/** How long the challenger may take; it limits itself to less (`mostPatience`). Together with the lanes this ends before the schedule gives up. */
const answerWaitMs = 20_000;
const dayMs = 86_400_000;

type Open = {
  readonly challenge: Challenge;
  readonly ends: Ends;
  readonly localPorts: readonly number[];
  readonly lanes: Set<string>;
  stage: 'lanes' | 'asking';
  timer: NodeJS.Timeout;
};

/** What the dispatcher may do; each says false when the process is not there. */
export type DispatcherEdge = {
  /** Both ends of a connection to a device; undefined where it cannot be reached on our link. */
  readonly endsTo: (ip: Ip) => Ends | undefined;
  readonly now: () => Millis;
  /** When this program was built: a clock that says earlier is wrong, and certificates cannot be judged by it. */
  readonly builtAt: Millis;
  readonly toEnforcer: (message: ToEnforcer) => boolean;
  readonly toChallenger: (message: ToChallenger) => boolean;
  readonly keepEvidence: (evidence: Evidence) => void;
  readonly done: (challenge: string, outcome: ChallengeOutcome) => void;
};

/** Opens the reply lanes of a challenge, then lets the challenger ask, then closes them: an answer can only come from the bound MAC, port and address. */
export class ChallengeDispatcher {
  readonly #edge: DispatcherEdge;
  /** At most `maxOpen` of the schedule; each ends by its timer. */
  readonly #open = new Map<string, Open>();
  readonly #judging: Judging;
  /** Begins anywhere: after a restart the kernel still holds the ends of connections that the gateway before had from the ports that it used last. */
  #nextPort = randomInt(portCount);

  constructor(edge: DispatcherEdge) {
    this.#edge = edge;
    this.#judging = new Judging(edge.toChallenger);
  }

  /** Has Evidence judged that came another way, or lies in the store. Never rejects; what is not judged is a transport failure of ours. */
  judge(judgement: Judgement): Promise<ChallengeOutcome> {
    const now = this.#edge.now();
    const wrong = this.#wrongClock(now);
    return wrong === undefined ? this.#judging.judge(judgement, now) : Promise.resolve(wrong);
  }

  /** An edge box without a battery wakes up in the past: good devices must not fail for our clock. */
  #wrongClock(now: Millis): ChallengeOutcome | undefined {
    if (now >= this.#edge.builtAt - dayMs) return undefined;
    const detail = `Cannot judge dates: the clock says ${new Date(now).toISOString()}, before this program was built; set the clock`;
    return { kind: 'transport-failure', failure: 'verifier', detail };
  }

  start(challenge: Challenge): void {
    const wrong = this.#wrongClock(this.#edge.now());
    if (wrong !== undefined) return this.#edge.done(challenge.id, wrong);
    const ends = this.#edge.endsTo(challenge.ip);
    if (ends === undefined)
      return this.#edge.done(challenge.id, { kind: 'transport-failure', failure: 'lane', detail: `${challenge.ip} is not on our link` });
    const localPorts = challenge.channels.map(() => this.#takePort());
    const lanes = new Set(localPorts.map((_, index) => `${challenge.id}/${index}`));
    const timer = setTimeout(() => this.#fail(challenge.id, 'lane', 'the enforcer did not open the lane'), laneWaitMs);
    this.#open.set(challenge.id, { challenge, ends, localPorts, lanes, stage: 'lanes', timer });
    const { mac, port, ip, channels } = challenge;
    for (const [index, localPort] of localPorts.entries()) {
      const way = channels[index];
      const protocol = way !== undefined && udpChannels.has(way.channel) ? { protocol: 'udp' as const } : {};
      const lane = { mac, port, ip, remotePort: way?.port ?? 0, localPort, ...protocol, ttlSeconds: laneSeconds };
      if (!this.#edge.toEnforcer({ type: 'open-lane', id: `${challenge.id}/${index}`, lane }))
        return this.#fail(challenge.id, 'lane', 'the enforcer is not there');
    }
    return undefined;
  }

  /** The enforcer answered about a lane. */
  laneAnswered(laneId: string, isOpen: boolean, detail: string): void {
    const id = laneId.slice(0, laneId.lastIndexOf('/'));
    const open = this.#open.get(id);
    if (open === undefined || open.stage !== 'lanes') return;
    if (!isOpen) return this.#fail(id, 'lane', detail);
    open.lanes.delete(laneId);
    if (open.lanes.size > 0) return;
    clearTimeout(open.timer);
    open.stage = 'asking';
    open.timer = setTimeout(() => this.#fail(id, 'verifier', 'the challenger did not answer in time'), answerWaitMs);
    const { challenge, ends, localPorts } = open;
    const sent = this.#edge.toChallenger({
      type: 'challenge',
      challenge: { ...challenge, ip: ends.ip },
      localAddress: ends.localAddress,
      localPorts,
      evidenceTtlSeconds: challenge.ttlSeconds,
      now: this.#edge.now(),
    });
    if (!sent) this.#fail(id, 'verifier', 'the challenger is not there');
  }

  /** The challenger answered. An answer to a challenge that is not open is thrown away: each counts once. */
  answered({ id, outcome, evidence }: Extract<FromChallenger, { readonly type: 'outcome' }>): void {
    const open = this.#open.get(id);
    if (open === undefined) return this.#judging.answered(id, outcome);
    if (open.stage !== 'asking') return undefined;
    this.#end(id, open);
    if (evidence === undefined) return this.#edge.done(id, outcome);
    const kept = fromWire(evidence);
    this.#edge.keepEvidence(kept);
    // What is no Evidence now may be some under another anchor: its name is made here, from the bytes.
    return this.#edge.done(id, outcome.kind === 'no-evidence' ? { ...outcome, evidence: kept.id } : outcome);
  }

  /** The challenger or the enforcer was restarted: what it held is lost. */
  lost(role: 'enforcer' | 'challenger'): void {
    if (role === 'challenger') this.#judging.lost();
    for (const [id, open] of this.#open)
      if ((role === 'enforcer') === (open.stage === 'lanes'))
        this.#fail(id, role === 'enforcer' ? 'lane' : 'verifier', `the ${role} was restarted`);
  }

  #fail(id: string, failure: 'lane' | 'verifier', detail: string): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#end(id, open);
    this.#edge.done(id, { kind: 'transport-failure', failure, detail });
  }

  #end(id: string, open: Open): void {
    clearTimeout(open.timer);
    this.#open.delete(id);
    for (const index of open.localPorts.keys()) this.#edge.toEnforcer({ type: 'close-lane', id: `${id}/${index}` });
  }

  #takePort(): number {
    this.#nextPort = (this.#nextPort + 1) % portCount;
    return firstPort + this.#nextPort;
  }
}
