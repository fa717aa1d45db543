import { readdirSync } from 'node:fs';

/** Names of the interfaces that one is made of (of a bridge its ports, of a VLAN or a bond what carries it); none for a wire. sysfs: `lower_*`. */
const lowerOf = (name: string): readonly string[] =>
  readdirSync(`/sys/class/net/${name}`)
    .filter(entry => entry.startsWith('lower_'))
    .map(entry => entry.slice('lower_'.length));

/**
 * The wires below these interfaces, each once: who listens on a bridge and on its ports too hears each device twice, at two places, and takes it for a
 * clone. A bridge without ports is its own wire. Deeper than any kernel stacks them it looks no further.
 */
export function wiresOf(names: readonly string[], lower: (name: string) => readonly string[] = lowerOf, depth = 8): readonly string[] {
  const below = (name: string): readonly string[] => {
    const found = depth === 0 ? [] : lower(name);
    return found.length === 0 ? [name] : wiresOf(found, lower, depth - 1);
  };
  return [...new Set(names.flatMap(below))];
}
