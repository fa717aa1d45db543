import type { Millis } from '../model/address.ts';
import type { ReferenceRow } from '../model/reference.ts';
import type { ReferenceDetail } from './reference-schemas.ts';

/** Words about reference sets, the same on the page and on the command line. They come of files: show them through `visibleText`. `time` writes an instant. */
export function referenceState(row: ReferenceRow, time: (at: Millis) => string): string {
  const { state, accepted, until, replacedBy, isPresent, set } = row;
  const end = until === undefined || state !== 'superseded' ? '' : `, accepted until ${time(until)}`;
  const by = replacedBy === undefined ? '' : `, by ${replacedBy}`;
  const ended = set.notAfter !== undefined && !accepted && state === 'active' ? `, not good after ${time(set.notAfter)}` : '';
  return `${state}${by}${end}${ended}${isPresent ? '' : ', its file is gone'}`;
}

/** What a set is for: vendor, model and, of an update, its number. */
export const referenceSubject = ({ vendor, model, sequence }: ReferenceRow['set']): string =>
  `${vendor === '' ? 'no vendor' : vendor} ${model}${sequence === undefined ? '' : `, update ${sequence}`}`;

/** One line for each version of a component, so that two sets can be compared. */
export const referenceLines = ({ components }: Pick<ReferenceDetail, 'components'>): readonly string[] =>
  components.flatMap(({ name, versions, ...wanted }) => {
    const demands = Object.entries(wanted).map(
      ([field, value]) => ` ${field} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
    );
    return versions.map(v => `${name}${demands.join('')}: ${v.version} ${v.alg}:${v.digest}`);
  });

/** What the one lists and the other does not: `- ` only the first, `+ ` only the second. */
export function referenceDiff(a: Pick<ReferenceDetail, 'components'>, b: Pick<ReferenceDetail, 'components'>): readonly string[] {
  const [old, young] = [referenceLines(a), referenceLines(b)];
  const [inOld, inYoung] = [new Set(old), new Set(young)];
  return [
    ...old.filter(line => !inYoung.has(line)).map(line => `- ${line}`),
    ...young.filter(line => !inOld.has(line)).map(line => `+ ${line}`),
  ];
}
