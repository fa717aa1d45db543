import type { UserRole } from '../model/person.ts';
import { AccountBook, type AccountStore, maxAccounts, type Refusal, roleIn } from './accounts.ts';
import type { SessionState, Users } from './contract.ts';
import { Invitations } from './invitations.ts';
import { Limiter } from './limiter.ts';
import { BusyError, hashPassword, isPassword } from './password.ts';
import { Sessions } from './sessions.ts';
import type { Session } from './sessions.ts';
import { isSetupCode, makeSetupCode } from './setup-code.ts';

/** How an attempt to sign in ended. `id` is the secret of the session's cookie. */
export type SignIn =
  | { readonly ok: true; readonly id: string; readonly user: string; readonly role: UserRole }
  | {
      readonly ok: false;
      readonly why: 'wrong-credentials' | 'too-many' | 'conflict' | 'unavailable';
      readonly detail: string;
      readonly retrySeconds?: number;
    };

const wrong = { ok: false, why: 'wrong-credentials', detail: 'Cannot sign in: name, password or code is wrong' } as const;
/** Others wait for their passwords to be checked: each takes 30 ms. */
const busySeconds = 1;
const taken = {
  ok: false,
  why: 'conflict',
  detail: 'Cannot open an account: no one-time code stands; have one made with sallyport user add',
} as const;

/** Accounts, the one-time codes that open one, and who is signed in. */
export class Auth {
  /** Accounts with their roles, and tokens. */
  readonly book: AccountBook;
  readonly #sessions = new Sessions();
  readonly #invitations = new Invitations();
  /** Attempts from one address, and from all together, in a minute. 80 bits of code stand behind it. */
  readonly #attempts = new Limiter(5, 60);
  #setupCode: string | undefined;
  #changed: () => void = () => undefined;

  private constructor(book: AccountBook) {
    this.book = book;
    if (book.accounts.length === 0) this.#setupCode = makeSetupCode();
  }

  /** Called whenever somebody may do less or more than before: what is open to him must know at once. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Reads the accounts. Rejects when the store cannot be read. */
  static async open(store: AccountStore): Promise<Auth> {
    return new Auth(await AccountBook.open(store));
  }

  /** The one-time code to print; undefined when there is an account. Never stored: a restart before its use makes another. */
  get setupCode(): string | undefined {
    return this.#setupCode;
  }

  /** Opens an account with a one-time code, which is then used up, and signs in: the first with the code of the start, others with the code for their name. */
  async setUp(code: string, user: string, password: string, from: string, now: number): Promise<SignIn> {
    const first = this.#setupCode;
    if (first === undefined && this.#invitations.pending(now).length === 0) return taken;
    if (!this.#attempts.take(from, now)) return this.#tooMany(from, now);
    const used = first !== undefined && isSetupCode(code, first) ? this.#takeFirst(first) : this.#invitations.take(user, code, now);
    if (used === undefined) return wrong;
    // Used up before the first await: two requests with the same code make one account.
    try {
      await this.book.add({ user, password: await hashPassword(password), createdAt: now, role: used.role });
    } catch (error) {
      used.giveBack();
      if (error instanceof BusyError) return { ok: false, why: 'unavailable', detail: error.message, retrySeconds: busySeconds };
      throw error;
    }
    this.#setupCode = undefined;
    this.#attempts.clear(from);
    return { ok: true, id: this.#sessions.start(user, now), user, role: used.role };
  }

  /** Who sets the gateway up is its first admin. */
  #takeFirst(code: string): { readonly role: UserRole; readonly giveBack: () => void } {
    this.#setupCode = undefined;
    return { role: 'admin', giveBack: () => (this.#setupCode = code) };
  }

  /** A one-time code with which somebody opens an account of this name and role; or why there is none. */
  invite(user: string, role: UserRole, now: number): { readonly code: string } | Refusal {
    if (this.book.find(user) !== undefined) return { problem: 'there is an account of that name; remove it first' };
    if (this.book.accounts.length >= maxAccounts) return { problem: `there are ${maxAccounts} accounts` };
    return { code: this.#invitations.make(user, role, now) };
  }

  /** Takes an account and its code away, and ends its sessions. False when nobody has this name. */
  async remove(user: string): Promise<boolean | Refusal> {
    const isInvited = this.#invitations.revoke(user);
    const removing = this.book.remove(user);
    // Before it is on the disk: who is removed is out at once.
    if (this.book.find(user) === undefined) this.#sessions.endAllOf(user);
    this.#changed();
    const removed = await removing;
    return removed === false ? isInvited : removed;
  }

  /** Gives an account another role, which counts for what is open at once. False when nobody has this name. */
  async setRole(user: string, role: UserRole): Promise<boolean | Refusal> {
    const setting = this.book.setRole(user, role);
    this.#changed();
    return setting;
  }

  /** Who has an account, who may open one, and the tokens of programs. */
  users(now: number): Users {
    return {
      accounts: this.book.accounts.map(account => ({ user: account.user, createdAt: account.createdAt, role: roleIn(account) })),
      invited: this.#invitations.pending(now),
      tokens: this.book.tokens(),
    };
  }

  async signIn(user: string, password: string, from: string, now: number): Promise<SignIn> {
    if (!this.#attempts.take(from, now)) return this.#tooMany(from, now);
    const account = this.book.find(user);
    try {
      if (!(await isPassword(password, account?.password))) return wrong;
    } catch (error) {
      if (error instanceof BusyError) return { ok: false, why: 'unavailable', detail: error.message, retrySeconds: busySeconds };
      throw error;
    }
    const role = this.book.roleOf(user);
    if (role === undefined) return wrong; // removed while the password was looked at
    this.#attempts.clear(from);
    return { ok: true, id: this.#sessions.start(user, now), user, role };
  }

  #tooMany(from: string, now: number): SignIn {
    const retrySeconds = Math.ceil(this.#attempts.wait(from, now) / 1000);
    return { ok: false, why: 'too-many', detail: `Cannot sign in: too many attempts; wait ${retrySeconds} s`, retrySeconds };
  }

  signOut(id: string): void {
    this.#sessions.end(id);
  }

  /** The session of a cookie, counted as used. */
  session(id: string | undefined, now: number): Session | undefined {
    return id === undefined ? undefined : this.#sessions.use(id, now);
  }

  /** As what a cookie is still good, without counting it as used; undefined when it is not. */
  roleOf(id: string, now: number): UserRole | undefined {
    const session = this.#sessions.peek(id, now);
    return session === undefined ? undefined : this.book.roleOf(session.user);
  }

  state(id: string | undefined, now: number): SessionState {
    const session = this.session(id, now);
    const role = session === undefined ? undefined : this.book.roleOf(session.user);
    if (session !== undefined && role !== undefined) return { state: 'signed-in', user: session.user, role };
    return { state: this.#setupCode === undefined ? 'signed-out' : 'setup' };
  }
}
