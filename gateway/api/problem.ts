import type { ErrorRequestHandler, Response } from 'express';
import type { core, ZodType } from 'zod';
import { problemCodes } from './contract.ts';
import type { Problem, ProblemCode } from './contract.ts';

/** After how many seconds to ask again, where the one who throws does not know better (RFC 9110 §10.2.3). */
const usualRetrySeconds = 10;

/** Thrown by a route to answer with a problem, RFC 9457. `retrySeconds`: when it may be otherwise; for `too-many` and `unavailable`. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly retrySeconds: number | undefined;
  constructor(code: ProblemCode, detail: string, retrySeconds?: number) {
    super(detail);
    this.code = code;
    this.retrySeconds = retrySeconds;
  }
}

/** Each 429 and 503 says when to ask again. */
function sendProblem(response: Response, code: ProblemCode, detail: string, retrySeconds = usualRetrySeconds): void {
  const { status, title } = problemCodes[code];
  if (status === 429 || status === 503) response.set('Retry-After', String(Math.max(1, Math.ceil(retrySeconds))));
  const problem: Problem = { type: 'about:blank', title, status, detail, code };
  response.status(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Checks a body. Throws ProblemError `bad-request`, which names the field and never repeats the body. */
export function readBody<T>(schema: ZodType<T>, body: unknown): T {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const issue = plainest(read.error.issues);
  const field = issue?.path.join('.') ?? '';
  throw new ProblemError(
    'bad-request',
    `Cannot read the request${field === '' ? '' : `, field ${field}`}: ${issue?.message ?? 'no JSON object'}`,
  );
}

/** The first thing that is wrong; of a choice, in the way of it that comes nearest. */
function plainest(issues: readonly core.$ZodIssue[]): core.$ZodIssue | undefined {
  const [issue] = issues;
  if (issue?.code !== 'invalid_union') return issue;
  const nearest = issue.errors.toSorted((a, b) => a.length - b.length)[0];
  const inner = nearest === undefined ? undefined : plainest(nearest);
  return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] };
}

const statusOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' ? error.status : 500;

/** Turns what a route threw into a problem. What we did not expect is our defect: logged, and told without detail. */
export function problemHandler(log: (line: string) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof ProblemError) return sendProblem(response, error.code, error.message, error.retrySeconds);
    const status = statusOf(error);
    if (status === 413)
      return sendProblem(response, 'too-large', 'Cannot read the request: it is larger than 64 kB (a file of reference values: 1 MB)');
    if (status >= 400 && status < 500)
      return sendProblem(
        response,
        'bad-request',
        error instanceof URIError ? 'Cannot read the address: an escape in it is wrong' : 'Cannot read the request: it is no JSON object',
      );
    log(`api: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return sendProblem(response, 'failed', 'Cannot answer: the gateway failed; see its log');
  };
}
