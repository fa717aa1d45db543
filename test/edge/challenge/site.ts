import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { roles } from '../../../gateway/edge/roles.ts';
import { Registrar } from '../../../gateway/edge/registrar.ts';
import { ChallengeDispatcher } from '../../../gateway/edge/challenge/dispatcher.ts';
import { receive } from '../../../gateway/edge/inbox.ts';
import { lineWriter, readLines } from '../../../gateway/edge/lines.ts';
import type { ToChallenger } from '../../../gateway/edge/messages.ts';
import { Gateway } from '../../../gateway/gateway.ts';
import type { ChallengeOutcome, Evidence } from '../../../gateway/model/attestation.ts';
import type { DeviceView } from '../../../gateway/model/device.ts';
import type { Effect, Input } from '../../../gateway/model/machine.ts';
import type { ChannelAddress } from '../../../gateway/model/settings.ts';
import type { TrustMaterial } from '../../../gateway/model/trust.ts';
import { hashRuleSet } from '../../../gateway/quarantine/plan.ts';
import { loadPolicy } from '../../../gateway/policy/load.ts';
import { settings, zone } from '../../gateway/fixture.ts';

const script = join(import.meta.dirname, '../../../gateway/edge/challenge/challenger.ts');
export const mac = '02:00:5e:00:00:07';
const rules = `
- name: signed-and-expected
  when: { attestation: affirming, expected: true }
  then: admit
`;

/** The machine takes no loopback address for a device's, so the way there is bent here. */
const routed = (message: ToChallenger): ToChallenger =>
  message.type === 'challenge' ? { ...message, challenge: { ...message.challenge, ip: '127.0.0.7' } } : message;

/**
 * The machine, its dispatcher and the real challenger, with one device at 10.20.1.7, which stands at 127.0.0.7. The kernel's part is answered as an
 * honest one would: lanes open, rules in force.
 */
export class Site {
  readonly #challenger: ChildProcess;
  readonly #send: (message: ToChallenger) => boolean;
  readonly #dispatcher: ChallengeDispatcher;
  readonly #gateway: Gateway;
  /** Enrols keys of the device's TPM, as the product does. */
  readonly registrar: Registrar;
  readonly kept: Evidence[] = [];
  readonly outcomes: ChallengeOutcome[] = [];
  #onOutcome: () => void = () => {};
  #ready: () => void = () => {};

  private constructor(channels: readonly ChannelAddress[], expected: string, clock: () => number) {
    const loaded = loadPolicy([
      { path: 'policies/rules/10.yaml', text: rules },
      { path: 'policies/expected/10.yaml', text: `\n- ${expected}\n  port: v1\n` },
    ]);
    if (loaded.policy === undefined) throw new Error(JSON.stringify(loaded.problems));
    const site = {
      settings: settings([zone({ challengePorts: [], channels })]),
      gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', prefix: '10.20.0.1/16' },
      vendorOf: () => undefined,
    };
    this.#gateway = new Gateway(site, loaded.policy);
    this.#challenger = spawn(process.execPath, [...roles.challenger.nodeOptions, script], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const channel = this.#challenger.stdio[3];
    if (!(channel instanceof Duplex)) throw new Error('no channel');
    channel.on('error', () => {});
    this.#send = lineWriter(channel);
    this.#dispatcher = new ChallengeDispatcher({
      endsTo: ip => ({ ip, localAddress: '127.0.0.1' }),
      now: clock,
      builtAt: 0,
      toEnforcer: message => {
        if (message.type === 'open-lane') queueMicrotask(() => this.#dispatcher.laneAnswered(message.id, true, ''));
        return true;
      },
      toChallenger: message => this.#send(routed(message)),
      keepEvidence: evidence => this.kept.push(evidence),
      done: (challenge, outcome) => {
        this.outcomes.push(outcome);
        this.#run({ kind: 'challenge-outcome', challenge, outcome });
        this.#onOutcome();
      },
    });
    const { inventory, serving } = this.#gateway;
    this.registrar = new Registrar({
      at: ip => serving.at(ip),
      send: message => this.#send(message),
      mayEnrol: (...key) => inventory.enrolments.mayEnrol(...key),
      enrolled: () => inventory.enrolments.all(),
      enrol: key => {
        this.#run({ kind: 'noted', event: { kind: 'key-enrolled', device: key.device, key } });
        this.#send({ type: 'enrolled', keys: inventory.enrolments.all() });
      },
      now: clock,
    });
    const refuse = (why: string): never => {
      throw new Error(why);
    };
    const take = (value: unknown): void => {
      const message = receive('challenger', value, refuse);
      if (message?.type === 'outcome') this.#dispatcher.answered(message);
      if (message?.type === 'enrolment') this.registrar.answered(message.id, message.enrolment);
      if (message?.type === 'hello') this.#ready();
    };
    readLines(channel, take, refuse);
    this.#clock = clock;
    this.#do(this.#gateway.usePolicy(loaded.policy, [], clock()));
  }

  readonly #clock: () => number;

  static async open(channels: readonly ChannelAddress[], trust: TrustMaterial, expected: string, clock = Date.now): Promise<Site> {
    const site = new Site(channels, expected, clock);
    await new Promise<void>(resolve => {
      site.#ready = resolve;
    });
    site.#send({ type: 'trust', trust });
    return site;
  }

  /** The most memory that the challenger ever had, MiB. */
  get memory(): number {
    const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#challenger.pid ?? 0}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  }

  /** Other trust comes into force. */
  trusts(trust: TrustMaterial): void {
    this.#send({ type: 'trust', trust });
  }

  async close(): Promise<void> {
    this.#challenger.kill('SIGKILL');
    await once(this.#challenger, 'exit');
  }

  /** The device speaks, or is asked again; resolves with how it stands when the next outcome has come. */
  async asked(): Promise<DeviceView> {
    const answered = new Promise<void>(resolve => {
      this.#onOutcome = resolve;
    });
    const known = this.#gateway.inventory.withMac(mac)[0]?.device.id;
    const fact = { kind: 'address', ip: '10.20.1.7' } as const;
    const at = { at: this.#clock(), port: 'v1', vlan: 0, mac, collector: 'test', frame: 1 };
    if (known === undefined) this.#run({ kind: 'observed', observations: [{ ...at, fact }] });
    else this.#run({ kind: 'command', by: 'test', reason: 'again', command: { kind: 'challenge', device: known } });
    await answered;
    const record = this.#gateway.inventory.withMac(mac)[0];
    const view = record && this.#gateway.view(record.device.id, this.#clock());
    if (view === undefined) throw new Error('no device');
    return view;
  }

  #run(input: Input): void {
    this.#do(this.#gateway.handle(input, this.#clock()));
  }

  #do(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'challenge') this.#dispatcher.start(effect.challenge);
      if (effect.kind === 'enforce')
        this.#run({ kind: 'enforcement-state', state: 'applied', ruleSet: hashRuleSet(effect.ruleSet), detail: '' });
    }
  }
}
