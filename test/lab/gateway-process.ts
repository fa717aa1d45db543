import type { ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DeviceDetail, DeviceList, DeviceRow, Health, ProbingState } from '../../gateway/api/contract.ts';
import { until } from './namespace.ts';
import type { Warehouse } from './warehouse.ts';

const cli = fileURLToPath(new URL('../../dist/gateway/cli.js', import.meta.url));

/** The real gateway, started in the gateway's namespace and spoken to through its control socket. */
export class GatewayProcess {
  readonly data: string;
  readonly #child: ChildProcess;
  #code: string | undefined;
  #fingerprint: string | undefined;
  #ended: string | undefined;
  #lines: readonly string[] = [];

  private constructor(warehouse: Pick<Warehouse, 'lan'>, data: string, log: string, before: readonly string[]) {
    this.data = data;
    const options = { stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[], detached: true };
    this.#child = warehouse.lan.spawn('gateway', [...before, process.execPath, cli, 'run', '--data', data], options);
    const file = createWriteStream(log, { mode: 0o600 });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', line => {
        file.write(`${line}\n`);
        this.#lines = [...this.#lines, line].slice(-20);
        this.#code ??= /^one-time code: (\S+)/.exec(line)?.[1];
        this.#fingerprint ??= /^page certificate sha-256: (.+)/.exec(line)?.[1];
      });
    }
    this.#child.on('exit', (status, signal) => {
      this.#ended = `it ended with ${status ?? signal}; its output is in ${log}`;
    });
  }

  /** Resolves when the control socket answers. Throws when the gateway ends before that. `before`: what stands before its command, to break something for it. */
  static async start(
    warehouse: Pick<Warehouse, 'lan'>,
    data: string,
    log: string,
    before: readonly string[] = [],
  ): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(warehouse, data, log, before);
    await until(async () => gateway.#isEnded() || ((await gateway.#answers()) && existsSync(gateway.pageSocket)), 'the gateway answers');
    return gateway;
  }

  /** Of the supervisor, below which everything else runs. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get pageSocket(): string {
    return `${this.data}/page.sock`;
  }

  /** Printed at the first start of a data folder, while there is no account. */
  get oneTimeCode(): string | undefined {
    return this.#code;
  }

  /** SHA-256 of the page's certificate, for the person who sees the browser's warning. */
  get fingerprint(): string | undefined {
    return this.#fingerprint;
  }

  lastLines(): string {
    return this.#lines.join('\n');
  }

  async devices(): Promise<readonly DeviceRow[]> {
    return (await this.#ask<DeviceList>('GET', '/devices')).rows;
  }

  /** The same; undefined while it does not answer, as after a kill until its supervisor has started it again. Throws when that one ended. */
  async devicesIfUp(): Promise<readonly DeviceRow[] | undefined> {
    try {
      return await this.devices();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#isEnded();
      return undefined;
    }
  }

  device(id: string): Promise<DeviceDetail> {
    return this.#ask<DeviceDetail>('GET', `/devices/${id}`);
  }

  health(): Promise<Health> {
    return this.#ask<Health>('GET', '/health');
  }

  probes(): Promise<ProbingState> {
    return this.#ask<ProbingState>('GET', '/probes');
  }

  async command(path: string, body: object): Promise<void> {
    await this.#ask('POST', path, body);
  }

  /** Asks it to end, and makes it after 20 s. */
  async stop(): Promise<void> {
    const kill = (signal: NodeJS.Signals): void => {
      const { pid } = this.#child;
      if (pid === undefined || this.#ended !== undefined) return;
      try {
        process.kill(-pid, signal);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    };
    kill('SIGTERM');
    await until(() => this.#ended !== undefined, 'the gateway ends', 20_000).catch(() => kill('SIGKILL'));
  }

  #isEnded(): boolean {
    if (this.#ended !== undefined) throw new Error(`Cannot reach the gateway: ${this.#ended}`);
    return false;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.health();
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  }

  /** The gateway is ours and is checked by its own tests, so that its answers are taken for what the contract says. */
  #ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'x-sallyport': 'demo', host: 'localhost' };
      const options = { socketPath: `${this.data}/control.sock`, path: `/api/v1${path}`, method, headers, timeout: 60_000 };
      const call = request(options, response => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(text) as T);
          else reject(new Error(`Cannot ${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
        });
      });
      call.on('timeout', () => call.destroy(new Error(`Cannot ${method} ${path}: no answer in 60 s`)));
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
