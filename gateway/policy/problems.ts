import type { z } from 'zod';
import { locate, maxYamlProblems, printable, type YamlNode } from './yaml.ts';

/** One problem of a shape: the line it is at and `Cannot read …: …`. */
export type ShapeProblem = { readonly line: number; readonly text: string };

/**
 * Turns what a zod shape found into sentences with lines. The shapes' messages complete "it is …, must be …".
 * `title` names the thing at the start of a path for people and returns how many steps of it that covers.
 */
export function shapeProblems(error: z.ZodError, root: YamlNode, title: (path: readonly PropertyKey[]) => Title): readonly ShapeProblem[] {
  return error.issues.slice(0, maxYamlProblems).flatMap(issue => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.slice(0, maxYamlProblems).map(key => {
        const path = [...issue.path, key];
        return { line: locate(root, path).line, text: `Cannot read ${subject(path, title)}: there is no such field` };
      });
    const { node, line } = locate(root, issue.path);
    const state = node === undefined ? 'it is missing' : `it is ${found(node)}`;
    const wanted = node === undefined && issue.code !== 'custom' ? '' : `, must be ${issue.message}`;
    return [{ line, text: `Cannot read ${subject(issue.path, title)}: ${state}${wanted}` }];
  });
}

/** `words` say what the first `steps` of a path lead to: `rule printers-signed`. */
export type Title = { readonly words: string; readonly steps: number };

function subject(path: readonly PropertyKey[], title: (path: readonly PropertyKey[]) => Title): string {
  const { words, steps } = title(path);
  const rest = pathText(path.slice(steps));
  if (rest === '') return words === '' ? 'the file' : words;
  return words === '' ? rest : `${rest} of ${words}`;
}

/** `zones[0].mode` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const name = /^[\w-]{1,60}$/.test(String(step)) ? String(step) : printable(String(step));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function found(node: YamlNode): string {
  switch (node.kind) {
    case 'map':
      return node.entries.length === 0
        ? 'a map without fields'
        : `a map with ${node.entries.length === 1 ? 'one field' : `${node.entries.length} fields`}`;
    case 'list':
      return node.items.length === 0 ? 'an empty list' : `a list of ${node.items.length}`;
    case 'scalar':
      return typeof node.value === 'number' ? `the number ${node.value}` : printable(node.value);
  }
}
