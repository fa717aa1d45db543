/**
 * Makes `inspect` start quickly, behind tsc: node gateway/build-inspect.mjs
 * - dist/kinds.json: the shipped fingerprints as they were checked; not made when the shipped policies have a problem.
 * - dist/gateway/edge/inspect-verb.js: the modules of the verb as one file in the place of the first one. To find, read and link some 250 files
 *   takes longer than to read a capture of a hundred thousand frames.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'rolldown';
import { readPolicyFiles } from './edge/store/policy-files.ts';
import { encodeKinds } from './policy/checked-kinds.ts';
import { loadPolicy } from './policy/load.ts';

const root = resolve(import.meta.dirname, '..');
const put = (name, text) => {
  writeFileSync(resolve(root, `${name}.new`), text);
  renameSync(resolve(root, `${name}.new`), resolve(root, name));
};

const { policy, problems } = loadPolicy(readPolicyFiles([resolve(root, 'policies')]));
// It holds fingerprints only: policies that name MUD files or expected devices are read as they are.
const isBare = policy !== undefined && policy.mud.profiles.size === 0 && policy.expectedSerials.size === 0;
if (!isBare || problems.length > 0) rmSync(resolve(root, 'dist/kinds.json'), { force: true });
else put('dist/kinds.json', JSON.stringify(encodeKinds(policy)));

/** What the verb loads only when it must stays a file of its own. */
const rarelyLoaded = {
  name: 'rarely-loaded',
  resolveId: (source, _importer, { kind }) => (kind === 'dynamic-import' ? { id: source.replace(/\.ts$/, '.js'), external: true } : null),
};
const { output } = await build({
  input: resolve(root, 'gateway/edge/inspect-verb.ts'),
  platform: 'node',
  logLevel: 'warn',
  plugins: [rarelyLoaded],
  write: false,
  output: { format: 'esm', codeSplitting: false },
});
put('dist/gateway/edge/inspect-verb.js', output[0].code);
