import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { lineWriter, readLines } from '../../gateway/edge/lines.ts';
import type { FromEnforcer, ToEnforcer } from '../../gateway/edge/messages.ts';
import type { Hex } from '../../gateway/model/address.ts';
import type { RuleSet } from '../../gateway/model/rule-set.ts';
import { hashRuleSet } from '../../gateway/quarantine/hash.ts';
import { type Lan, until } from './namespace.ts';

const entry = fileURLToPath(new URL('../../gateway/edge/enforcers/enforcer.ts', import.meta.url));
const rights = '-all,+net_admin';
const asEnforcer = ['setpriv', '--reuid=61172', '--regid=61172', '--clear-groups', `--inh-caps=${rights}`, `--ambient-caps=${rights}`];

/** The real enforcer process in the gateway's namespace, with the privilege it has in production. */
export class EnforcerProcess {
  readonly child: ChildProcess;
  readonly heard: FromEnforcer[] = [];
  readonly #send: (message: ToEnforcer) => boolean;

  constructor(lan: Lan) {
    const argv = [...asEnforcer, `--bounding-set=${rights}`, '--no-new-privs', process.execPath, entry];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
    this.child = lan.spawn('gateway', argv, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], env });
    const channel = this.child.stdio[3];
    if (!(channel instanceof Duplex)) throw new Error('Cannot talk to the enforcer: it has no channel');
    channel.on('error', () => undefined); // it is killed in tests
    this.#send = lineWriter<ToEnforcer>(channel);
    const take = (value: unknown): void => void this.heard.push(value as FromEnforcer);
    readLines(channel, take, why => this.heard.push({ type: 'lane', id: 'spoilt', open: false, detail: why }));
  }

  send(message: ToEnforcer): void {
    this.#send(message);
  }

  /** Brings a RuleSet into force and waits until it was read back. */
  async enforce(ruleSet: RuleSet): Promise<Hex> {
    const hash = hashRuleSet(ruleSet);
    const from = this.heard.length;
    this.send({ type: 'enforce', ruleSet, hash });
    await this.until(m => m.type === 'enforcement' && m.state === 'applied' && m.ruleSet === hash, 'the RuleSet is in force', from);
    return hash;
  }

  /** Waits for a message that came after the first `from`. */
  async until(is: (message: FromEnforcer) => boolean, what: string, from = 0): Promise<FromEnforcer> {
    let found: FromEnforcer | undefined;
    try {
      await until(() => (found = this.heard.slice(from).find(is)) !== undefined, what);
    } catch (error) {
      throw new Error(`Cannot hear that ${what}: heard ${JSON.stringify(this.heard.slice(-4)).slice(0, 2_000)}`, { cause: error });
    }
    if (found === undefined) throw new Error(`Cannot hear that ${what}`);
    return found;
  }
}
