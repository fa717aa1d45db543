import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { RoleName } from '../../gateway/edge/roles.ts';
import { type Lan, until } from '../lab/namespace.ts';

export type Message = Readonly<Record<string, unknown>> & { readonly type: string };
export type Heard = { readonly fd: number; readonly message?: Message; readonly spoilt?: string; readonly at: number };
export type Logged = { readonly event?: string; readonly role?: string; readonly pid?: number; readonly code?: number | string };

export type Plan = {
  readonly real?: { readonly [name in RoleName]?: readonly string[] };
  readonly standIns?: readonly RoleName[];
  readonly first?: Readonly<Record<string, unknown>>;
};

/** Processes under a real supervisor in a host of the LAN, and what their gateway, a stand-in, hears. */
export class Processes {
  readonly heard: Heard[] = [];
  readonly log: Logged[] = [];
  readonly text: string[] = [];
  readonly child: ChildProcess;

  constructor(lan: Lan, host: string, plan: Plan, script = fileURLToPath(new URL('supervisor-stand-in.ts', import.meta.url))) {
    const argument = JSON.stringify({ real: {}, standIns: [], ...plan });
    this.child = lan.spawn(host, [process.execPath, script, argument], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#lines(this.child.stdout, line => this.heard.push({ ...(JSON.parse(line) as Omit<Heard, 'at'>), at: Date.now() }));
    this.#lines(this.child.stderr, line => {
      this.text.push(line);
      if (line.startsWith('{')) this.log.push(JSON.parse(line) as Logged);
    });
  }

  /** The process id that a role had last. */
  pid(role: RoleName): number {
    return this.log.findLast(l => l.event === 'start' && l.role === role)?.pid ?? 0;
  }

  starts(role: RoleName): number {
    return this.log.filter(l => l.event === 'start' && l.role === role).length;
  }

  messages(fd: number, type: string): readonly Message[] {
    return this.heard.flatMap(h => (h.fd === fd && h.message?.type === type ? [h.message] : []));
  }

  /** Waits until `is` holds; says what the processes wrote on stderr when it never does. */
  async until(is: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    await until(is, what, timeoutMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.text.slice(-20).join('\n')}`);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise(resolve => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await gone;
  }

  #lines(stream: Readable | null, take: (line: string) => void): void {
    if (stream) createInterface({ input: stream }).on('line', take);
  }
}

/** A field of /proc/<pid>/status. */
export function statusOf(pid: number, field: string): string {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
  return (
    line
      .find(l => l.startsWith(`${field}:`))
      ?.slice(field.length + 1)
      .trim()
      .replaceAll('\t', ' ') ?? ''
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
