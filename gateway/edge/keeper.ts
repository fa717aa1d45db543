import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { Door, type DoorSpec } from './door.ts';
import { Relay } from './relay.ts';
import { lookEveryMs, Silence } from './silence.ts';

/** A process to keep alive. It talks on fd 3, through the supervisor or at a door; `roles.ts` makes these from the table of privileges. */
export type RoleSpec = {
  readonly name: string;
  /** The whole command, privileges included. It must `exec`, so that its process id stays. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The fd under which the gateway has this process; absent for the gateway itself, which is there exactly once. */
  readonly gatewayFd?: number;
  /** The gateway connects to it here by itself; fd 4 is then the supervisor's. Such a process has no heartbeat. */
  readonly door?: DoorSpec;
  /** A descriptor of ours that it has as its fd 4; of a process without a door. */
  readonly inherits?: number;
  /** A process that writes nothing for so long hangs and is ended. Milliseconds; five times as long after a start. */
  readonly silenceMillis?: number;
  /** Keep the last 4 KiB that it, behind a door, writes on fd 4 and give them, in base64, to its successor as SALLYPORT_LAST_WORDS. */
  readonly lastWords?: boolean;
};

/** One line of the log. */
export type LogLine = {
  readonly event: 'start' | 'exit' | 'hang';
  readonly role: string;
  readonly pid: number;
  readonly code?: number | string;
  readonly livedMillis?: number;
  readonly restartInMillis?: number;
};

const shortLifeMillis = 10_000;
const graceAfterExitMillis = 50;
const killAfterMillis = 3_000;
const lastWordsBytes = 4096;

/** Waiting time before the `n`th restart in a row of a process that lives short: at once, then doubling. Milliseconds. */
export const backOff = (n: number): number => (n === 0 ? 0 : Math.min(5_000, 50 * 2 ** Math.min(n, 10)));

/** Keeps one process alive. */
export class Keeper {
  readonly spec: RoleSpec;
  readonly relay = new Relay(() => this.#silence?.heard());
  readonly door: Door | undefined;
  readonly #log: (line: LogLine) => void;
  /** The processes whose streams the gateway has; empty for all others. */
  readonly #served: Keeper[] = [];
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #silence: Silence | undefined;
  #shortLives = 0;
  #lastWords: Buffer = Buffer.alloc(0);
  #retired = false;

  constructor(spec: RoleSpec, log: (line: LogLine) => void) {
    this.spec = spec;
    this.door = spec.door && new Door(spec.door);
    this.#log = log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  serve(keeper: Keeper): void {
    this.#served.push(keeper);
  }

  start(): void {
    const [file = '', ...args] = this.spec.command;
    const env = { ...this.spec.env, ...(this.spec.lastWords ? { SALLYPORT_LAST_WORDS: this.#lastWords.toString('base64') } : {}) };
    this.#startedAt = performance.now();
    const stdio = this.#stdio();
    if (stdio === undefined) return this.#ended(0, 'not started');
    const child = spawn(file, args, { env, stdio, cwd: '/' });
    this.door?.handedOver(child.pid !== undefined);
    this.#child = child;
    child.on('error', error => this.#complain(error));
    const { pid } = child;
    if (pid === undefined) return this.#ended(0, 'not started');
    this.#log({ event: 'start', role: this.spec.name, pid });
    const links = this.#connect(child);
    child.on('exit', (code, signal) => {
      const done = (): void => {
        clearTimeout(grace);
        child.off('close', done);
        for (const cut of links) cut();
        this.#ended(pid, code ?? signal ?? 'unknown');
      };
      const grace = setTimeout(done, graceAfterExitMillis); // `close` comes when its last bytes are read, which a stopped relay never does
      child.on('close', done);
    });
    if (this.spec.silenceMillis === undefined) return;
    this.#silence = new Silence(this.spec.silenceMillis, performance.now());
    this.#watch = setInterval(() => this.#lookForHang(), lookEveryMs);
  }

  /** No more restarts. */
  retire(): void {
    this.#retired = true;
    clearTimeout(this.#timer);
  }

  /** Resolves when the process is gone; asks first, then insists. */
  async end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), killAfterMillis);
    await gone;
    clearTimeout(insist);
  }

  /** Fd 3 upwards: for the gateway one per process that it is served, for another its own one, and the supervisor's behind a door. */
  #stdio(): ('ignore' | 'inherit' | 'pipe' | number)[] | undefined {
    if (this.door !== undefined) {
      const listening = this.#open(this.door);
      return listening === undefined ? undefined : ['ignore', 2, 2, listening, 'pipe'];
    }
    const { gatewayFd, inherits } = this.spec;
    if (gatewayFd !== undefined) return ['ignore', 2, 2, 'pipe', ...(inherits === undefined ? [] : [inherits])];
    return ['ignore', 'inherit', 'inherit', ...Array<'pipe'>(Math.max(2, ...this.#servedFds) - 2).fill('pipe')];
  }

  /** A full disk below /run is no reason to end with everything else. */
  #open(door: Door): number | undefined {
    try {
      return door.open();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#complain(error);
      return undefined;
    }
  }

  #complain({ message }: Error): void {
    process.stderr.write(`${JSON.stringify({ role: this.spec.name, problem: message })}\n`);
  }

  get #servedFds(): readonly number[] {
    return this.#served.map(({ spec }) => spec.gatewayFd ?? 0);
  }

  /** Returns what cuts each link again. */
  #connect(child: ChildProcess): readonly (() => void)[] {
    const { door } = this;
    if (this.spec.gatewayFd === undefined) {
      for (const [fd, end] of child.stdio.entries()) {
        if (fd < 3 || this.#servedFds.includes(fd) || !(end instanceof Duplex)) continue;
        end.resume().on('error', () => end.destroy()); // a process that is not there takes all and says nothing
      }
      return this.#served.map(({ relay, door, spec }) => {
        const end = endOf(child, spec.gatewayFd ?? 0);
        return door?.attach(end) ?? attach(relay, 'gateway', end);
      });
    }
    if (door === undefined) return [attach(this.relay, 'role', endOf(child, 3))];
    const words = endOf(child, 4);
    words
      .on('error', () => words.destroy())
      .on('data', (bytes: Buffer) => {
        if (this.spec.lastWords) this.#lastWords = Buffer.concat([this.#lastWords, bytes]).subarray(-lastWordsBytes);
      });
    return [() => door.shut(), () => words.destroy()];
  }

  #ended(pid: number, code: number | string): void {
    clearInterval(this.#watch);
    this.#child = undefined;
    const livedMillis = Math.round(performance.now() - this.#startedAt);
    const wait = livedMillis < shortLifeMillis ? backOff(this.#shortLives++) : backOff((this.#shortLives = 0));
    const what = { event: 'exit', role: this.spec.name, pid, code, livedMillis } as const;
    this.#log(this.#retired ? what : { ...what, restartInMillis: wait });
    if (!this.#retired) this.#timer = setTimeout(() => this.start(), wait);
  }

  #lookForHang(): void {
    if (this.#silence?.isTooLong(performance.now(), this.relay.flows) !== true || this.pid === undefined) return;
    this.#log({ event: 'hang', role: this.spec.name, pid: this.pid });
    this.#silence.heard(); // said once: the kernel needs a moment to end it
    this.#child?.kill('SIGKILL');
  }
}

function endOf(child: ChildProcess, fd: number): Duplex {
  const end = child.stdio[fd];
  if (end instanceof Duplex) return end;
  throw new Error(`Cannot talk to a process: its fd ${fd} is missing`);
}

function attach(relay: Relay, side: 'role' | 'gateway', end: Duplex): () => void {
  relay.attach(side, end);
  return () => relay.detach(side, end);
}
