import type { Millis } from '../model/address.ts';
import { isAccepted, type ReferenceList, type ReferenceRecord, referenceKey } from '../model/reference.ts';
import type { ReferenceSet } from '../model/trust.ts';
import type { Inventory } from './inventory.ts';
import type { References } from './references.ts';

/** Versions that a row names at most. */
const maxVersions = 8;

/** All sets that are known, by class, with how many devices lean on each now. */
export function referenceList(inventory: Inventory, references: References, now: Millis): ReferenceList {
  const leaning = new Map<string, number>();
  for (const { attestation } of inventory.records())
    for (const id of attestation.status === 'affirming' || attestation.status === 'warning'
      ? (attestation.result?.referenceSets ?? [])
      : [])
      leaning.set(referenceKey(id), (leaning.get(referenceKey(id)) ?? 0) + 1);
  const standings = new Map(references.effective(now).sets.map(({ id, standing }) => [referenceKey(id), standing]));
  const all = references.all();
  const sets = inventory.references
    .records()
    .map(record => ({
      ...record,
      ...signerGone(record, all.get(record.key)),
      versions: versionsOf(all.get(record.key)),
      accepted: record.isPresent && isAccepted(record, now) && standings.has(record.key) && standings.get(record.key) === undefined,
      devices: leaning.get(record.key) ?? 0,
    }))
    .toSorted((a, b) => order(a.set).localeCompare(order(b.set)) || (a.set.sequence ?? 0) - (b.set.sequence ?? 0) || a.at - b.at);
  const baselines = [...inventory.records()].flatMap(({ device, attestation: { baseline } }) =>
    baseline === undefined ? [] : [{ device: device.id, ...baseline }],
  );
  return { sets, baselines };
}

/** A set whose signer was revoked is shown so, whatever people said of it before; who takes that back is the signer's CA. */
const signerGone = ({ state }: ReferenceRecord, set: ReferenceSet | undefined): Partial<ReferenceRecord> =>
  set?.standing === 'revoked' && state !== 'revoked'
    ? { state: 'revoked', by: 'files', reason: set.notes?.at(-1) ?? 'its signer was revoked' }
    : {};

const versionsOf = (set: ReferenceSet | undefined): readonly string[] =>
  [...new Set(set?.components.flatMap(({ versions }) => versions.map(({ version }) => version)))]
    .filter(version => version !== '')
    .slice(0, maxVersions);

const order = ({ vendor, model }: { readonly vendor: string; readonly model: string }): string => `${vendor} ${model}`;
