import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Low } from 'lowdb';
import type { Settings } from '../../model/settings.ts';
import { shippedPolicies } from '../project-files.ts';
import { shapeProblems } from '../../policy/problems.ts';
import { readYaml } from '../../policy/yaml.ts';
import { JsonFile, JsonFileError } from './json-file.ts';
import { syslogTargetOf } from './settings-syslog.ts';
import { attestationHost, type SettingsFields, settingsShape, switchOf } from './settings-shape.ts';

export const settingsFile = 'settings.json';

/** `settings` is absent iff there are problems; then the caller keeps the last good ones. Problems are `settings.json:line: Cannot …: …`. */
export type SettingsRead = { readonly settings?: Settings; readonly problems: readonly string[] };

/**
 * Reads `<folder>/settings.json` (or the file `name`) through lowdb. A spoilt file falls back to its copy, which `warn` is told; a file found good becomes the copy.
 * Relative folders in it start at `folder`. Never throws for anything that stands in the file.
 */
export async function readSettings(folder: string, warn: (message: string) => void, name = settingsFile): Promise<SettingsRead> {
  const path = join(folder, name);
  const file = new JsonFile<unknown>(path, { parse: value => value, warn });
  const db = new Low<unknown>(file, {});
  try {
    await db.read();
  } catch (error) {
    if (!(error instanceof JsonFileError)) throw error;
    return { problems: [error.message] };
  }
  if (file.text === '') return { problems: [`Cannot read ${path}: it does not exist`] };
  const parsed = parseSettings(file.text, db.data, folder);
  const isOpen = parsed.settings?.switches !== undefined && ((await stat(path)).mode & 0o077) !== 0;
  if (isOpen) return { problems: [`${name}:1: Cannot use switches: others may read this file and the secrets in it; chmod 600 ${path}`] };
  if (parsed.settings !== undefined) await keepCopy(file, warn);
  return parsed;
}

/** Who may read settings need not be allowed to write beside them; then there is no copy, and that is said. */
async function keepCopy(file: JsonFile<unknown>, warn: (message: string) => void): Promise<void> {
  try {
    await file.keepCopy();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    warn(`Cannot keep a copy of ${file.path}: ${error.message}`);
  }
}

/** The settings of the last good start, kept for a start after a bad edit. */
export const settingsInForce = 'settings-in-force.json';

/**
 * The settings to run with: those of `settings.json`; while that is refused, those of the last good start, with the problems beside them.
 * `settings` is absent iff there are neither. A gateway that restarts amid somebody's editing must come up again as it was.
 */
export async function settingsToRun(folder: string, warn: (message: string) => void): Promise<SettingsRead> {
  const read = await readSettings(folder, warn);
  if (read.settings !== undefined) {
    const kept = new JsonFile<unknown>(join(folder, settingsInForce), { parse: value => value, warn });
    const value: unknown = JSON.parse(await readFile(join(folder, settingsFile), 'utf8').catch(() => '{}'));
    const before = await kept.read().catch(() => undefined);
    if (JSON.stringify(before) !== JSON.stringify(value)) await kept.write(value).catch((error: Error) => warn(error.message));
    return read;
  }
  if (!existsSync(join(folder, settingsInForce))) return read;
  const { settings } = await readSettings(folder, warn, settingsInForce);
  if (settings === undefined) return read;
  for (const problem of read.problems) warn(`${problem}; the settings of the last good start stay`);
  return { settings, problems: read.problems };
}

/** JSON is YAML, so the policy reader finds the lines; it also sees a key that stands there twice, of which JSON would keep the last. */
function parseSettings(text: string, value: unknown, folder: string): SettingsRead {
  const yaml = readYaml(text);
  const at = ({ line, text: what }: { readonly line: number; readonly text: string }): string => `${settingsFile}:${line}: ${what}`;
  if (!yaml.ok) return { problems: yaml.problems.map(at) };
  const parsed = settingsShape.safeParse(value);
  if (parsed.success) return { settings: complete(parsed.data, folder), problems: [] };
  const root = yaml.node ?? { kind: 'scalar', line: 1, value: null };
  return {
    problems: shapeProblems(parsed.error, root, () => ({ words: '', steps: 0 }))
      .map(at)
      .map(withoutSecret),
  };
}

/** A secret that is not as it must be is not shown for it. */
function withoutSecret(problem: string): string {
  return problem.replace(
    /(: Cannot read switches\[\d+\]\.(?:community|password|privacyPassword): ).*(, must be [^,]*)$/su,
    '$1it is something else$2',
  );
}

function complete({ switches, signingKey, syslog, ...fields }: SettingsFields, folder: string): Settings {
  return {
    ...fields,
    ...(switches === undefined ? {} : { switches: switches.map(switchOf) }),
    ...(signingKey === undefined ? {} : { signingKey: { ...signingKey, pinFile: resolve(folder, signingKey.pinFile) } }),
    ...(syslog === undefined ? {} : { syslog: syslog.map(target => syslogTargetOf(target, folder)) }),
    dataFolder: resolve(folder, fields.dataFolder ?? '.'),
    ...(fields.challengeClient === undefined ? {} : { challengeClient: resolve(folder, fields.challengeClient) }),
    policyFolders: (fields.policyFolders ?? defaultPolicyFolders(folder)).map(f => resolve(folder, f)),
    // The short form stands for itself where nothing else is said.
    zones: fields.zones.map(zone => ({ ...zone, challengePorts: zone.challengePorts ?? (zone.channels === undefined ? [8443] : []) })),
    attestation: fields.attestation ?? { host: attestationHost(fields), port: 8444 },
  };
}

/** What ships with the program, and the site's own beside the settings when there is one. */
function defaultPolicyFolders(folder: string): readonly string[] {
  const own = join(folder, 'policies.d');
  return [shippedPolicies(), ...(existsSync(own) ? [own] : [])];
}
