import type { UserRole } from '../model/person.ts';
import { isSetupCode, makeSetupCode } from './setup-code.ts';

/** How long a one-time code opens an account. Milliseconds. */
export const invitationMs = 86_400_000;

/**
 * One-time codes that open an account under a given name and role, in memory only: a restart makes them void. The local administrator makes them;
 * at most `max` stand, the oldest gives way, and each ends after a day.
 */
export class Invitations {
  static readonly max = 32;
  readonly #codes = new Map<string, { readonly code: string; readonly role: UserRole; readonly until: number }>();

  /** A new code for a name; one that stood for it before is void. */
  make(user: string, role: UserRole, now: number): string {
    const code = makeSetupCode();
    this.#codes.delete(user);
    this.#codes.set(user, { code, role, until: now + invitationMs });
    const [oldest] = this.#codes.keys();
    if (this.#codes.size > Invitations.max && oldest !== undefined) this.#codes.delete(oldest);
    return code;
  }

  /** As what this code opens an account of this name; undefined when it does not. It is used up then, before anybody else can show it; `giveBack` undoes that. */
  take(user: string, code: string, now: number): { readonly role: UserRole; readonly giveBack: () => void } | undefined {
    const found = this.#codes.get(user);
    if (found === undefined || now >= found.until || !isSetupCode(code, found.code)) return undefined;
    this.#codes.delete(user);
    return { role: found.role, giveBack: () => void this.#codes.set(user, found) };
  }

  /** True iff there was one. */
  revoke(user: string): boolean {
    return this.#codes.delete(user);
  }

  /** Names that may still open an account, and as what. */
  pending(now: number): readonly { readonly user: string; readonly role: UserRole }[] {
    return [...this.#codes].filter(([, { until }]) => now < until).map(([user, { role }]) => ({ user, role }));
  }
}
