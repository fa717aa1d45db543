import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Credential } from '../../vectors/pki.ts';
import { eventLog, type File, imaAscii, template } from '../../vectors/soft-tpm.ts';
import { boot } from '../../attestation/tpm/world.ts';
import { httpsServer } from './https.ts';
import type { Running } from './servers.ts';
import type { TpmDevice } from './tpm-device.ts';

/**
 * Own simulator of the agent of Keylime around a TPM of other people: REST API 2.5 as its documentation tells it, the list of files that ran from
 * `ima_ml_entry` on. `shows` is the list that it hands out, which a liar chooses.
 */
export class KeylimeAgent {
  readonly uuid: string;
  readonly asked: URL[] = [];
  /** What really ran since the last reset. */
  ran: File[] = [];
  shows: () => readonly File[] = () => this.ran;
  /** Called before each quote: what happens to the device just then. */
  before: () => Promise<void> = () => Promise.resolve();
  readonly #device: TpmDevice;
  #server: Running | undefined;

  constructor(device: TpmDevice, uuid: string) {
    this.#device = device;
    this.uuid = uuid;
  }

  async serve(credential: Pick<Credential, 'chainPem' | 'keyPem'>, port = 0): Promise<number> {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      const url = new URL(request.url ?? '', 'https://agent');
      this.asked.push(url);
      void this.#answer(url).then(results => {
        response.writeHead(results === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ code: 200, status: 'Success', results: results ?? {} }));
      });
    };
    this.#server = await httpsServer(credential, answer, {}, port);
    return this.#server.port;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Files are run: the kernel measures them into PCR 10. */
  runs(...files: readonly File[]): void {
    for (const file of files) this.ran.push(file);
    const measured = (file: File): Buffer =>
      file.violation === true ? Buffer.alloc(32, 255) : createHash('sha256').update(template(file)).digest();
    this.#device.tpm.extend(10, ...files.map(measured));
  }

  /** Power off and on: the list begins anew, the firmware boots as before. */
  async reboots(): Promise<void> {
    await this.#device.tpm.reset();
    this.#device.tpm.loadKeys();
    this.#device.boots();
    this.ran = [];
  }

  async #answer(url: URL): Promise<object | undefined> {
    if (url.pathname === '/version') return { supported_version: '2.5' };
    if (url.pathname === '/v2.5/agent/info') return { agent_uuid: this.uuid, tpm_hash_alg: 'sha256' };
    if (url.pathname !== '/v2.5/quotes/integrity') return undefined;
    await this.before();
    const { nonce = '', mask = '', ima_ml_entry: wanted = '0' } = Object.fromEntries(url.searchParams);
    const pcrs = Array.from({ length: 24 }, (_, pcr) => pcr).filter(pcr => (Number(mask) >> pcr) & 1);
    const { quote, signature, blob } = this.#device.quote(`sha256:${pcrs.join(',')}`, Buffer.from(nonce));
    const list = this.shows();
    // Beyond its end an agent gives the list from its beginning.
    const from = Number(wanted) > list.length ? 0 : Number(wanted);
    return {
      quote: `r${[quote, signature, blob].map(bytes => Buffer.from(bytes).toString('base64')).join(':')}`,
      hash_alg: 'sha256',
      ima_measurement_list: imaAscii(list.slice(from)),
      ima_measurement_list_entry: from,
      mb_measurement_list: eventLog(boot).toString('base64'),
    };
  }
}
