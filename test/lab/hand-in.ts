import { rmSync, writeFileSync } from 'node:fs';
import { until } from './namespace.ts';
import { row, type Standing } from './standing.ts';
import { gateway } from './warehouse.ts';

/** Where the gateway takes Evidence that devices hand in (Veraison's API). */
export const base = `http://${gateway.ip}:8444`;

/** Devices of a standing lab that hand Evidence in from their lane, and its trust files. */
export class HandIn {
  readonly #site: Standing;

  constructor(site: Standing) {
    this.#site = site;
  }

  get own(): string {
    return `${this.#site.gateway.data}/policies.d`;
  }

  async curl(host: string, ...argv: readonly string[]) {
    const { stdout } = await this.#site.warehouse.lan.exec(host, [
      'curl',
      '-s',
      '-m',
      '6',
      '-w',
      '\n%{http_code} %header{location}',
      ...argv,
    ]);
    const [status = '', location = ''] = stdout.slice(stdout.lastIndexOf('\n') + 1).split(' ');
    return { status: Number(status), location, body: stdout.slice(0, stdout.lastIndexOf('\n')) };
  }

  /** A session of the host; a held host is heard only after its first ARP was seen. */
  async open(host: string): Promise<{ readonly location: string; readonly nonce: Buffer }> {
    let session = await this.curl(host, '-X', 'POST', `${base}/challenge-response/v1/newSession?nonceSize=32`);
    const ready = async () =>
      (session = session.status === 201 ? session : await this.curl(host, '-X', 'POST', `${base}/challenge-response/v1/newSession`))
        .status === 201;
    await until(ready, `${host} gets a session; it gets ${session.status} ${session.body}`);
    const { nonce } = JSON.parse(session.body) as { nonce: string };
    return { location: session.location, nonce: Buffer.from(nonce, 'base64url') };
  }

  async hand(host: string, location: string, type: string, evidence: Uint8Array) {
    const file = `${this.#site.folder}/evidence`;
    writeFileSync(file, evidence);
    return this.curl(host, '-X', 'POST', '-H', `Content-Type: ${type}`, '--data-binary', `@${file}`, `${base}${location}`);
  }

  async plugIn(host: string, address = row(host).ip ?? ''): Promise<void> {
    await this.#site.warehouse.lan.exec(host, ['ip', 'addr', 'add', address, 'dev', 'eth0']);
  }

  /** Trust files are read every few seconds. A wrong one that is told and then taken away shows that those before it are in force. */
  async untilRead(): Promise<void> {
    const problems = async () => (await this.#site.gateway.health()).policy.problems;
    const wrong = `${this.own}/anchors/wrong.keys.yaml`;
    writeFileSync(wrong, 'no list');
    await until(async () => (await problems()).join().includes('wrong.keys.yaml'), 'the wrong file is told');
    rmSync(wrong);
    await until(async () => (await problems()).length === 0, 'the problem is gone');
  }
}
