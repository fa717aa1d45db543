import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Hex } from '../../model/address.ts';
import type { Settings } from '../../model/settings.ts';
import type { TrustMaterial } from '../../model/trust.ts';
import type { BroughtTrust } from '../brought-trust.ts';
import { loadPolicy } from '../../policy/load.ts';
import type { Policy, PolicyFile } from '../../policy/policy.ts';
import { JsonFile } from './json-file.ts';
import { KeptTrust } from './kept-trust.ts';
import { readPolicyFiles } from './policy-files.ts';
import type { TrustRead } from './trust-files.ts';

/** What is to be said of files: what refuses them, and what does not. */
type Said = { readonly problems: readonly string[]; readonly notes: readonly string[] };
type Kept = { readonly files: readonly PolicyFile[] };

/** The policy and the trust in force. Files with an error are refused whole and the last good ones stay, also over a restart (`policy-in-force.json`, `trust-in-force.json`). */
export class PolicyKeeper {
  readonly #settings: Settings;
  readonly #kept: JsonFile<Kept>;
  readonly #keptTrust: KeptTrust;
  readonly #log: (line: string) => void;
  #policy: Policy;
  #files: readonly string[];
  #said: Said = { problems: [], notes: [] };
  #trustSaid: Said = { problems: [], notes: [] };
  #trust: TrustMaterial = { anchors: [], referenceSets: [] };
  #fromFiles: TrustMaterial = { anchors: [], referenceSets: [] };
  /** False while `#fromFiles` is of before the restart, or of nothing. */
  #isTrustRead = false;
  #trustHash: Hex = '';

  private constructor(
    settings: Settings,
    kept: JsonFile<Kept>,
    log: (line: string) => void,
    policy: Policy,
    files: readonly string[],
    keptTrust: KeptTrust,
  ) {
    this.#settings = settings;
    this.#kept = kept;
    this.#keptTrust = keptTrust;
    this.#log = log;
    this.#policy = policy;
    this.#files = files;
  }

  /** Reads the policy of the settings' folders, else the one kept. Throws with every problem when there is neither. */
  static async open(folder: string, settings: Settings, log: (line: string) => void): Promise<PolicyKeeper> {
    const kept = new JsonFile<Kept>(join(folder, 'policy-in-force.json'), { parse: parseKept, warn: log });
    const fresh = tryLoad(settings);
    const keptTrust = new KeptTrust(folder, log);
    if (fresh.policy !== undefined) {
      const keeper = new PolicyKeeper(
        settings,
        kept,
        log,
        fresh.policy,
        fresh.files.map(({ path }) => path),
        keptTrust,
      );
      keeper.#fromFiles = (await keptTrust.read()) ?? keeper.#fromFiles;
      keeper.#tell(fresh);
      await kept.read();
      await kept.write({ files: fresh.files });
      return keeper;
    }
    const old = await kept.read();
    const policy = old === null ? undefined : loadPolicy(old.files).policy;
    if (old === null || policy === undefined) throw new Error(fresh.problems.join('\n'));
    const keeper = new PolicyKeeper(
      settings,
      kept,
      log,
      policy,
      old.files.map(({ path }) => path),
      keptTrust,
    );
    keeper.#fromFiles = (await keptTrust.read()) ?? keeper.#fromFiles;
    keeper.#tell(fresh);
    return keeper;
  }

  get policy(): Policy {
    return this.#policy;
  }

  get files(): readonly string[] {
    return this.#files;
  }

  /** What keeps files from being in force. */
  get problems(): readonly string[] {
    return [...this.#said.problems, ...this.#trustSaid.problems];
  }

  /** What is in force, and is most likely not meant or will not last. */
  get notes(): readonly string[] {
    return [...this.#said.notes, ...this.#trustSaid.notes];
  }

  #tell({ problems, notes }: Said): void {
    this.#said = { problems, notes };
    for (const line of [...problems, ...notes]) this.#log(line);
  }

  /** Reads the folders again. True iff a good and different policy is in force now. */
  reload(): boolean {
    const fresh = tryLoad(this.#settings);
    this.#tell(fresh);
    if (fresh.policy === undefined) return false;
    const changed = fresh.policy.hash !== this.#policy.hash;
    this.#policy = fresh.policy;
    this.#files = fresh.files.map(({ path }) => path);
    void this.#kept.write({ files: fresh.files }).catch((error: Error) => this.#log(error.message));
    return changed;
  }

  get trust(): TrustMaterial {
    return this.#trust;
  }

  /**
   * Takes trust material as read, with what people brought. While files have problems their last good ones stay, unless there are none. Returns
   * its hash iff it changed.
   */
  takeTrust(
    read: Pick<TrustRead, 'trust' | 'problems'> & Partial<TrustRead>,
    { anchors, verifiers }: BroughtTrust = { anchors: [], verifiers: [] },
  ): Hex | undefined {
    // A folder that vanished must not fail every device of the plant.
    const isGone = this.#isTrustRead && read.trust.anchors.length === 0 && this.#fromFiles.anchors.length > 0;
    const problems = isGone
      ? [...read.problems, 'Cannot use the trust files: every anchor is gone; the last ones stay until a restart']
      : read.problems;
    const { notes = [] } = read;
    const before = [...this.#trustSaid.problems, ...this.#trustSaid.notes];
    for (const line of [...problems, ...notes].filter(one => !before.includes(one))) this.#log(line);
    this.#trustSaid = { problems, notes };
    if (problems.length === 0 || this.#fromFiles.anchors.length === 0) this.#fromFiles = read.trust;
    this.#isTrustRead ||= problems.length === 0;
    // What people take away must go, whatever is wrong with a file.
    const trust = {
      ...this.#fromFiles,
      anchors: [...this.#fromFiles.anchors, ...anchors],
      ...(verifiers.length === 0 ? {} : { verifiers: [...(this.#fromFiles.verifiers ?? []), ...verifiers] }),
    };
    const hash = hashOfTrust(trust);
    if (hash === this.#trustHash) return undefined;
    if (problems.length === 0) this.#keptTrust.keep(read.trust);
    this.#trust = trust;
    this.#trustHash = hash;
    return hash;
  }
}

/** SHA-256 of trust material, by which changes are noticed and told. */
export const hashOfTrust = (trust: TrustMaterial): Hex =>
  createHash('sha256')
    .update(JSON.stringify(withoutBytes(trust)))
    .digest('hex');

/** CRLs are many bytes, and have their hash already. */
const withoutBytes = ({ crls, ...rest }: TrustMaterial): TrustMaterial =>
  crls === undefined ? rest : { ...rest, crls: crls.map(({ name, sha256 }) => ({ name, sha256 })) };

function tryLoad(settings: Settings): { readonly policy?: Policy; readonly files: readonly PolicyFile[] } & Said {
  try {
    const files = readPolicyFiles(settings.policyFolders);
    const { policy, problems } = loadPolicy(files, { zones: settings.zones.map(({ name }) => name) });
    const of = (wanted: 'error' | 'warning') => problems.filter(({ kind }) => kind === wanted).map(({ text }) => text);
    const said = { files, problems: of('error'), notes: atMost(of('warning')) };
    return policy === undefined ? said : { policy, ...said };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { files: [], problems: [error.message], notes: [] };
  }
}

/** Notes of one load. A list of a hundred thousand devices may have one for each; all of them on every page help nobody. */
const maxNotes = 50;
const atMost = (notes: readonly string[]): readonly string[] =>
  notes.length <= maxNotes ? notes : [...notes.slice(0, maxNotes), `and ${notes.length - maxNotes} more such notes on policy files`];

function parseKept(value: unknown): Kept {
  if (typeof value !== 'object' || value === null || !('files' in value) || !Array.isArray(value.files))
    throw new Error('Cannot read the kept policy: it has no files');
  return { files: value.files.map(file => ({ path: String((file as PolicyFile).path), text: String((file as PolicyFile).text) })) };
}
