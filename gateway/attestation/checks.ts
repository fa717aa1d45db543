import { type Check, type CheckName, checkNames } from '../model/attestation.ts';
import type { ReasonCode } from '../model/reason.ts';
import { visibleText } from '../model/visible-text.ts';
import { printable } from '../codec/x509-name.ts';

/** What the Verifier fills in; `bound` and `expected` are the machine's. */
const ours = checkNames.filter(name => name !== 'bound' && name !== 'expected');
type OurCheck = Exclude<CheckName, 'bound' | 'expected'>;
type Compared = { readonly expected?: string | undefined; readonly seen?: string | undefined };

/** Longest text of a detail, in UTF-16 units. */
const maxDetail = 1024;
/** Messages and values may hold what the device wrote, so all of it is made visible here, whoever forgot. */
const cut = (text: string): string => visibleText(text.length > maxDetail ? `${text.slice(0, maxDetail - 1)}…` : text);

/** The checks of one piece of Evidence, filled in while it is judged. After a failed one nothing is recorded: the rest is `not-evaluated`. */
export class Checks {
  readonly #done = new Map<CheckName, Check>();
  #failed: Check | undefined;
  #warned: Check | undefined;

  /** The reason that stands: of the failed check, else of the first warning. */
  get reason(): ReasonCode | undefined {
    return (this.#failed ?? this.#warned)?.code;
  }

  get failed(): boolean {
    return this.#failed !== undefined;
  }

  pass(check: OurCheck, detail: string, compared: Compared = {}): void {
    this.add({ check, outcome: 'passed', detail: cut(detail), ...texts(compared) });
  }

  warn(check: OurCheck, code: ReasonCode, detail: string, compared: Compared = {}): void {
    this.add({ check, outcome: 'warned', code, detail: cut(detail), ...texts(compared) });
  }

  fail(check: CheckName, code: ReasonCode, detail: string, compared: Compared = {}): void {
    this.add({ check, outcome: 'failed', code, detail: cut(detail), ...texts(compared) });
  }

  skip(check: OurCheck, detail: string): void {
    this.add({ check, outcome: 'not-evaluated', detail });
  }

  /** Says more of a check that was made; what came of it stays. */
  extend(check: OurCheck, more: string): void {
    const before = this.#done.get(check);
    if (before !== undefined) this.#done.set(check, { ...before, detail: cut(`${before.detail}; ${more}`) });
  }

  /** Those that were made, in the order in which they were made first. */
  made(): readonly Check[] {
    return [...this.#done.values()];
  }

  /** A check that was made elsewhere, on what is the same here. */
  add(found: Check): void {
    if (this.#failed !== undefined) return;
    if (found.outcome === 'warned') this.#warned ??= found;
    const before = this.#done.get(found.check);
    if (before === undefined || gravity[found.outcome] > gravity[before.outcome]) this.#done.set(found.check, found);
    if (found.outcome === 'failed') this.#failed = found;
  }

  /** What came of a check; undefined while it was not made. */
  outcomeOf(check: OurCheck): Check['outcome'] | undefined {
    return this.#done.get(check)?.outcome;
  }

  /** All checks in their order. */
  list(): readonly Check[] {
    const why = this.#failed === undefined ? 'nothing to check it on' : `${this.#failed.check} failed`;
    return ours.map(check => this.#done.get(check) ?? { check, outcome: 'not-evaluated', detail: why });
  }
}

/** A check that was passed may still be found wanting, never the other way round. */
const gravity = { passed: 0, 'not-evaluated': 0, warned: 1, failed: 2 } as const;

const texts = ({ expected, seen }: Compared): { readonly expected?: string; readonly seen?: string } => ({
  ...(expected === undefined ? {} : { expected: cut(expected) }),
  ...(seen === undefined ? {} : { seen: cut(seen) }),
});

/** Text of the device, to stand inside our own. */
export const quote = (text: string): string => printable(text);
