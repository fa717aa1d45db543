import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

/** One import of a source file: who, what (a path from the project's root, or a package), and in which line. */
export type Import = { readonly from: string; readonly to: string; readonly line: number };

/** Packages that the pure half may use, each with its reason. */
export const pureDependencies: Readonly<Record<string, string>> = {
  'node:crypto': 'hashes and signatures are judgement, not I/O',
  cborg: 'CBOR has many ways to lie about its length; it is strict, and codec/cbor.ts puts its own caps in front',
  yaml: 'policy files need the line of every value',
  zod: 'one table gives the check of a policy file and its JSON Schema',
};
const pure = ['model', 'codec', 'inventory', 'detection', 'attestation', 'policy', 'quarantine', 'journal', 'export', 'probing'];
/** Globals that read the clock, randomness, the environment or the console. */
const impureGlobals =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|randomBytes|randomUUID|process\.\w+|console\.\w+|setTimeout|setInterval|setImmediate|fetch)\b/;

/** Every static, dynamic, re-exported and `require`d import of a text; comments and strings that are no imports do not count. */
export function importsOf(file: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const code = text.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, ' ')).replace(/(^|[^:'"`])\/\/[^\n]*/g, '$1');
  const patterns = [
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"`]([^'"`]+)['"`]/g,
    /\bimport\s*['"`]([^'"`]+)['"`]/g,
    /\b(?:import|require|getBuiltinModule)\s*\(\s*['"`]([^'"`]+)['"`]/g,
  ];
  for (const pattern of patterns)
    for (const match of code.matchAll(pattern)) {
      const spec = match[1] ?? '';
      const to = spec.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), spec)) : spec;
      found.push({ from: file, to, line: code.slice(0, match.index).split('\n').length });
    }
  return found;
}

/** The layer of a file: `collectors`, `gateway/model`, `gateway/gateway.ts`, `gateway/edge`, `ui`, … */
function layerOf(file: string): string {
  const [top, second] = file.split('/');
  if (top !== 'gateway') return top ?? '';
  return `gateway/${second}`;
}

/** Why a file may not import that, or undefined. DESIGN §2: model ← codec ← siblings ← gateway.ts ← edge, api ← main, cli. */
export function violation({ from, to }: Import): string | undefined {
  const here = layerOf(from);
  const isPackage = !to.startsWith('gateway/') && !to.startsWith('collectors/') && !to.startsWith('ui/') && !to.startsWith('.');
  const name = to.startsWith('node:') || !to.startsWith('@') ? (to.split('/')[0] ?? to) : to.split('/').slice(0, 2).join('/');
  const isPure = here === 'collectors' || pure.some(folder => here === `gateway/${folder}`) || here === 'gateway/gateway.ts';
  if (isPackage) {
    if (!isPure) return undefined;
    return (to.startsWith('node:') ? to : name) in pureDependencies
      ? undefined
      : `the pure half does no I/O and has no dependency without a reason, but imports ${to}`;
  }
  const there = layerOf(to);
  if (here === there) return undefined;
  if (here === 'ui') return to === 'gateway/api/contract.ts' ? undefined : `the page knows gateway/api/contract.ts only, but imports ${to}`;
  if (here === 'gateway/model') return `the nouns stand on nothing, but import ${to}`;
  if (there === 'gateway/model') return undefined;
  if (here === 'gateway/codec') return `codecs stand on the nouns only, but import ${to}`;
  if (there === 'gateway/codec') return undefined;
  const siblings = here === 'collectors' || pure.some(folder => here === `gateway/${folder}`);
  if (siblings) return `siblings meet in gateway.ts only, but ${here} imports ${to}`;
  if (here === 'gateway/gateway.ts')
    return there === 'gateway/edge' || there === 'gateway/api' || there.endsWith('main.ts') || there.endsWith('cli.ts')
      ? `the machine knows no edge, but imports ${to}`
      : undefined;
  if ((here === 'gateway/edge' && there === 'gateway/api') || (here === 'gateway/api' && there === 'gateway/edge'))
    return `main hands the edge to the api, but ${here} imports ${to}`;
  if ((here === 'gateway/edge' || here === 'gateway/api') && (there === 'gateway/main.ts' || there === 'gateway/cli.ts'))
    return `wiring is imported by nobody, but ${from} imports ${to}`;
  return undefined;
}

/** Impure globals in a file of the pure half, as `file:line: text`. */
export function impurities(file: string, text: string): readonly string[] {
  const here = layerOf(file);
  const isPure = here === 'collectors' || pure.some(folder => here === `gateway/${folder}`) || here === 'gateway/gateway.ts';
  if (!isPure) return [];
  const code = text.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, ' ')).replace(/(^|[^:'"`])\/\/[^\n]*/g, '$1');
  return code.split('\n').flatMap((line, index) => {
    const match = impureGlobals.exec(line);
    return match === null ? [] : [`${file}:${index + 1}: ${match[0]}`];
  });
}

/** All source files of the project below the given top folders, as paths from its root with `/`. */
export function sources(root: string, tops: readonly string[] = ['gateway', 'collectors', 'ui']): readonly string[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder).flatMap(name => {
      const path = join(folder, name);
      if (name === 'node_modules' || name === 'dist') return [];
      return statSync(path).isDirectory() ? walk(path) : /\.(ts|tsx|mjs)$/.test(name) ? [relative(root, path).replaceAll('\\', '/')] : [];
    });
  return tops.flatMap(top => walk(join(root, top)));
}

export const readSource = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');
export const projectRoot = join(dirname(new URL(import.meta.url).pathname), '../..');
