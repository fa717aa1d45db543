import type { Description, PlateFact } from '../model/fact.ts';
import type { Placed } from './policy.ts';
import { blanks, type Filled, fillWording, type Wording } from './wording.ts';

/** How devices of one maker write about themselves, and what that says of them. Plain data: it can be checked once and kept. */
export type Plate = {
  /** Collectors and kinds of text (`snmp`, `lldp`, `http-server`, …) in which it stands; absent: any. */
  readonly of?: readonly string[];
  readonly wording: Wording;
  /** What the text says without saying it. */
  readonly says: Filled & { readonly kind?: string };
};
/** The part of a policy that reads plates off free text: entries in the order in which they are tried. */
export type PlateSigns = { readonly plates: readonly Placed<Plate>[] };

/** What a device says of itself in free text, by the first entry whose wording fits. Untrusted, as the text is. */
export function plateOf({ plates }: PlateSigns, { text, of }: Description, collector: string): readonly PlateFact[] {
  for (const { value: plate } of plates) {
    if (plate.of !== undefined && !plate.of.includes(collector) && (of === undefined || !plate.of.includes(of))) continue;
    const filled = fillWording(plate.wording, text);
    if (filled !== undefined) return factsOf({ ...plate.says, ...filled });
  }
  return [];
}

function factsOf({ kind, ...words }: Plate['says']): readonly PlateFact[] {
  const facts = blanks.flatMap((name): readonly PlateFact[] => {
    const text = words[name];
    return text === undefined ? [] : [{ kind: name, text }];
  });
  return kind === undefined ? facts : [...facts, { kind: 'device-kind', text: kind }];
}
