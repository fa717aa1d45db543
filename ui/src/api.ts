import { apiPath, ownRequestHeader } from '../../gateway/api/contract.ts';
import type { Problem } from '../../gateway/api/contract.ts';

/** What the gateway answered instead of what was asked for; `unreachable` when it did not answer. */
export class RequestError extends Error {
  readonly code: Problem['code'] | 'unreachable';
  /** When it may be otherwise, as the gateway says (Retry-After). */
  readonly retrySeconds: number | undefined;
  constructor(code: Problem['code'] | 'unreachable', detail: string, retrySeconds?: number) {
    super(detail);
    this.code = code;
    this.retrySeconds = retrySeconds;
  }
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && typeof value.detail === 'string';

/** Asks the gateway. `T` is what the contract says of this route. Throws RequestError. */
export async function ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers[ownRequestHeader] = '1';
  if (body !== undefined) headers['content-type'] = 'application/json';
  const request: RequestInit = { method, headers, signal: AbortSignal.timeout(15_000) };
  if (body !== undefined) request.body = JSON.stringify(body);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`${apiPath}${path}`, request);
    answer = await response.json();
  } catch (error) {
    throw new RequestError('unreachable', `Cannot reach the gateway: ${error instanceof Error ? error.message : 'no answer'}`);
  }
  if (response.ok) return answer as T; // the contract of this route, checked by the tests of the API
  const said = response.headers.get('retry-after');
  throw isProblem(answer)
    ? new RequestError(answer.code, answer.detail, said !== null && /^\d{1,6}$/.test(said) ? Number(said) : undefined)
    : new RequestError('failed', `Cannot read the answer: status ${response.status}`);
}
