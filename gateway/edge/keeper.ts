import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { Relay } from './relay.ts';

/** A process to keep alive. It talks on fd 3; `roles.ts` makes these from the table of privileges. */
export type RoleSpec = {
  readonly name: string;
  /** The whole command, privileges included. It must `exec`, so that its process id stays. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The fd under which the gateway has this process; absent for the gateway itself, which is there exactly once. */
  readonly gatewayFd?: number;
  /** A process that writes nothing for so long hangs and is ended. Milliseconds; five times as long after a start. */
  readonly silenceMillis?: number;
  /** Keep the last 4 KiB that it writes on fd 4 and give them, in base64, to its successor as SALLYPORT_LAST_WORDS. */
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
  readonly relay = new Relay(() => (this.#heardAt = performance.now()));
  readonly #log: (line: LogLine) => void;
  /** The processes whose streams the gateway has; empty for all others. */
  readonly #served: Keeper[] = [];
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #heardAt = 0;
  #shortLives = 0;
  #lastWords: Buffer = Buffer.alloc(0);
  #retired = false;

  constructor(spec: RoleSpec, log: (line: LogLine) => void) {
    this.spec = spec;
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
    const child = spawn(file, args, { env, stdio: this.#stdio(), cwd: '/' });
    this.#child = child;
    this.#startedAt = performance.now();
    this.#heardAt = this.#startedAt + 4 * (this.spec.silenceMillis ?? 0);
    child.on('error', error => process.stderr.write(`${JSON.stringify({ role: this.spec.name, problem: error.message })}\n`));
    if (child.pid === undefined) return this.#ended(child, 'not started');
    this.#log({ event: 'start', role: this.spec.name, pid: child.pid });
    const ends = this.#connect(child);
    child.on('exit', (code, signal) => {
      const done = (): void => {
        clearTimeout(grace);
        child.off('close', done);
        for (const { relay, side, end } of ends) relay.detach(side, end);
        this.#ended(child, code ?? signal ?? 'unknown');
      };
      const grace = setTimeout(done, graceAfterExitMillis); // `close` comes when its last bytes are read, which a stopped relay never does
      child.on('close', done);
    });
    if (this.spec.silenceMillis !== undefined) this.#watch = setInterval(() => this.#lookForHang(), 100);
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

  /** Fd 3 upwards: for the gateway one per process that it is served, for another its own one, and its last words. */
  #stdio(): ('ignore' | 'inherit' | 'pipe' | number)[] {
    if (this.spec.gatewayFd !== undefined) return ['ignore', 2, 2, 'pipe', ...(this.spec.lastWords ? (['pipe'] as const) : [])];
    return ['ignore', 'inherit', 'inherit', ...Array<'pipe'>(Math.max(2, ...this.#servedFds) - 2).fill('pipe')];
  }

  get #servedFds(): readonly number[] {
    return this.#served.map(({ spec }) => spec.gatewayFd ?? 0);
  }

  #connect(child: ChildProcess): { relay: Relay; side: 'role' | 'gateway'; end: Duplex }[] {
    if (this.spec.gatewayFd === undefined) {
      for (const [fd, end] of child.stdio.entries()) {
        if (fd < 3 || this.#servedFds.includes(fd) || !(end instanceof Duplex)) continue;
        end.resume().on('error', () => end.destroy()); // a process that is not there takes all and says nothing
      }
      return this.#served.map(({ relay, spec }) => attach(relay, 'gateway', child.stdio[spec.gatewayFd ?? 0]));
    }
    const words = child.stdio[4];
    if (this.spec.lastWords && words instanceof Duplex)
      words
        .on('data', (bytes: Buffer) => (this.#lastWords = Buffer.concat([this.#lastWords, bytes]).subarray(-lastWordsBytes)))
        .on('error', () => words.destroy());
    return [attach(this.relay, 'role', child.stdio[3])];
  }

  #ended(child: ChildProcess, code: number | string): void {
    clearInterval(this.#watch);
    this.#child = undefined;
    const livedMillis = Math.round(performance.now() - this.#startedAt);
    const wait = livedMillis < shortLifeMillis ? backOff(this.#shortLives++) : backOff((this.#shortLives = 0));
    const what = { event: 'exit', role: this.spec.name, pid: child.pid ?? 0, code, livedMillis } as const;
    this.#log(this.#retired ? what : { ...what, restartInMillis: wait });
    if (!this.#retired) this.#timer = setTimeout(() => this.start(), wait);
  }

  /** A process that is not read cannot be heard: the time runs only while its bytes flow. */
  #lookForHang(): void {
    if (!this.relay.flows) this.#heardAt = Math.max(this.#heardAt, performance.now());
    if (performance.now() - this.#heardAt < (this.spec.silenceMillis ?? Number.POSITIVE_INFINITY) || this.pid === undefined) return;
    this.#log({ event: 'hang', role: this.spec.name, pid: this.pid });
    this.#heardAt = performance.now();
    this.#child?.kill('SIGKILL');
  }
}

function attach(relay: Relay, side: 'role' | 'gateway', end: unknown) {
  if (!(end instanceof Duplex)) throw new Error('Cannot attach a process: its stream is missing');
  relay.attach(side, end);
  return { relay, side, end };
}
