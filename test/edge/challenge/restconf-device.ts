import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodePcrBlob } from '../../../gateway/codec/tpm-pcr-blob.ts';
import { boot } from '../../attestation/tpm/world.ts';
import { base64 } from '../../attestation/world.ts';
import type { Credential } from '../../vectors/pki.ts';
import { type Event, type File, imaAscii, template } from '../../vectors/soft-tpm.ts';
import { bodyOf, httpsServer } from './https.ts';
import type { Running } from './servers.ts';
import type { TpmDevice } from './tpm-device.ts';

const module = 'ietf-tpm-remote-attestation';
type Input = {
  readonly [name: string]: {
    readonly 'tpm20-attestation-challenge': Challenge;
    readonly 'log-type'?: string;
    readonly 'log-selector'?: readonly Selector[];
  };
};
type Selector = { readonly 'last-index-number'?: string; readonly 'log-entry-quantity'?: number };
type Challenge = { readonly 'nonce-value': string; readonly 'tpm20-pcr-selection': readonly { readonly 'pcr-index': readonly number[] }[] };

/** Own simulator of network gear with the YANG module of RFC 9684 around a TPM of other people: quote, keystore and both kinds of logs. */
export class RestconfDevice {
  readonly asked: string[] = [];
  ran: File[] = [];
  /** What it hands out as its logs, which a liar chooses; undefined: it has no such RPC. */
  shows: (() => { readonly boot: readonly Event[]; readonly ran: readonly File[] }) | undefined = () => ({ boot, ran: this.ran });
  /** What it makes of a selector; some devices know nothing of parts of it. */
  heeds: (selector: Selector) => Selector = selector => selector;
  readonly #device: TpmDevice;
  readonly #certificate: Uint8Array;
  #server: Running | undefined;

  constructor(device: TpmDevice, certificate: Uint8Array) {
    this.#device = device;
    this.#certificate = certificate;
  }

  async serve(credential: Credential): Promise<number> {
    this.#server = await httpsServer(credential, (request: IncomingMessage, response: ServerResponse) => {
      void bodyOf(request).then(body => {
        const found = this.#answer(request.url ?? '', body);
        response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/yang-data+json' }).end(JSON.stringify(found));
      });
    });
    return this.#server.port;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  runs(...files: readonly File[]): void {
    for (const file of files) this.ran.push(file);
    this.#device.tpm.extend(10, ...files.map(file => createHash('sha256').update(template(file)).digest()));
  }

  #answer(path: string, body: string): object | undefined {
    const kind = path.split(':').at(-1) ?? '';
    const input = body === '' ? undefined : (JSON.parse(body) as Input)[`${module}:input`];
    this.asked.push(input?.['log-type'] ?? kind);
    if (kind === 'keystore/asymmetric-keys') return this.#keys();
    if (kind === 'tpm20-challenge-response-attestation' && input !== undefined) return this.#quote(input['tpm20-attestation-challenge']);
    if (kind === 'log-retrieval' && this.shows !== undefined)
      return this.#logs(input?.['log-type'] === `${module}:bios`, this.shows(), this.heeds(input?.['log-selector']?.[0] ?? {}));
    return undefined;
  }

  #keys(): object {
    const certificate = [{ name: 'iak', 'cert-data': base64(this.#certificate) }];
    return { 'ietf-keystore:asymmetric-keys': { 'asymmetric-key': [{ name: 'ak', certificates: { certificate } }] } };
  }

  #quote({ 'nonce-value': nonce, 'tpm20-pcr-selection': [selection] }: Challenge): object {
    const pcrs = selection?.['pcr-index'] ?? [];
    const { quote, signature, blob } = this.#device.quote(`sha256:${pcrs.join(',')}`, Buffer.from(nonce, 'base64'));
    const values = [...(decodePcrBlob(blob).get('sha256') ?? [])].map(([pcr, value]) => ({ 'pcr-index': pcr, 'pcr-value': base64(value) }));
    const response = {
      'certificate-name': 'iak',
      'quote-data': base64(quote),
      'quote-signature': base64(signature),
      'unsigned-pcr-values': [{ 'pcr-values': values }],
    };
    return { [`${module}:output`]: { 'tpm20-attestation-response': [response] } };
  }

  #logs(isBoot: boolean, shown: { readonly boot: readonly Event[]; readonly ran: readonly File[] }, selector: Selector): object {
    const bios = shown.boot.map(({ pcr, type, data, measured }, at) => ({
      'event-number': at + 1,
      'event-type': type,
      'pcr-index': pcr,
      'digest-list': [
        {
          'hash-algo': 'ietf-tcg-algs:TPM_ALG_SHA256',
          digest: [
            createHash('sha256')
              .update(measured ?? data)
              .digest('base64'),
          ],
        },
      ],
      'event-size': data.length,
      'event-data': [...data],
    }));
    const ima = (isBoot ? [] : shown.ran).map((file, at) => {
      const [pcr = '', hash = '', name = '', digest = ''] = imaAscii([file]).split(' ');
      return {
        'event-number': String(at + 1),
        'ima-template': name,
        'filename-hint': file.path,
        'filedata-hash': Buffer.from(digest.replace(/^.*:/, ''), 'hex').toString('base64'),
        'filedata-hash-algorithm': 'sha256',
        'template-hash-algorithm': 'sha1',
        'template-hash': Buffer.from(hash, 'hex').toString('base64'),
        'pcr-index': Number(pcr),
      };
    });
    const { 'last-index-number': after = '0', 'log-entry-quantity': quantity = ima.length } = selector;
    const from = Number(after);
    const result = isBoot
      ? { 'bios-event-logs': { 'bios-event-entry': bios } }
      : { 'ima-event-logs': { 'ima-event-entry': ima.slice(from, from + quantity) } };
    return { [`${module}:output`]: { 'system-event-logs': { 'node-data': [{ name: 'tpm0', 'log-result': result }] } } };
  }
}
