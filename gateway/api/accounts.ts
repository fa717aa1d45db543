import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Millis } from '../model/address.ts';
import { mayDo, type UserRole, userRoles } from '../model/person.ts';
import type { Users } from './contract.ts';
import type { PasswordHash } from './password.ts';

/** `role` absent: the account is older than roles, whose holders could do everything. */
export type Account = { readonly user: string; readonly password: PasswordHash; readonly createdAt: number; readonly role?: UserRole };
export const roleIn = ({ role: said }: Account): UserRole => said ?? 'admin';
/** What a program signs in with; only the SHA-256 of its secret is kept, in hexadecimal digits. It ends at `until`. */
export type Token = {
  readonly name: string;
  readonly role: UserRole;
  readonly sha256: string;
  readonly by: string;
  readonly createdAt: Millis;
  readonly until: Millis;
};
export type Accounts = { readonly accounts: readonly Account[]; readonly tokens?: readonly Token[] };

/** Where accounts are kept; `main` hands over a file of mode 0600. `read` gives null when there is none yet; `write` resolves when they are on the disk. */
export type AccountStore = { read(): Promise<Accounts | null>; write(accounts: Accounts): Promise<void> };

/** As many as the file may have. */
export const maxAccounts = 256;
export const maxTokens = 64;
const role = z.enum(userRoles);
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
        role: role.exactOptional(),
      }),
    )
    .max(maxAccounts),
  tokens: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(64),
        role,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        by: z.string().max(64),
        createdAt: z.int(),
        until: z.int(),
      }),
    )
    .max(maxTokens)
    .exactOptional(),
});
/** Checks the shape of stored accounts. Throws when it is wrong: better not to start than to let the next caller set up anew. */
export const parseAccounts = (value: unknown): Accounts => accountsSchema.parse(value);

/** Why something is refused, to stand behind `Cannot …: `. */
export type Refusal = { readonly problem: string };

/** Who is known, in memory and on the disk. What takes something away counts at once, what gives is taken back when it cannot be kept. */
export class AccountBook {
  readonly #store: AccountStore;
  #accounts: readonly Account[];
  #tokens: readonly Token[];
  /** When each token was used last, since the start; capped by `maxTokens`. */
  readonly #used = new Map<string, Millis>();

  private constructor(store: AccountStore, { accounts, tokens = [] }: Accounts) {
    this.#store = store;
    this.#accounts = accounts;
    this.#tokens = tokens;
  }

  /** Rejects when the store cannot be read. */
  static async open(store: AccountStore): Promise<AccountBook> {
    return new AccountBook(store, (await store.read()) ?? { accounts: [] });
  }

  get accounts(): readonly Account[] {
    return this.#accounts;
  }

  find(user: string): Account | undefined {
    return this.#accounts.find(each => each.user === user);
  }

  /** The role of somebody who has an account. */
  roleOf(user: string): UserRole | undefined {
    const account = this.find(user);
    return account === undefined ? undefined : roleIn(account);
  }

  /** Known at once, so that of two at the same time neither is lost; the store writes one after the other. */
  async add(account: Account): Promise<void> {
    this.#accounts = [...this.#accounts, account];
    await this.#write(() => (this.#accounts = this.#accounts.filter(each => each !== account)));
  }

  /** True iff there was such an account. Refuses the last admin: nobody could sign in and mend it. */
  async remove(user: string): Promise<boolean | Refusal> {
    if (this.find(user) === undefined) return false;
    if (this.#isLastAdmin(user)) return { problem: 'nobody else is admin; make somebody else admin first' };
    this.#accounts = this.#accounts.filter(each => each.user !== user);
    await this.#write();
    return true;
  }

  /** True iff there is such an account. A role that is less stays so when it cannot be kept. */
  async setRole(user: string, role: UserRole): Promise<boolean | Refusal> {
    const old = this.find(user);
    if (old === undefined) return false;
    if (role !== 'admin' && this.#isLastAdmin(user)) return { problem: 'nobody else is admin; make somebody else admin first' };
    const put = (account: Account): void => void (this.#accounts = this.#accounts.map(each => (each.user === user ? account : each)));
    put({ ...old, role });
    await this.#write(mayDo(role, roleIn(old)) ? () => put(old) : undefined);
    return true;
  }

  /** Without their hashes, which nobody needs to see. */
  tokens(): Users['tokens'] {
    return this.#tokens.map(({ name, role: as, by, createdAt, until }) => {
      const usedAt = this.#used.get(name);
      return { name, role: as, by, createdAt, until, ...(usedAt === undefined ? {} : { usedAt }) };
    });
  }

  /** A new token and its secret, which is told once; those that have ended leave. */
  async makeToken(wanted: Omit<Token, 'sha256'>): Promise<{ readonly secret: string } | Refusal> {
    const { name, createdAt: now } = wanted;
    const standing = this.#tokens.filter(({ until }) => until > now);
    if (standing.some(each => each.name === name)) return { problem: 'there is a token of that name; revoke it first' };
    if (standing.length >= maxTokens) return { problem: `there are ${maxTokens} tokens` };
    const secret = `slp_${randomBytes(32).toString('base64url')}`;
    const made = { ...wanted, sha256: hashOf(secret) };
    this.#used.delete(name);
    this.#tokens = [...standing, made];
    await this.#write(() => (this.#tokens = this.#tokens.filter(each => each !== made)));
    return { secret };
  }

  /** True iff there was such a token. */
  async revokeToken(name: string): Promise<boolean> {
    const left = this.#tokens.filter(each => each.name !== name);
    if (left.length === this.#tokens.length) return false;
    this.#tokens = left;
    this.#used.delete(name);
    await this.#write();
    return true;
  }

  /** The token with this secret, counted as used; undefined when there is none or it has ended. The hash is looked up, so its time tells nothing. */
  token(secret: string, now: Millis): Token | undefined {
    const sha256 = hashOf(secret);
    const found = this.#tokens.find(each => each.sha256 === sha256 && each.until > now);
    if (found !== undefined) this.#used.set(found.name, now);
    return found;
  }

  #isLastAdmin(user: string): boolean {
    const admins = this.#accounts.filter(each => roleIn(each) === 'admin');
    return admins.length === 1 && admins[0]?.user === user;
  }

  async #write(undo: () => unknown = () => undefined): Promise<void> {
    try {
      await this.#store.write({ accounts: this.#accounts, ...(this.#tokens.length === 0 ? {} : { tokens: this.#tokens }) });
    } catch (error) {
      undo();
      throw error;
    }
  }
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
