import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a program said. `code` is 127 when it could not start, 124 when it took too long. */
export type Output = { readonly code: number; readonly stdout: string; readonly stderr: string };

const limits = { timeout: 20_000, killSignal: 'SIGKILL' as const, maxBuffer: 256 * 1024 * 1024 };

/** Arguments of setpriv(1) for a program that must not outlive this process, however it ends. */
export const diesWithUs = ['--pdeathsig', 'KILL'];

/** Runs a program to its end. Never rejects. */
export function run(file: string, args: readonly string[], input = ''): Promise<Output> {
  return new Promise(resolve => {
    const child = execFile(file, args, limits, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.killed === true ? 124 : typeof error.code === 'number' ? error.code : 127;
      resolve({ code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
    });
    child.stdin?.on('error', () => undefined); // it may end before it has read everything
    child.stdin?.end(input);
  });
}

/** After news were lost, so much quiet before they are read anew: a flood loses many times. Milliseconds. */
const settleMs = 200;

/** Follows a program that prints a line per event, for ever: when it ends it is started again after a second. */
export class Follower {
  readonly #argv: readonly string[];
  readonly #line: (line: string) => void;
  readonly #started: () => void;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lost: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `started` is called at each start, and soon after the program said that the kernel had dropped news: what was missed must be read anew. */
  constructor(argv: readonly string[], line: (line: string) => void, started: () => void) {
    this.#argv = argv;
    this.#line = line;
    this.#started = started;
    this.#start();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#lost);
    this.#child?.kill();
  }

  #start(): void {
    if (this.#stopped) return;
    const child = spawn('setpriv', [...diesWithUs, ...this.#argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', this.#line);
    // netlink(7): ENOBUFS, the queue of the socket overran. iproute2 says so there and goes on; any other complaint is answered alike.
    child.stderr.on('data', () => {
      clearTimeout(this.#lost);
      if (!this.#stopped) this.#lost = setTimeout(this.#started, settleMs);
    });
    child.on('spawn', this.#started);
    const again = (): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#start(), 1_000);
    };
    child.on('error', again);
    child.on('exit', again);
  }
}
