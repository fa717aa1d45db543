import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { diesWithUs } from './command.ts';

/** Longest line given to the session, bytes; what is longer goes through a process of its own. */
export const maxLine = 16_384;
/** A session that says nothing for so long is ended and its question fails. Milliseconds. */
const patience = 5_000;

/**
 * One long-lived `nft -i`: about 0.3 ms a change instead of 3 ms for a process each. nft ties no error to its command, so each question
 * ends with a word that nft does not know: it is answered, in order and without a look at the kernel, by an error that names the word.
 */
export class NftSession {
  #child: ChildProcessWithoutNullStreams | undefined;
  #heard = '';
  #number = 0;
  #waiting: { readonly fence: string; readonly resolve: (output: string) => void; readonly reject: (error: Error) => void } | undefined;

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Gives each line as one transaction and resolves with everything nft said to them. One question at a time.
   * Rejects when the session ends or falls silent; a later question starts a new one.
   */
  ask(lines: readonly string[]): Promise<string> {
    if (this.#waiting) return Promise.reject(new Error('Cannot ask nft: another question is open'));
    const child = (this.#child ??= this.#start());
    const fence = `fence${++this.#number}`;
    this.#heard = '';
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(child, `it was silent for ${patience} ms`), patience);
      const done = (): void => clearTimeout(timer);
      this.#waiting = {
        fence,
        resolve: output => (done(), resolve(output)),
        reject: error => (done(), reject(error)),
      };
      child.stdin.write(`${lines.join('\n')}\n${fence}\n`);
    });
  }

  stop(): void {
    this.#child?.stdin.end();
    this.#child?.kill();
  }

  #start(): ChildProcessWithoutNullStreams {
    // One pipe for both, so that errors stay in order with the rest. No home: nft would keep a history file there.
    const child = spawn('setpriv', [...diesWithUs, 'sh', '-c', 'exec nft -i 2>&1'], { env: { ...process.env, HOME: '/nonexistent' } });
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    child.stdin.on('error', error => this.#fail(child, error.message));
    child.on('error', error => this.#fail(child, error.message));
    child.on('exit', (code, signal) => this.#fail(child, `it ended with ${code ?? signal}`));
    return child;
  }

  #hear(text: string): void {
    this.#heard += text;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const at = this.#heard.indexOf(`\n${waiting.fence}\n`);
    if (at < 0) return;
    const before = this.#heard.slice(0, Math.max(0, this.#heard.lastIndexOf('\n', at - 1)));
    this.#waiting = undefined;
    waiting.resolve(before);
  }

  #fail(child: ChildProcessWithoutNullStreams, why: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    child.kill('SIGKILL');
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(new Error(`Cannot go on with nft -i: ${why}`));
  }
}

/** What nft complained about, one string per complaint. Empty: all went well. */
export function complaints(output: string): readonly string[] {
  return output.split('\n').filter(line => line.startsWith('Error: ') || line.includes(': Error: ') || line.startsWith('netlink:'));
}
