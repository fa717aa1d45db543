import type { Mac, Millis, Vlan } from '../model/address.ts';
import type { Alarm, AlarmType, Lookups } from '../model/alarm.ts';
import type { FactKind, Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { detectionRules } from './index.ts';
import type { Context, DetectionRule, Finding, Watch } from './rule.ts';
import { Segments } from './segments.ts';

/** Caps: alarms of one type that stand at once, and after how long without a finding one is over, so that the next is a new alarm. */
const [maxAlarms, overAfterMs] = [4096, 24 * 3_600_000];
const maxFrames = 8;
/** An alarm that stands is told again when it says something else, at most so often; else when its count has grown so many times over. */
const [maxRetold, growth] = [8, 16];

/**
 * So many newcomers of one port that do the same within a minute are one sender who makes up addresses: those after them are one alarm together. Rules that
 * tell of newcomers as such count for themselves.
 */
const [maxNewcomers, newcomerMs, maxCrowds] = [16, 60_000, 4096];
const ofNewcomers: ReadonlySet<AlarmType> = new Set(['new-device', 'randomised-mac', 'mac-flood', 'dhcp-starvation']);

type Named = { readonly name: AlarmType; readonly watch: Watch };
/** Those who did the same, the first one first; at most `maxNewcomers`. */
type Crowd = ReadonlySet<Mac>;
type Standing = { readonly alarm: Alarm; readonly toldCount: number; readonly told: number };

/**
 * Every rule over everything that is new on the network. Each finding goes into the one alarm of its type, actor and victim; what comes
 * out is an alarm that was raised, or that changed in a way people should know.
 */
export class Detector {
  readonly #rules: readonly DetectionRule[];
  readonly #watches: readonly Named[];
  /** Those that are shown facts of a kind, made when the first one comes: most rules are about a few kinds only. As many as kinds. */
  readonly #about = new Map<FactKind, readonly Named[]>();
  readonly #segments = new Segments();
  readonly #isSameSegment = (a: Vlan, b: Vlan): boolean => this.#segments.isSame(a, b);
  readonly #standing = new Map<AlarmType, CappedMap<string, Standing>>();
  readonly #crowds = new CappedMap<string, Crowd>(maxCrowds, newcomerMs);
  /** What was lent last, and what the rules see of it: mostly the same is lent again. */
  #lent: Lookups | undefined;
  #context: { -readonly [member in keyof Context]: Context[member] } | undefined;

  constructor(rules: readonly DetectionRule[] = detectionRules) {
    this.#rules = rules;
    this.#watches = rules.map(({ name, create }) => ({ name, watch: create() }));
  }

  observe(observation: Observation, lookups: Lookups): readonly Alarm[] {
    if (observation.fact.kind === 'reaches') this.#segments.join(observation.vlan, observation.fact.vlan);
    const watches = this.#watchesAbout(observation.fact.kind);
    const context = this.#contextOf(lookups);
    const out: Alarm[] = [];
    for (const { name, watch } of watches) for (const one of watch.observe(observation, context)) this.#raise(name, one, out);
    return out;
  }

  /** What is lent, and what the detector knows itself. Of what is lent again only time and arrival are others. */
  #contextOf(lookups: Lookups): Context {
    if (this.#lent !== lookups || this.#context === undefined) {
      this.#lent = lookups;
      this.#context = { ...lookups, isSameSegment: this.#isSameSegment };
      return this.#context;
    }
    const context = this.#context;
    context.now = lookups.now;
    context.arrival = lookups.arrival;
    context.learnsUntil = lookups.learnsUntil;
    context.mud = lookups.mud;
    return context;
  }

  #watchesAbout(kind: FactKind): readonly Named[] {
    const known = this.#about.get(kind);
    if (known !== undefined) return known;
    const watches = this.#watches.filter((_, i) => this.#rules[i]?.about?.includes(kind) ?? true);
    this.#about.set(kind, watches);
    return watches;
  }

  tick(lookups: Lookups): readonly Alarm[] {
    const context = this.#contextOf(lookups);
    const out: Alarm[] = [];
    for (const { name, watch } of this.#watches) for (const one of watch.tick?.(context) ?? []) this.#raise(name, one, out);
    return out;
  }

  /** What stands now, by type. */
  standing(now: Millis): readonly Alarm[] {
    return [...this.#standing.values()].flatMap(ofType => ofType.entries(now).map(([, { alarm }]) => alarm));
  }

  #raise(type: AlarmType, finding: Finding, out: Alarm[]): void {
    const ofType = this.#standing.get(type) ?? new CappedMap<string, Standing>(maxAlarms, overAfterMs);
    this.#standing.set(type, ofType);
    const isNews = ofType.get(keyOf(finding.actor, finding.victim), finding.at) === undefined;
    const { at, frame, frames: shown = [frame], ...said } = isNews ? this.#ofCrowd(type, finding) : finding;
    const key = keyOf(said.actor, said.victim);
    const old = ofType.get(key, at);
    const frames = inOrder(shown);
    if (old === undefined) {
      const alarm = { type, ...said, firstAt: at, lastAt: at, count: 1, frames };
      ofType.set(key, { alarm, toldCount: 1, told: 1 }, at);
      out.push(alarm);
      return;
    }
    const { alarm: before, toldCount, told } = old;
    const alarm: Alarm = {
      ...before,
      ...said,
      lastAt: Math.max(before.lastAt, at),
      count: before.count + 1,
      frames: inOrder([...before.frames, ...frames]),
    };
    const tells = (said.detail !== before.detail && told < maxRetold) || alarm.count >= toldCount * growth;
    ofType.set(key, { alarm, toldCount: tells ? alarm.count : toldCount, told: told + (tells ? 1 : 0) }, at);
    if (tells) out.push(alarm);
  }

  /** The same finding, or one about the first of those newcomers that do so. */
  #ofCrowd(type: AlarmType, finding: Finding): Finding {
    const { actor, port, vlan, at, frame } = finding;
    const devices = this.#context?.withMac(actor) ?? [];
    const isNewcomer = devices.length > 0 && devices.every(({ firstSeen }) => at - firstSeen <= newcomerMs);
    if (!isNewcomer || ofNewcomers.has(type)) return finding;
    const key = `${type} ${port}`;
    const crowd = this.#crowds.get(key, at) ?? new Set<Mac>();
    const isOne = crowd.has(actor) || crowd.size < maxNewcomers;
    this.#crowds.set(key, isOne ? new Set([...crowd, actor]) : crowd, at);
    if (isOne) return finding;
    const [first = actor] = crowd;
    return { actor: first, port, vlan, at, frame, detail: `so do ever new addresses on ${port}` };
  }
}

/** The first frames, each once; 0 stands for none. */
const inOrder = (frames: readonly number[]): readonly number[] =>
  [...new Set(frames)]
    .filter(frame => frame > 0)
    .toSorted((a, b) => a - b)
    .slice(0, maxFrames);
const keyOf = (actor: Mac, victim: Mac | undefined): string => `${actor} ${victim ?? ''}`;
