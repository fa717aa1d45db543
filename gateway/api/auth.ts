import { z } from 'zod';
import type { SessionState, Users } from './contract.ts';
import { Invitations } from './invitations.ts';
import { Limiter } from './limiter.ts';
import { BusyError, hashPassword, isPassword } from './password.ts';
import type { PasswordHash } from './password.ts';
import { Sessions } from './sessions.ts';
import type { Session } from './sessions.ts';
import { isSetupCode, makeSetupCode } from './setup-code.ts';

export type Account = { readonly user: string; readonly password: PasswordHash; readonly createdAt: number };
export type Accounts = { readonly accounts: readonly Account[] };

/** Where accounts are kept; `main` hands over a file of mode 0600. `read` gives null when there is none yet; `write` resolves when they are on the disk. */
export type AccountStore = { read(): Promise<Accounts | null>; write(accounts: Accounts): Promise<void> };

/** As many as the file of accounts may have. */
const maxAccounts = 256;
const accountsSchema = z.strictObject({
  accounts: z
    .array(
      z.strictObject({
        user: z.string().min(1).max(64),
        password: z.strictObject({
          alg: z.literal('argon2id'),
          memoryKiB: z.int().min(8_192).max(262_144),
          passes: z.int().min(1).max(16),
          salt: z.string().min(16).max(128),
          tag: z.string().min(22).max(128),
        }),
        createdAt: z.int(),
      }),
    )
    .max(maxAccounts),
});
/** Checks the shape of stored accounts. Throws when it is wrong: better not to start than to let the next caller set up anew. */
export const parseAccounts = (value: unknown): Accounts => accountsSchema.parse(value);

/** How an attempt to sign in ended. `id` is the secret of the session's cookie. */
export type SignIn =
  | { readonly ok: true; readonly id: string; readonly user: string }
  | { readonly ok: false; readonly why: 'wrong-credentials' | 'too-many' | 'conflict' | 'unavailable'; readonly detail: string };

const wrong = { ok: false, why: 'wrong-credentials', detail: 'Cannot sign in: name, password or code is wrong' } as const;
const tooMany = { ok: false, why: 'too-many', detail: 'Cannot sign in: too many attempts; wait a minute' } as const;
const taken = {
  ok: false,
  why: 'conflict',
  detail: 'Cannot open an account: no one-time code stands; have one made with sallyport user add',
} as const;

/** Accounts, the one-time codes that open one, and who is signed in. */
export class Auth {
  readonly #store: AccountStore;
  readonly #sessions = new Sessions();
  readonly #invitations = new Invitations();
  /** Attempts from one address, and from all together, in a minute. 80 bits of code stand behind it. */
  readonly #attempts = new Limiter(5, 60);
  #accounts: readonly Account[];
  #setupCode: string | undefined;

  private constructor(store: AccountStore, accounts: readonly Account[]) {
    this.#store = store;
    this.#accounts = accounts;
    if (accounts.length === 0) this.#setupCode = makeSetupCode();
  }

  /** Reads the accounts. Rejects when the store cannot be read. */
  static async open(store: AccountStore): Promise<Auth> {
    return new Auth(store, (await store.read())?.accounts ?? []);
  }

  /** The one-time code to print; undefined when there is an account. Never stored: a restart before its use makes another. */
  get setupCode(): string | undefined {
    return this.#setupCode;
  }

  /** Opens an account with a one-time code, which is then used up, and signs in: the first with the code of the start, others with the code for their name. */
  async setUp(code: string, user: string, password: string, from: string, now: number): Promise<SignIn> {
    const first = this.#setupCode;
    if (first === undefined && this.#invitations.pending(now).length === 0) return taken;
    if (!this.#attempts.take(from, now)) return tooMany;
    const used = first !== undefined && isSetupCode(code, first) ? this.#takeFirst(first) : this.#invitations.take(user, code, now);
    if (used === undefined) return wrong;
    // Used up before the first await: two requests with the same code make one account.
    try {
      await this.#add({ user, password: await hashPassword(password), createdAt: now });
    } catch (error) {
      used.giveBack();
      if (error instanceof BusyError) return { ok: false, why: 'unavailable', detail: error.message };
      throw error;
    }
    this.#setupCode = undefined;
    this.#attempts.clear(from);
    return { ok: true, id: this.#sessions.start(user, now), user };
  }

  #takeFirst(code: string): { readonly giveBack: () => void } {
    this.#setupCode = undefined;
    return { giveBack: () => (this.#setupCode = code) };
  }

  /** Known at once, so that of two at the same time neither is lost; the store writes one after the other. */
  async #add(account: Account): Promise<void> {
    this.#accounts = [...this.#accounts, account];
    try {
      await this.#store.write({ accounts: this.#accounts });
    } catch (error) {
      this.#accounts = this.#accounts.filter(each => each !== account);
      throw error;
    }
  }

  /** A one-time code with which somebody opens an account of this name; or why there is none. */
  invite(user: string, now: number): { readonly code: string } | { readonly problem: string } {
    if (this.#accounts.some(each => each.user === user)) return { problem: 'there is an account of that name; remove it first' };
    if (this.#accounts.length >= maxAccounts) return { problem: `there are ${maxAccounts} accounts` };
    return { code: this.#invitations.make(user, now) };
  }

  /** Takes an account and its code away, and ends its sessions. False when nobody has this name. */
  async remove(user: string): Promise<boolean> {
    const isInvited = this.#invitations.revoke(user);
    const left = this.#accounts.filter(each => each.user !== user);
    if (left.length === this.#accounts.length) return isInvited;
    this.#accounts = left;
    this.#sessions.endAllOf(user);
    await this.#store.write({ accounts: left });
    return true;
  }

  /** Who has an account, and who may open one. */
  users(now: number): Users {
    return { accounts: this.#accounts.map(({ user, createdAt }) => ({ user, createdAt })), invited: this.#invitations.pending(now) };
  }

  async signIn(user: string, password: string, from: string, now: number): Promise<SignIn> {
    if (!this.#attempts.take(from, now)) return tooMany;
    const account = this.#accounts.find(each => each.user === user);
    try {
      if (!(await isPassword(password, account?.password))) return wrong;
    } catch (error) {
      if (error instanceof BusyError) return { ok: false, why: 'unavailable', detail: error.message };
      throw error;
    }
    this.#attempts.clear(from);
    return { ok: true, id: this.#sessions.start(user, now), user };
  }

  signOut(id: string): void {
    this.#sessions.end(id);
  }

  /** The session of a cookie, counted as used. */
  session(id: string | undefined, now: number): Session | undefined {
    return id === undefined ? undefined : this.#sessions.use(id, now);
  }

  /** Whether a cookie is still good, without counting it as used. */
  isSignedIn(id: string, now: number): boolean {
    return this.#sessions.peek(id, now) !== undefined;
  }

  state(id: string | undefined, now: number): SessionState {
    const session = this.session(id, now);
    if (session !== undefined) return { state: 'signed-in', user: session.user };
    return { state: this.#setupCode === undefined ? 'signed-out' : 'setup' };
  }
}
