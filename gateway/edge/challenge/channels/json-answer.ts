import type { z } from 'zod';
import { type Failed, failed } from './channel.ts';
import { type HttpAnswer, statusFailure } from './https.ts';

/** What a device answered in JSON, in this shape; the caller names the fields that it uses. What is none is no Evidence either. */
export function jsonIn<T>(answer: HttpAnswer | Failed, shape: z.ZodType<T>): { readonly kind: 'json'; readonly value: T } | Failed {
  if (answer.kind === 'failed') return answer;
  if (answer.status !== 200 || !/[/+]json$/.test(answer.type)) return statusFailure(answer);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
    return failed('refused', 'answers with what is no JSON');
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return { kind: 'json', value: parsed.data };
  const [issue] = parsed.error.issues;
  return failed('refused', `answers with other fields: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.slice(0, 200));
}
