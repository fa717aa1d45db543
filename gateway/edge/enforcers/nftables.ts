import type { Hex } from '../../model/address.ts';
import type { ReplyLane, RuleSet } from '../../model/rule-set.ts';
import { difference, render, table } from '../../quarantine/render.ts';
import { isLanHost6 } from '../../codec/ip6.ts';
import { isIp4 } from '../../quarantine/sets.ts';
import type { FromEnforcer } from '../messages.ts';
import { makeCable, portsOf } from './cable.ts';
import { Follower, run } from './command.ts';
import type { Enforcement, Enforcer } from './contract.ts';
import { ForwardingTable } from './forwarding-table.ts';
import { KeptRules } from './kept-rules.ts';
import { Lanes } from './lanes.ts';
import { countRules, differs, type Listing, readListing } from './nft-listing.ts';
import { complaints, maxLine, NftSession } from './nft-session.ts';
import { applyPins, isPinned, pinsOf } from './pins.ts';

/** Everything is read and put right at least so often. Milliseconds. */
const reconcileEvery = 60_000;
/** The whole table is read so long after a change; longer when reading takes long. Milliseconds. */
const readBackAfter = 100;
/** The counters of the clone guard are read so often. Milliseconds. */
const clonesEvery = 5_000;
/** Below this many elements a change is read back element by element at once (nft reads the whole set for it). */
const smallSets = 600;

/** nftables on an inline Linux bridge. Needs CAP_NET_ADMIN; `nft`, `ip` and `bridge` inherit it. */
export const nftables: Enforcer = { name: 'nftables', start: (report, folder) => new Nftables(report, folder) };

type Wanted = { readonly ruleSet: RuleSet; readonly hash: Hex };

class Nftables implements Enforcement {
  readonly #report: (message: FromEnforcer) => void;
  readonly #session = new NftSession();
  readonly #lanes: Lanes;
  readonly #monitor: Follower;
  readonly #kept: KeptRules | undefined;
  #forwarding: ForwardingTable | undefined;
  #queue: Promise<void> = Promise.resolve();
  /** The newest RuleSet asked for, and the one that the kernel was last brought to. */
  #wanted: Wanted | undefined;
  #inForce: Wanted | undefined;
  /** The table's shape, read back just after it was loaded. */
  #shape = '';
  #said = '';
  #complained = '';
  #pinned = '';
  #readBack: NodeJS.Timeout | undefined;
  #listingTook = 0;
  #stopped = false;
  /** Clone drops per port of tables that were replaced, and the last report. Ports of one bridge: at most 1023. */
  readonly #clones = new Map<string, { before: number; now: number }>();
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(report: (message: FromEnforcer) => void, folder: string | undefined) {
    this.#report = report;
    this.#kept = folder === undefined ? undefined : new KeptRules(folder, problem => this.#complain(problem));
    this.#lanes = new Lanes(lines => this.#session.ask(lines));
    const ours = (line: string): void => {
      if (line.includes(` ${table} `) || line.endsWith(` ${table}`)) this.#soon();
    };
    this.#monitor = new Follower(['nft', 'monitor'], ours, () => this.#soon());
    const reconcile = setInterval(() => this.#run(() => this.#reconcile()), reconcileEvery);
    this.#timers = [reconcile, setInterval(() => this.#run(() => this.#countClones()), clonesEvery)];
  }

  enforce(ruleSet: RuleSet, hash: Hex): void {
    const wanted = { ruleSet, hash };
    this.#wanted = wanted;
    this.#said = ''; // whoever asks anew is told anew
    this.#run(async () => {
      if (this.#wanted === wanted) await this.#apply();
    });
  }

  openLane(id: string, lane: ReplyLane): void {
    this.#run(async () => {
      if (this.#wanted === undefined)
        return this.#say({ type: 'lane', id, open: false, detail: 'Cannot open a lane: no RuleSet is in force' });
      if (!isIp4(lane.ip) && !isLanHost6(lane.ip))
        return this.#say({ type: 'lane', id, open: false, detail: `Cannot open a lane: ${lane.ip} is no address of one host` });
      const problem = await this.#lanes.open(id, lane, () => this.#run(() => this.#pin()));
      if (problem === undefined) await this.#pin();
      const isSure = problem === undefined && (await this.#leadsTo(lane));
      if (problem === undefined && !isSure) await this.#lanes.close(id);
      const why = this.#pinned === '' ? `: ${this.#complained}` : ', the address is of another';
      const detail = problem ?? (isSure ? '' : `Cannot open a lane: ${lane.ip} is not pinned to ${lane.mac}${why}`);
      this.#say({ type: 'lane', id, open: isSure, detail });
    });
  }

  /**
   * What is asked there must reach nobody else, whose answer would count for this device: not the one whom the plan gives the address. A pin that fails elsewhere
   * is no harm to this one.
   */
  async #leadsTo(lane: ReplyLane): Promise<boolean> {
    if (this.#inForce === undefined) return false;
    const { ruleSet } = this.#inForce;
    if (pinsOf(ruleSet, this.#lanes.all()).neighbours.get(lane.ip) !== lane.mac) return false;
    return this.#pinned !== '' || isPinned(ruleSet.bridge, lane);
  }

  closeLane(id: string): void {
    this.#run(async () => {
      await this.#lanes.close(id);
      await this.#pin();
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#readBack);
    this.#lanes.stop();
    this.#monitor.stop();
    this.#forwarding?.stop();
    this.#session.stop();
    this.#kept?.stop();
  }

  /** One thing at a time, in order. What goes wrong outside of nft's own words (a session that died) is put right from scratch. */
  #run(task: () => Promise<void>): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#stopped) return;
      try {
        await task();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#inForce = undefined;
        this.#state('failed', this.#wanted, error.message, true);
        this.#soon(1_000);
      }
    });
  }

  async #apply(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const changes = this.#inForce === undefined ? 'whole' : difference(this.#inForce.ruleSet, wanted.ruleSet);
    if (changes === 'whole') return this.#replace();
    const problem = changes.length === 0 ? undefined : await this.#change(changes, wanted.ruleSet);
    if (problem !== undefined) {
      this.#state('mismatch', wanted, problem);
      return this.#replace();
    }
    this.#inForce = wanted;
    if (changes.some(c => c.length > maxLine) || size(wanted.ruleSet) > smallSets) await this.#verify();
    else this.#state('applied', wanted, changes.length === 0 ? 'nothing to change' : `${changes.length} sets changed and read back`);
    this.#soon();
    await this.#pin();
  }

  /** Changes elements in one transaction. Resolves with what was wrong. */
  async #change(changes: readonly string[], next: RuleSet): Promise<string | undefined> {
    const line = changes.join('; ');
    if (line.length > maxLine) {
      const { code, stderr } = await run('nft', ['-f', '-'], `${changes.join('\n')}\n`);
      return code === 0 ? undefined : stderr.trim();
    }
    // nft quotes the line of each complaint, so one question shows which of these lines failed.
    const probes = size(next) > smallSets ? [] : changes.map(c => ({ gone: c.startsWith('delete'), get: c.replace(/^\w+/, 'get') }));
    const said = `\n${await this.#session.ask([line, ...probes.map(p => p.get)])}\n`;
    if (said.includes(`\n${line}\n`)) return complaints(said)[0] ?? 'nft complained';
    const wrong = probes.find(p => said.includes(`\n${p.get}\n`) !== p.gone);
    return wrong === undefined ? undefined : `the kernel does not show it: ${wrong.get.slice(0, 200)}`;
  }

  /** Replaces the whole table in one transaction, keeping what it learnt, and reads it back. */
  async #replace(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const text = render(wanted.ruleSet);
    await this.#prepare(wanted.ruleSet);
    const old = await this.#list();
    this.#count(old, true);
    const kept = `${text}${remembered(old, wanted.ruleSet)}${this.#lanes.text()}`;
    const checked = await run('nft', ['-c', '-f', '-'], kept);
    const loaded = checked.code === 0 ? await run('nft', ['-f', '-'], kept) : checked;
    if (loaded.code !== 0) {
      this.#inForce = undefined;
      this.#state('failed', wanted, `Cannot load the table: ${loaded.stderr.trim().slice(0, 500)}`, true);
      return this.#soon(5_000);
    }
    const listing = await this.#list();
    const [have, want] = [listing?.rules ?? new Map<string, number>(), countRules(text)];
    const short = [...want].find(([chain, count]) => have.get(chain) !== count);
    this.#shape = listing?.shape ?? '';
    this.#inForce = wanted;
    const problem = listing === undefined ? 'the table is gone' : differs(listing, wanted.ruleSet);
    if (problem !== undefined || short !== undefined || have.size !== want.size) {
      this.#inForce = undefined;
      this.#state('failed', wanted, problem ?? `chain ${short?.[0] ?? 'count'} is not as loaded`, true);
      return this.#soon(1_000);
    }
    this.#state('applied', wanted, 'the whole table was loaded and read back');
    await this.#pin();
  }

  /** Reads everything back and reports. A difference is reported first and then put right. */
  async #verify(): Promise<void> {
    const inForce = this.#inForce;
    if (inForce === undefined) return this.#apply();
    const listing = await this.#list();
    this.#count(listing, false);
    const gone = listing === undefined ? 'the table is gone' : listing.shape === this.#shape ? undefined : 'chains or sets were changed';
    const problem = gone ?? (listing === undefined ? undefined : differs(listing, inForce.ruleSet));
    if (problem === undefined) return this.#state('applied', inForce, 'read back', true);
    this.#state('mismatch', inForce, `Somebody else changed the rules: ${problem}`);
    await this.#replace();
  }

  async #reconcile(): Promise<void> {
    if (this.#wanted === undefined) return;
    await this.#prepare(this.#wanted.ruleSet);
    this.#pinned = '';
    await this.#verify();
    await this.#pin();
  }

  async #list(): Promise<Listing | undefined> {
    const from = performance.now();
    const { code, stdout } = await run('nft', ['-j', 'list', 'table', ...table.split(' ')]);
    this.#listingTook = performance.now() - from;
    return code === 0 ? readListing(stdout) : undefined;
  }

  /** The bridge itself: passes what a cable passes, and its forwarding table is watched. */
  async #prepare(ruleSet: RuleSet): Promise<void> {
    for (const problem of await makeCable(ruleSet.bridge, await portsOf(ruleSet.bridge))) this.#complain(problem);
    this.#forwarding ??= new ForwardingTable(ruleSet.bridge, ruleSet.uplinks, entry => this.#say(entry));
    this.#forwarding.ignore(ruleSet.uplinks);
  }

  async #pin(): Promise<void> {
    if (this.#inForce === undefined) return;
    const pins = pinsOf(this.#inForce.ruleSet, this.#lanes.all());
    const key = JSON.stringify([[...pins.forwarding], [...pins.neighbours], [...pins.routes]]);
    if (key === this.#pinned) return;
    const problem = await applyPins(this.#inForce.ruleSet.bridge, pins);
    this.#pinned = problem === undefined ? key : '';
    if (problem !== undefined) this.#complain(problem);
  }

  async #countClones(): Promise<void> {
    if (this.#inForce?.ruleSet.devices.some(d => d.bound) !== true) return;
    const { code, stdout } = await run('nft', ['-j', 'list', 'set', ...table.split(' '), 'clones']);
    if (code === 0) this.#count(readListing(stdout), false);
  }

  #count(listing: Listing | undefined, replaced: boolean): void {
    for (const [port, frames] of listing?.clones ?? []) {
      const count = this.#clones.get(port) ?? { before: 0, now: 0 };
      if (frames !== count.now) this.#say({ type: 'clone-drops', port, frames: count.before + frames });
      this.#clones.set(port, { before: count.before, now: frames });
    }
    if (replaced) for (const [port, { before, now }] of this.#clones) this.#clones.set(port, { before: before + now, now: 0 });
  }

  /** The whole table is read back a little later: at once after a single change, once after many. */
  #soon(after = Math.max(readBackAfter, 5 * this.#listingTook)): void {
    if (this.#wanted === undefined || this.#stopped) return;
    this.#readBack ??= setTimeout(() => {
      this.#readBack = undefined;
      this.#run(() => this.#verify());
    }, after);
  }

  /** Tells what was read back of which RuleSet: never of the newest one asked for. `again`: only when it is news. */
  #state(state: 'applied' | 'mismatch' | 'failed', of: Wanted | undefined, detail: string, again = false): void {
    if (of === undefined) return;
    if (state === 'applied') this.#kept?.keep(of.ruleSet);
    const key = `${state} ${of.hash}`;
    if (again && key === this.#said) return;
    this.#said = key;
    this.#say({ type: 'enforcement', state, ruleSet: of.hash, detail, at: Date.now() });
  }

  /** For what does not change who is cut: the guards in the rules hold without it. Said once while it lasts. */
  #complain(problem: string): void {
    if (problem !== this.#complained) process.stderr.write(`enforcer: ${problem}\n`);
    this.#complained = problem;
  }

  #say(message: FromEnforcer): void {
    if (!this.#stopped) this.#report(message);
  }
}

const size = (r: RuleSet): number => r.devices.length + r.observed.length + r.enforced.length;

/** What the old table had learnt and the new one needs: who lives behind the uplinks and where the DHCP servers answer. At most 16,384. */
function remembered(old: Listing | undefined, next: RuleSet): string {
  if (next.enforced.length === 0) return '';
  return ['upstream', 'servers']
    .map(set => ({ set, elements: old?.elements.get(set)?.slice(0, 16_384) ?? [] }))
    .filter(({ elements }) => elements.length > 0)
    .map(({ set, elements }) => `add element ${table} ${set} { ${elements.join(', ')} }\n`)
    .join('');
}
