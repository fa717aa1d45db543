import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RuleSet } from '../../model/rule-set.ts';
import { hashRuleSet } from '../../quarantine/hash.ts';
import { render } from '../../quarantine/render.ts';

/** Below the data folder: the enforcer's own, and nobody else's to write. */
export const keptFolder = 'enforced';
/** What `sallyport early` loads after a restart of the machine; absent while nobody is held or cut. */
export const keptFile = 'rules.nft';
/** Between two writes, so that flash lives and a flood of devices is a few of them. Milliseconds. */
const writeEvery = 5_000;

/**
 * What is in force, kept for the next boot: the text of our table, with its checksum in the last line. Written by the process that brings it into force, so that
 * who loads it has to believe nobody who hears users or strangers. At each instant the file is whole: written beside, synced, renamed.
 */
export class KeptRules {
  readonly #folder: string;
  readonly #complain: (problem: string) => void;
  #wanted: RuleSet | undefined;
  #written: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, complain: (problem: string) => void) {
    this.#folder = folder;
    this.#complain = complain;
  }

  /** This is in force now. It is on disk soon, at once after a quiet time; and when `stop` returns. */
  keep(ruleSet: RuleSet): void {
    if (this.#wanted === ruleSet) return;
    this.#wanted = ruleSet;
    if (this.#timer !== undefined) return;
    // First what was asked for is done and told, then it is written.
    const write = (): void => {
      this.#timer = this.#write() ? setTimeout(write, writeEvery) : undefined;
    };
    this.#timer = setTimeout(write, 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#write();
  }

  /** True iff there was news. What cannot be written is said, and the older file stays: who was held is held at the next boot. */
  #write(): boolean {
    const ruleSet = this.#wanted;
    if (ruleSet === undefined) return false;
    const hash = hashRuleSet(ruleSet);
    if (hash === this.#written) return false;
    this.#written = hash;
    try {
      writeKept(this.#folder, ruleSet);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      [this.#written, this.#wanted] = [undefined, undefined]; // tried again when it is read back next, within a minute
      this.#complain(`Cannot keep what is in force for a restart of this machine: ${error.message}`);
    }
    return true;
  }
}

/** Durable when it returns. A RuleSet that holds nobody leaves no file: the next boot is a cable. Throws a system error. */
function writeKept(folder: string, ruleSet: RuleSet): void {
  const path = join(folder, keptFile);
  if (ruleSet.enforced.length === 0) rmSync(path, { force: true });
  else {
    const text = `# RuleSet ${hashRuleSet(ruleSet)} as it was in force on ${ruleSet.bridge}; \`sallyport early\` loads it\n${render(ruleSet)}`;
    const temporary = join(folder, `.${keptFile}.tmp`);
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${text}# sha256 ${createHash('sha256').update(text).digest('hex')}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  }
  const open = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}

/**
 * Makes the enforcer's folder in the data folder, as root, and returns a descriptor of it: the enforcer may not pass the data folder itself. The data folder is
 * the gateway's, who hears strangers: what stands there under that name is used only where it is a folder of root or of the enforcer, and is no link. Without it
 * the gateway does all but keep: undefined, and `warn` is told.
 */
export function openKept(data: string, user: number, warn: (line: string) => void): number | undefined {
  const path = join(data, keptFolder);
  try {
    if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const { uid } = fstatSync(folder);
    if (uid === 0 || uid === user) {
      fchownSync(folder, user, user);
      fchmodSync(folder, 0o700);
      return folder;
    }
    closeSync(folder);
    warn(`Cannot keep what is enforced for a restart of this machine: ${path} belongs to user ${uid}`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    warn(`Cannot keep what is enforced for a restart of this machine: ${error.message}`);
  }
  return undefined;
}

/** Settings that enforce nothing any more: the next boot holds nobody. What is in the kernel stays. */
export function forgetKept(data: string, user: number, warn: (line: string) => void): void {
  const folder = existsSync(join(data, keptFolder)) ? openKept(data, user, warn) : undefined;
  if (folder === undefined) return;
  try {
    rmSync(join(`/proc/self/fd/${folder}`, keptFile), { force: true });
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
