import type { Gateway } from '../gateway.ts';
import { hashRuleSet } from '../quarantine/plan.ts';
import { tighten } from '../quarantine/tighten.ts';
import type { Hex, Millis } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import type { Challenge, Command, CommandAnswer, Effect, Input } from '../model/machine.ts';
import type { ProbeOrder } from '../model/probe.ts';
import type { RuleSet } from '../model/rule-set.ts';

/** What the runner does the machine's effects with. */
export type RunnerEdge = {
  readonly now: () => Millis;
  /** Resolves when committed; rejects when the disk is full. */
  readonly append: (at: Millis, events: readonly EventBody[], matters: boolean) => Promise<unknown>;
  /** Hands a RuleSet to the enforcer; one that is not there gets it again when it comes back (`enforceAgain`). */
  readonly enforce: (ruleSet: RuleSet, hash: Hex) => void;
  readonly challenge: (challenge: Challenge) => void;
  readonly probe: (order: ProbeOrder) => void;
  readonly stopProbes: (ids: readonly string[] | undefined) => void;
  readonly resync: () => void;
  /** Other reference values are in force: whoever judges is told at once. */
  readonly handOverTrust: () => void;
  readonly judgeAgain: (order: Extract<Effect, { readonly kind: 'judge-again' }>) => void;
  readonly changed: (events: readonly EventBody[]) => void;
  readonly refused: (count: number, why: string) => void;
};

/** Events that are never given up on a full disk: people's words and what they lead to. */
const peoplesKinds: readonly EventBody['kind'][] = [
  'person-decided',
  'person-released',
  'paused',
  'resumed',
  'zone-mode',
  'probes-armed',
  'probes-stopped',
  'never-probe',
  'key-forgotten',
  'anchor-staged',
  'verifier-staged',
  'anchor-approved',
  'anchor-removed',
  'anchor-expires',
  'probe-asked',
  'probing-ceased',
  'reference-added',
  'reference-activated',
  'reference-expired',
  'reference-revoked',
  'baseline-taken',
  'policy-loaded',
  'started',
  'storage',
];
/** How long a commit that matters waits between tries on a full disk. Milliseconds. */
const retryMs = 2_000;

/**
 * Runs the machine: one input after the other, effects in their order. Tightening is sent at once, loosening after its Events are
 * committed (DESIGN §5), so a crash or a full disk never leaves the network more open than the journal says.
 */
export class Runner {
  readonly #gateway: Gateway;
  readonly #edge: RunnerEdge;
  #sent: RuleSet | undefined;
  #wanted: RuleSet | undefined;
  #commits: Promise<boolean> = Promise.resolve(true);
  /** Counts stops of probes: what was ordered before one and still waits for its commit must not leave after it. */
  #stops = 0;

  constructor(gateway: Gateway, edge: RunnerEdge) {
    this.#gateway = gateway;
    this.#edge = edge;
  }

  input(input: Input): void {
    const at = this.#edge.now();
    void this.run(this.#gateway.handle(input, at), at);
  }

  /** A person's command; the answer comes when its Events are committed. */
  command(by: string, reason: string, command: Command): Promise<CommandAnswer> {
    const at = this.#edge.now();
    const effects = this.#gateway.handle({ kind: 'command', by, reason, command }, at);
    const refusal = effects.find(effect => effect.kind === 'answer')?.refused;
    const committed = this.run(effects, at);
    if (refusal !== undefined) return Promise.resolve({ ok: false, ...refusal });
    return committed.then(done =>
      done ? { ok: true } : { ok: false, status: 503, problem: 'Cannot commit the decision: the journal cannot be written' },
    );
  }

  /** A restarted enforcer brings into force what was sent before: never more open than that. */
  enforceAgain(): void {
    if (this.#sent !== undefined) this.#edge.enforce(this.#sent, hashRuleSet(this.#sent));
  }

  /** Does effects of an input at `at`: the journal has the instant that the machine had, so that a restart folds the same state. */
  run(effects: readonly Effect[], at = this.#edge.now()): Promise<boolean> {
    const events = effects.flatMap(effect => (effect.kind === 'append' ? effect.events : []));
    const wish = effects.findLast(effect => effect.kind === 'enforce')?.ruleSet;
    const loosens = wish !== undefined && this.#tightenTo(wish);
    const matters = loosens || events.some(({ kind }) => peoplesKinds.includes(kind));
    const committed = events.length === 0 ? this.#commits : this.#commit(at, events, matters);
    if (loosens) void committed.then(done => done && this.#loosenTo(wish));
    for (const effect of effects) {
      if (effect.kind === 'challenge') this.#edge.challenge(effect.challenge);
      else if (effect.kind === 'stop-probes') {
        this.#stops += 1;
        this.#edge.stopProbes(effect.ids);
      } else if (effect.kind === 'probe') {
        // Nothing is asked on the word of a person whose word is not on disk yet.
        const stops = this.#stops;
        void committed.then(done => this.#probe(effect.order, done, stops === this.#stops));
      } else if (effect.kind === 'resync') this.#edge.resync();
      else if (effect.kind === 'trust') this.#edge.handOverTrust();
      else if (effect.kind === 'judge-again') this.#edge.judgeAgain(effect);
    }
    if (events.length > 0) this.#edge.changed(events);
    return committed;
  }

  #probe(order: ProbeOrder, isCommitted: boolean, isWanted: boolean): void {
    if (isCommitted && isWanted) return this.#edge.probe(order);
    const at = this.#edge.now();
    const kind = isWanted ? 'blocked' : 'stopped';
    const detail = isWanted ? 'the journal cannot be written' : 'before anything left';
    return this.input({ kind: 'probe-outcome', id: order.id, outcome: { kind, startedAt: at, endedAt: at, sent: 0, received: 0, detail } });
  }

  /** Sends at once whatever of the wish only cuts. True iff more is wished than that. */
  #tightenTo(wish: RuleSet): boolean {
    this.#wanted = wish;
    const first = tighten(this.#sent, wish);
    this.#send(first);
    return hashRuleSet(first) !== hashRuleSet(wish);
  }

  /** The Events of this wish are committed. A newer wish has its own commit behind this one, but what it cuts stays cut. */
  #loosenTo(wish: RuleSet): void {
    this.#send(this.#wanted === wish || this.#wanted === undefined ? wish : tighten(wish, this.#wanted));
  }

  #send(ruleSet: RuleSet): void {
    const hash = hashRuleSet(ruleSet);
    if (this.#sent !== undefined && hash === hashRuleSet(this.#sent)) return;
    this.#sent = ruleSet;
    this.#edge.enforce(ruleSet, hash);
  }

  #commit(at: Millis, events: readonly EventBody[], matters: boolean): Promise<boolean> {
    const tries = async (): Promise<boolean> => {
      try {
        await this.#edge.append(at, events, matters);
        return true;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#edge.refused(events.length, error.message);
        if (!matters || !error.message.startsWith('Cannot write')) return false;
        await new Promise(resolve => setTimeout(resolve, retryMs));
        return tries();
      }
    };
    const mine = tries();
    // Loosening follows the order of the commits: a later wish must not overtake an earlier one that still waits.
    this.#commits = Promise.all([this.#commits, mine]).then(([, done]) => done);
    return this.#commits;
  }
}
