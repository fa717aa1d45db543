import type { AttestationResult, Check } from '../model/attestation.ts';
import { ar4si, worse } from './ar4si.ts';
import { type Checks, quote } from './checks.ts';
import { DecodeError } from '../codec/reader.ts';
import type { Appraisal, Context } from './scheme.ts';

/**
 * What came of a token inside another (RFC 9711 §4.2.18.1), by the path of its submodule; without a result nobody here could judge it. It is judged by its own
 * key, anchor and reference values, and only ever lowers what the token around it is: whoever puts an honest device's token into his own gains nothing by it.
 */
export type Inside = { readonly path: string; readonly result?: AttestationResult };

/** Deepest nesting of tokens in tokens, and most tokens of one Evidence, for each costs a signature. */
const maxDepth = 2;
const maxTokens = 8;

/** How far down we are, and how many tokens may still come: shared by all of one Evidence. */
export type Nesting = { readonly depth: number; readonly budget: { left: number } };
export const outermost = (): Nesting => ({ depth: 0, budget: { left: maxTokens } });

/** One level down for one more token. Throws DecodeError where that is too deep, or one too many. */
export function deeper({ depth, budget }: Nesting): Nesting {
  if (depth >= maxDepth) throw new DecodeError(`Cannot read EAT: tokens nested deeper than ${maxDepth}`);
  if (budget.left-- <= 0) throw new DecodeError(`Cannot read EAT: more than ${maxTokens} tokens in it`);
  return { depth: depth + 1, budget };
}

/** Judged beside the token around it, which answers the challenge. */
export const insideOf = (context: Context): Context =>
  context.freshness.kind === 'nonce' ? { ...context, freshness: { ...context.freshness, isInside: true } } : context;

/** The appraisal of the token around them, lowered by each that is less, with what these measure and who signed it. */
export const loweredBy = (own: Appraisal, inside: readonly Inside[], checks: Checks): Appraisal =>
  inside.reduce((appraisal, one) => lowered(appraisal, one, checks), own);

function lowered(own: Appraisal, { path, result }: Inside, checks: Checks): Appraisal {
  const name = `submodule ${quote(path)}${result?.identity === undefined ? '' : `, signed by ${quote(result.identity.subject)}`}`;
  if (result === undefined) {
    checks.warn('measured', 'NO_MEASUREMENTS', `${name}: an Attestation Result, which is no Evidence`);
    return withWarning(own);
  }
  if (result.status === 'affirming') {
    checks.extend('measured', `${name}: ${result.checks.find(({ check }) => check === 'measured')?.seen ?? 'nothing'}`);
    return {
      ...own,
      digestsSeen: [...own.digestsSeen, ...result.digestsSeen].slice(0, 64),
      digestsExpected: [...own.digestsExpected, ...result.digestsExpected].slice(0, 64),
      referenceSets: [...own.referenceSets, ...result.referenceSets].slice(0, 50),
    };
  }
  const odd = worstOf(result.checks);
  const { check, code, detail, expected, seen } = odd;
  if (check === undefined || check === 'bound' || check === 'expected' || code === undefined) return withWarning(own);
  // Nobody here knows who made the part: it has proved nothing, and failed nothing.
  if (result.status !== 'contraindicated' || code === 'CHAIN_UNTRUSTED') {
    checks.warn(check, code, `${name}: ${detail}`, { expected, seen });
    return withWarning(own);
  }
  checks.fail(check, code, `${name}: ${detail}`, { expected, seen });
  const vector = { ...own.vector, executables: ar4si.contraindicated };
  return { ...own, status: 'contraindicated', assurance: own.assurance > 3 ? 3 : own.assurance, vector };
}

const withWarning = (own: Appraisal): Appraisal => ({
  ...own,
  status: worse(own.status, 'warning'),
  assurance: own.assurance > 4 ? 4 : own.assurance,
  vector: { ...own.vector, executables: Math.max(own.vector.executables ?? 0, ar4si.unrecognisedExecutables) },
});

/** The check that failed, else the first that warned. */
const worstOf = (checks: readonly Check[]): Partial<Check> =>
  checks.find(({ outcome }) => outcome === 'failed') ?? checks.find(({ outcome }) => outcome === 'warned') ?? {};
