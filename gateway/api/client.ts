import { type IncomingHttpHeaders, request } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { apiPath, ownRequestHeader } from './contract.ts';
import type { Problem } from './contract.ts';

/** The header by which the CLI says who typed; the gateway believes it on the control socket only. */
const localUserHeader = 'x-sallyport-user';

/** The gateway's refusal, or that it does not answer. */
export class ClientError extends Error {
  readonly code: Problem['code'] | 'unreachable';
  constructor(code: Problem['code'] | 'unreachable', message: string) {
    super(message);
    this.code = code;
  }
}

/** What the gateway answered. */
export type Answer = { readonly text: string; readonly headers: IncomingHttpHeaders };

/** Asks a running gateway over its control socket. */
export class Client {
  readonly #socketPath: string;
  readonly #user: string | undefined;

  constructor(socketPath: string, user?: string) {
    this.#socketPath = socketPath;
    this.#user = user;
  }

  /** The answer as text. Throws ClientError. */
  async ask(method: 'GET' | 'POST', path: string, body?: object): Promise<string> {
    return (await this.answer(method, path, body)).text;
  }

  /** The answer with its headers; waits for it as long as said. Throws ClientError. */
  answer(method: 'GET' | 'POST', path: string, body?: object, timeout = 30_000): Promise<Answer> {
    return this.#send(method, path, body, timeout);
  }

  #send(method: 'GET' | 'POST', path: string, body: object | undefined, timeout: number, take?: (text: string) => void): Promise<Answer> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      [ownRequestHeader]: '1',
      ...(this.#user === undefined ? {} : { [localUserHeader]: this.#user }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new ClientError('unreachable', this.#unreachable(error)));
      const asked = request({ socketPath: this.#socketPath, path: `${apiPath}${path}`, method, headers, agent: false, timeout });
      asked.on('error', fail);
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeout / 1000} s`)));
      asked.on('response', response => {
        const parts: Buffer[] = [];
        const decoder = new StringDecoder('utf8');
        const isTaken = take !== undefined && response.statusCode === 200;
        response.on('data', (part: Buffer) => (isTaken ? take(decoder.write(part)) : parts.push(part)));
        response.on('error', fail);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          if (response.statusCode === 200) resolve({ text, headers: response.headers });
          else reject(refusal(text, response.statusCode ?? 0));
        });
      });
      asked.end(sent);
    });
  }

  /** Hands an answer over piece by piece, for what may be longer than a text can be. Throws ClientError. */
  async stream(path: string, take: (text: string) => void): Promise<void> {
    await this.#send('GET', path, undefined, 30_000, take);
  }

  /** The answer as JSON; `T` is what the contract says of this route. Throws ClientError. */
  async json<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    return JSON.parse(await this.ask(method, path, body)) as T; // our own gateway, checked by the tests of the API
  }

  #unreachable(error: Error): string {
    const code = 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return `Cannot reach the gateway: it does not run on ${this.#socketPath}; see --data`;
    if (code === 'EACCES') return `Cannot reach the gateway: only root may open ${this.#socketPath}`;
    return `Cannot reach the gateway on ${this.#socketPath}: ${error.message}`;
  }
}

function refusal(text: string, status: number): ClientError {
  try {
    const problem = JSON.parse(text) as Problem; // our own gateway
    return new ClientError(problem.code, problem.detail);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new ClientError('failed', `Cannot read the answer of the gateway: status ${status}`);
  }
}
