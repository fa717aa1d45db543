import type { MudBook, MudProfile } from '../model/mud.ts';
import type { MudControllers } from './mud.ts';
import { mudShape } from './mud.ts';
import type { Placed } from './policy.ts';
import { type ShapeProblem, shapeProblems } from './problems.ts';
import { readYaml, toValue } from './yaml.ts';

/** One MUD file, a JSON object; what is wrong with it, by line. */
export function readMudFile(text: string): { readonly profile?: MudProfile; readonly problems: readonly ShapeProblem[] } {
  const read = readYaml(text);
  if (!read.ok) return { problems: read.problems };
  if (read.node === undefined) return { problems: [{ line: 1, text: 'Cannot read the file: it is empty' }] };
  const parsed = mudShape.safeParse(toValue(read.node));
  if (parsed.success) return { profile: parsed.data, problems: [] };
  return { problems: shapeProblems(parsed.error, read.node, () => ({ words: '', steps: 0 })) };
}

/** Later entries of a class add hosts to it. */
export function mudBook(profiles: readonly Placed<MudProfile>[], controllers: readonly Placed<MudControllers>[]): MudBook {
  const byClass = Map.groupBy(controllers, ({ value }) => value.controller);
  return {
    profiles: new Map(profiles.map(({ value }) => [value.url, value])),
    controllers: new Map([...byClass].map(([name, entries]) => [name, entries.flatMap(({ value }) => value.hosts)])),
  };
}
