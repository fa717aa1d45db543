import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A host of its own at the other end of a cable: loopback and our own addresses are never fetched from, not even in a test. Needs root. */
export class WebHost {
  readonly ip: string;
  readonly folder: string;
  readonly #name: string;
  readonly #children: ChildProcess[] = [];

  /** `slot`: 0 to 63, another one for each host that stands at the same time. */
  constructor(slot: number) {
    sweep();
    this.#name = `sprv${process.pid}x${slot}`.slice(0, 15);
    const net = `198.18.${process.pid % 256}.${slot * 4}`.replace(/\d+$/, '');
    this.ip = `${net}${slot * 4 + 2}`;
    this.folder = mkdtempSync(join(tmpdir(), `sallyport-web-${process.pid}-`));
    const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: 'pipe' });
    ip('netns', 'add', this.#name);
    ip('link', 'add', this.#name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.#name);
    ip('addr', 'add', `${net}${slot * 4 + 1}/30`, 'dev', this.#name);
    ip('link', 'set', this.#name, 'up');
    ip('-n', this.#name, 'addr', 'add', `${this.ip}/30`, 'dev', 'eth0');
    ip('-n', this.#name, 'link', 'set', 'eth0', 'up');
    ip('-n', this.#name, 'link', 'set', 'lo', 'up');
  }

  /** Starts the web server on port 80. */
  async serve(): Promise<void> {
    const child = this.spawn(process.execPath, join(import.meta.dirname, 'web-server.ts'), this.folder, '80');
    if (child.stdout !== null) await once(child.stdout, 'data');
  }

  put(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.folder, name), content);
  }

  /** What was asked for so far: `GET host /path`. */
  get requests(): readonly string[] {
    const log = join(this.folder, 'requests.log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  /** Runs a program there. */
  spawn(...command: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#name, ...command], { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder });
    this.#children.push(child);
    return child;
  }

  /** Runs a program there, and resolves when it has said this. */
  async spawnUntil(words: string, ...command: readonly string[]): Promise<void> {
    const child = this.spawn(...command);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        if (said.includes(words)) resolve();
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.on('exit', () => reject(new Error(`Cannot run ${command.join(' ')}: ${said}`)));
    });
  }

  async close(): Promise<void> {
    for (const child of this.#children.filter(c => c.exitCode === null && c.signalCode === null)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    execFileSync('ip', ['netns', 'del', this.#name]);
    execFileSync('sh', ['-c', `ip link del ${this.#name} 2>/dev/null || true`]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Removes what hosts of dead processes left: the cable goes with the namespace at its other end. */
function sweep(): void {
  for (const name of existsSync('/run/netns') ? readdirSync('/run/netns') : []) {
    const pid = /^sprv(\d+)x/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    for (const left of execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n'))
      if (left !== '') execFileSync('sh', ['-c', `kill -9 ${Number(left)} 2>/dev/null || true`]);
    execFileSync('sh', ['-c', `ip netns del ${name} 2>/dev/null || true`]);
  }
}
