import type { ErrorRequestHandler, Response } from 'express';
import type { core, ZodType } from 'zod';
import { problemCodes } from './contract.ts';
import type { Problem, ProblemCode } from './contract.ts';

/** Thrown by a route to answer with a problem, RFC 9457. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

export function sendProblem(response: Response, code: ProblemCode, detail: string): void {
  const { status, title } = problemCodes[code];
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
    if (error instanceof ProblemError) return sendProblem(response, error.code, error.message);
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
