import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { apiPath, ownRequestHeader } from './contract.ts';
import type { Problem } from './contract.ts';

/** The header by which the CLI says who typed; the gateway believes it on the control socket only. */
const localUserHeader = 'x-sallyport-user';

/** The gateway's refusal, or that it does not answer. */
export class ClientError extends Error {
  readonly code: Problem['code'] | 'unreachable';
  /** When it may be otherwise, as the gateway says (Retry-After). */
  readonly retrySeconds: number | undefined;
  constructor(code: Problem['code'] | 'unreachable', message: string, retrySeconds?: number) {
    super(message);
    this.code = code;
    this.retrySeconds = retrySeconds;
  }
}

/** A busy gateway is asked again so often, and waited for at most so long each time; only for what changes nothing. */
const maxRetries = 3;
const maxRetrySeconds = 30;

/** What the gateway answered. */
export type Answer = { readonly text: string; readonly headers: IncomingHttpHeaders };

/** Asks a running gateway over its control socket. */
export class Client {
  readonly #socketPath: string;
  readonly #user: string | undefined;
  readonly #waitFor: ((seconds: number) => Promise<unknown>) | undefined;

  /** `waitFor` waits so many seconds before a busy gateway is asked again; absent: it is not. */
  constructor(socketPath: string, user?: string, waitFor?: (seconds: number) => Promise<unknown>) {
    this.#socketPath = socketPath;
    this.#user = user;
    this.#waitFor = waitFor;
  }

  /** The answer as text. Throws ClientError. */
  async ask(method: 'GET' | 'POST', path: string, body?: object): Promise<string> {
    return (await this.answer(method, path, body)).text;
  }

  /** The answer with its headers; waits for it as long as said. Throws ClientError. */
  async answer(method: 'GET' | 'POST', path: string, body?: object, timeout = 30_000): Promise<Answer> {
    for (let left = method === 'GET' ? maxRetries : 0; ; left -= 1) {
      try {
        return await this.#send(method, path, body, timeout);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        const { retrySeconds = Infinity } = error;
        if (this.#waitFor === undefined || left <= 0 || retrySeconds > maxRetrySeconds) throw error;
        await this.#waitFor(retrySeconds);
      }
    }
  }

  #send(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    timeout: number,
    take?: (text: string) => Promise<void>,
  ): Promise<Answer> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      [ownRequestHeader]: '1',
      ...(this.#user === undefined ? {} : { [localUserHeader]: this.#user }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(error instanceof ClientError ? error : new ClientError('unreachable', this.#unreachable(error)));
      const asked = request({ socketPath: this.#socketPath, path: `${apiPath}${path}`, method, headers, agent: false, timeout });
      asked.on('error', fail);
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeout / 1000} s`)));
      asked.on('response', response => {
        if (take !== undefined && response.statusCode === 200) {
          // Whoever takes may be slow: while he is waited for, the gateway is not late.
          const patiently = async (text: string): Promise<void> => {
            asked.setTimeout(0);
            await take(text);
            asked.setTimeout(timeout);
          };
          response.setEncoding('utf8');
          handOver(response, patiently).then(() => resolve({ text: '', headers: response.headers }), fail);
          return;
        }
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => void parts.push(part));
        response.on('error', fail);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          if (response.statusCode === 200) resolve({ text, headers: response.headers });
          else reject(refusal(text, response));
        });
      });
      asked.end(sent);
    });
  }

  /** Hands an answer over piece by piece, the next when the one before was taken: it may be longer than memory. Throws ClientError. */
  async stream(path: string, take: (text: string) => Promise<void>, timeout = 30_000): Promise<void> {
    await this.#send('GET', path, undefined, timeout, take);
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

async function handOver(response: IncomingMessage, take: (text: string) => Promise<void>): Promise<void> {
  for await (const piece of response) await take(String(piece));
}

function refusal(text: string, { statusCode = 0, headers }: IncomingMessage): ClientError {
  try {
    const problem = JSON.parse(text) as Problem; // our own gateway
    const said = headers['retry-after'];
    const retrySeconds = said !== undefined && /^\d{1,6}$/.test(said) ? Number(said) : undefined;
    return new ClientError(problem.code, problem.detail, retrySeconds);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new ClientError('failed', `Cannot read the answer of the gateway: status ${statusCode}`);
  }
}
