import { Agent, type IncomingMessage, request } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Millis } from '../../../model/address.ts';
import { maxEvidenceBytes } from '../wire.ts';
import { type Share, shortAnswer } from '../answer-room.ts';
import { authority, type Failed, failed, type Target } from './channel.ts';
import { failureOf } from './failure.ts';
import { connectTls } from './tls-socket.ts';

/** What a device answered. `type` is its media type in lower case without parameters; all of it is untrusted. */
export type HttpAnswer = { readonly kind: 'http'; readonly status: number; readonly type: string; readonly body: Uint8Array };
export type HttpQuestion = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
  /** Most bytes of the answer's body; absent: as many as Evidence may have. */
  readonly most?: number;
};

/** Most bytes of one head, and of everything that comes besides one body: heads, 1xx answers, framing. */
const maxHead = 16_384;
const maxBeside = 262_144;
const watchEvery: Millis = 20;

/** Gives every request the one socket that there is: the lane is open for no other. */
class OneSocket extends Agent {
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(): TLSSocket {
    return this.#socket;
  }
}

/**
 * HTTP over one TLS connection to a device, one question at a time. No redirect is followed, nothing is unpacked (a small answer must not become
 * a large one), nothing is sent elsewhere; time and bytes of the whole conversation are capped. Never rejects.
 */
export class Https {
  readonly certificates: readonly Uint8Array[];
  readonly #socket: TLSSocket;
  readonly #agent: Agent;
  readonly #host: string;
  readonly #share: Share | undefined;
  readonly #end: Millis;

  private constructor(socket: TLSSocket, certificates: readonly Uint8Array[], target: Target, end: Millis) {
    this.#socket = socket;
    this.certificates = certificates;
    this.#agent = new OneSocket(socket);
    this.#host = authority(target);
    this.#share = target.share;
    this.#end = end;
  }

  /** Connects, asks what `talk` asks, and closes. */
  static async with<T>(target: Target, left: Millis, talk: (https: Https) => Promise<T>): Promise<T | Failed> {
    const end = performance.now() + left;
    const connection = await connectTls(target, left);
    if (connection.kind === 'failed') return connection;
    const https = new Https(connection.socket, connection.certificates, target, end);
    try {
      return await talk(https);
    } finally {
      https.#agent.destroy();
      https.#socket.destroy();
    }
  }

  /** Keying material of this connection (RFC 9266 §4.2), which a nonce is bound to. */
  get exporter(): Uint8Array {
    return new Uint8Array(this.#socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)));
  }

  get protocol(): string {
    return this.#socket.getProtocol() ?? 'unknown';
  }

  #tooLate(): Failed {
    return this.#share?.isWaiting() === true
      ? failed('verifier', 'long answers of other devices took all the room, ask again')
      : failed('timeout', 'no whole answer in time');
  }

  ask({ method, path, headers, body, most = maxEvidenceBytes }: HttpQuestion): Promise<HttpAnswer | Failed> {
    const left = this.#end - performance.now();
    const readTo = this.#socket.bytesRead + most + maxBeside;
    if (this.#socket.destroyed) return Promise.resolve(failed('reset', 'closed the connection'));
    return new Promise(resolve => {
      const settle = (result: HttpAnswer | Failed): void => {
        clearTimeout(deadline);
        clearInterval(watch);
        if (result.kind === 'failed') this.#socket.destroy();
        resolve(result);
      };
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const all = { host: this.#host, 'accept-encoding': 'identity', ...headers, ...length };
      const asking = request({ agent: this.#agent, method, path, headers: all, maxHeaderSize: maxHead });
      const deadline = setTimeout(() => settle(this.#tooLate()), Math.max(1, left));
      const watch = setInterval(() => {
        if (this.#socket.bytesRead > readTo) settle(tooMuch(most));
      }, watchEvery);
      asking.on('error', (error: Error) => settle(httpFailure(error)));
      asking.on('upgrade', () => settle(failed('refused', 'wants another protocol')));
      asking.on('response', response => void bodyOf(response, most, this.#share).then(settle));
      asking.end(body);
    });
  }
}

const tooMuch = (most: number): Failed => failed('reset', `answers with more than ${most} bytes`);

/** Errors of the HTTP parser are the device's: it does not speak HTTP. */
function httpFailure(error: Error): Failed {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code.startsWith('HPE_')) return failed('refused', `does not answer in HTTP: ${error.message.slice(0, 200)}`);
  return code === '' ? failed('reset', error.message.slice(0, 200)) : failureOf(error);
}

function bodyOf(response: IncomingMessage, most: number, share: Share | undefined): Promise<HttpAnswer | Failed> {
  return new Promise(resolve => {
    const {
      'content-type': type = '',
      'content-encoding': packed = 'identity',
      'transfer-encoding': coding = 'chunked',
    } = response.headers;
    if (packed.trim().toLowerCase() !== 'identity' || coding.trim().toLowerCase() !== 'chunked')
      return resolve(failed('refused', 'answers packed, which nobody asked for'));
    const declared = Number(response.headers['content-length'] ?? 0);
    if (declared > most) return resolve(failed('reset', `answers with ${declared} bytes, at most ${most} are taken`));
    let chunks: Buffer[] = [];
    let [length, isShort] = [0, true];
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > most) return resolve(tooMuch(most));
      chunks.push(chunk);
      if (!isShort || share === undefined || Math.max(length, declared) <= shortAnswer) return undefined;
      isShort = false;
      response.pause();
      return void share.take().then(() => response.resume());
    });
    response.on('error', (error: Error) => resolve(httpFailure(error)));
    response.on('end', () => {
      const mediaType = (type.split(';')[0] ?? '').trim().toLowerCase();
      const all = Buffer.concat(chunks);
      chunks = [];
      resolve({
        kind: 'http',
        status: response.statusCode ?? 0,
        type: mediaType,
        body: new Uint8Array(all.buffer, all.byteOffset, all.length),
      });
    });
    return undefined;
  });
}

/** What a status other than success says about the device: it serves no such thing, or not now. */
export function statusFailure({ status, type }: HttpAnswer): Failed {
  if (status >= 300 && status < 400) return failed('refused', `HTTP ${status}: sends us elsewhere, where we do not go`);
  if (status === 401 || status === 403) return failed('refused', `HTTP ${status}: does not let us in`);
  if (status === 429 || status >= 500) return failed('reset', `HTTP ${status}`);
  if (status >= 200 && status < 300) return failed('refused', `HTTP ${status} with ${type.slice(0, 60) || 'no type'}: no Evidence`);
  return failed('refused', `HTTP ${status}: serves no such thing`);
}
