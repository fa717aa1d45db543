import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('packet-agent.py', import.meta.url));

/** What one ear has heard; grows while it is open. Frames as on the wire, the outer VLAN tag included; our own are not heard. */
export type Ear = { readonly frames: Uint8Array[]; close(): Promise<void> };

/** Sends and hears raw frames in one network namespace through one long-lived Debian Python. It ends with this process. */
export class PacketAgent {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: string) => void; reject: (error: Error) => void }>();
  readonly #ears = new Map<number, Uint8Array[]>();
  #next = 1;
  #ended: Error | undefined;

  constructor(namespace: string) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, '/usr/bin/python3', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', error => this.#end(error));
    this.#child.on('exit', code => this.#end(new Error(`Cannot use the packet agent of ${namespace}: it ended with ${code}`)));
    this.#child.stdin?.on('error', error => this.#end(error));
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', line => this.#take(line));
  }

  /** Resolves when the kernel has taken all frames. */
  async send(iface: string, frames: readonly Uint8Array[]): Promise<void> {
    for (let i = 0; i < frames.length; i += 256) {
      const hex = frames.slice(i, i + 256).map(f => Buffer.from(f).toString('hex'));
      await this.#ask(n => `send ${n} ${iface} ${hex.join(' ')}`);
    }
  }

  /** Sends the frame often enough, on every CPU, that whatever was sent before is through. Returns how often. */
  async fence(iface: string, frame: Uint8Array): Promise<number> {
    return Number(await this.#ask(n => `fence ${n} ${iface} ${Buffer.from(frame).toString('hex')}`));
  }

  async hear(iface: string): Promise<Ear> {
    const frames: Uint8Array[] = [];
    const number = this.#next;
    this.#ears.set(number, frames);
    await this.#ask(n => `hear ${n} ${iface}`);
    return {
      frames,
      close: async () => {
        await this.#ask(n => `deaf ${n} ${number}`);
        this.#ears.delete(number);
      },
    };
  }

  stop(): void {
    this.#child.stdin?.end();
    this.#child.kill();
  }

  #ask(line: (number: number) => string): Promise<string> {
    if (this.#ended) return Promise.reject(this.#ended);
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#child.stdin?.write(`${line(number)}\n`);
    });
  }

  #take(line: string): void {
    const [verb, id, ...rest] = line.split(' ');
    const number = Number(id);
    if (verb === 'rx') {
      this.#ears.get(number)?.push(new Uint8Array(Buffer.from(rest[0] ?? '', 'hex')));
      return;
    }
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (verb === 'ok') waiting?.resolve(rest.join(' '));
    else waiting?.reject(new Error(`Cannot send or hear frames: ${rest.join(' ')}`));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
