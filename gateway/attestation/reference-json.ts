import type { ReferenceSet } from '../model/trust.ts';

/** Reading signed JSON of a site strictly: what is not foreseen is refused, and the message names file and field. */

/** A reference-value file cannot be used. The message names file and field. */
export class ReferenceFileError extends Error {
  override readonly name = 'ReferenceFileError';
}

/** UTF-8 JSON. Throws ReferenceFileError. */
export function parseJson(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new ReferenceFileError(`Cannot read ${name}: ${error.message}`);
  }
}

const flagNames = ['notConfigured', 'notSecure', 'recovery', 'debug'] as const;

export function flags(at: string, value: unknown): NonNullable<ReferenceSet['components'][number]['flags']> {
  const found = fields(at, value, [], flagNames);
  const flag = <K extends (typeof flagNames)[number]>(name: K) =>
    given(name, found[name], v => {
      if (typeof v !== 'boolean') throw new ReferenceFileError(`Cannot read ${at} ${name}: ${show(v)}`);
      return v;
    });
  return { ...flag('notConfigured'), ...flag('notSecure'), ...flag('recovery'), ...flag('debug') };
}

export const svn = (at: string, value: unknown): string => pattern(at, value, /^(?:0|[1-9]\d{0,99})$/);
export const octets = (at: string, value: unknown): string => pattern(at, value, /^(?:[0-9a-f]{2}){1,1024}$/);

export function natural(at: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}`);
  return value;
}

/** An instant in UTC, to the second. */
export const instant = (at: string, value: unknown): number => {
  const millis = Date.parse(pattern(at, value, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));
  if (Number.isNaN(millis)) throw new ReferenceFileError(`Cannot read ${at}: ${show(value)} is no instant`);
  return millis;
};

/** The field under its name when it is there, else nothing. */
export function given<K extends string, T>(name: K, value: unknown, read: (value: unknown) => T): { readonly [key in K]?: T };
export function given(name: string, value: unknown, read: (value: unknown) => unknown): { readonly [key: string]: unknown } {
  return value === undefined ? {} : { [name]: read(value) };
}

/** An object with these fields and no others. */
export function fields(
  at: string,
  value: unknown,
  required: readonly string[],
  allowed: readonly string[],
): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}`);
  const found = new Map<string, unknown>(Object.entries(value));
  for (const key of required) if (!found.has(key)) throw new ReferenceFileError(`Cannot read ${at}: field ${key} is missing`);
  for (const key of found.keys())
    if (!required.includes(key) && !allowed.includes(key)) throw new ReferenceFileError(`Cannot read ${at}: unknown field ${show(key)}`);
  return Object.fromEntries(found);
}

export function list<T>(at: string, value: unknown, read: (at: string, value: unknown) => T): readonly T[] {
  if (!Array.isArray(value) || value.length > 10_000) throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}`);
  return value.map((v, i) => read(`${at}[${i}]`, v));
}

export function text(at: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 500) throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}`);
  return value;
}

export function pattern(at: string, value: unknown, wanted: RegExp): string {
  if (typeof value !== 'string' || !wanted.test(value))
    throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}, wanted ${wanted.source}`);
  return value;
}

export const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
