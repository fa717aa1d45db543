import type { Millis } from '../model/address.ts';
import type { ReferenceCommand } from '../model/machine.ts';
import { isAccepted, type ReferenceRecord, referenceKey } from '../model/reference.ts';
import type { Answer } from './device-command.ts';
import type { Inventory } from './inventory.ts';
import { maxAdded } from './reference-book.ts';

/** The longest time that old and new values are accepted beside each other. Milliseconds. */
const maxTransitionMs = 90 * 86_400_000;
/** Digests that a result shows at most; a baseline of more would be one of some. */
const mostDigests = 64;

type Word = { readonly by: string; readonly reason: string; readonly now: Millis };

/** What a person's word on reference values does, or why it is refused. */
export function referenceCommand(inventory: Inventory, word: Word, command: ReferenceCommand): Answer {
  const { by, reason } = word;
  switch (command.kind) {
    case 'reference-add':
      return add(inventory, word, command);
    case 'reference-activate':
      return activate(inventory, word, command);
    case 'reference-expire': {
      const found = known(inventory, command.key, 'expire');
      if ('problem' in found) return found;
      if (!isAccepted(found, word.now)) return refuse(409, `Cannot expire ${command.key}: it is ${found.state}`);
      return { events: [{ kind: 'reference-expired', key: command.key, by, reason }] };
    }
    case 'reference-revoke': {
      const found = known(inventory, command.key, 'revoke');
      if ('problem' in found) return found;
      if (found.state === 'revoked') return refuse(409, `Cannot revoke ${command.key}: ${found.by} revoked it`);
      return { events: [{ kind: 'reference-revoked', key: command.key, by, reason }] };
    }
    case 'reference-baseline':
      return baseline(inventory, word, command.device);
  }
}

const refuse = (status: 400 | 404 | 409, problem: string): Extract<Answer, { readonly problem: string }> => ({ status, problem });

function known(inventory: Inventory, key: string, verb: string): ReferenceRecord | Extract<Answer, { readonly problem: string }> {
  return inventory.references.get(key) ?? refuse(404, `Cannot ${verb} ${key}: there is no such set of reference values`);
}

function add(
  { references }: Inventory,
  { by, reason }: Word,
  command: Extract<ReferenceCommand, { readonly kind: 'reference-add' }>,
): Answer {
  const { file, sets, keys, signer } = command;
  if (sets.length === 0) return refuse(400, `Cannot add ${file}: it holds no reference values; keys of devices come in files of the site`);
  const old = sets.map(s => references.get(referenceKey(s.id))).find(record => record?.isPresent === true || record?.state === 'revoked');
  if (old !== undefined) return refuse(409, `Cannot add ${file}: ${old.key} is there already and ${old.state}`);
  if (references.addedCount() + sets.length > maxAdded) return refuse(409, `Cannot add ${file}: ${maxAdded} sets were brought already`);
  return { events: [{ kind: 'reference-added', file, sets, keys, ...(signer === undefined ? {} : { signer }), by, reason }] };
}

function activate(
  { references }: Inventory,
  { by, reason, now }: Word,
  { key, replaces, until, beside }: Extract<ReferenceCommand, { readonly kind: 'reference-activate' }>,
): Answer {
  const found = references.get(key);
  if (found === undefined) return refuse(404, `Cannot activate ${key}: there is no such set of reference values`);
  if (found.state === 'revoked') return refuse(409, `Cannot activate ${key}: it was revoked by ${found.by} (${found.reason})`);
  if (found.state === 'active' && replaces.length === 0) return refuse(409, `Cannot activate ${key}: it is active`);
  if (!found.isPresent) return refuse(409, `Cannot activate ${key}: its file is gone`);
  if (until !== undefined && (until <= now || until > now + maxTransitionMs))
    return refuse(400, `Cannot activate ${key}: the end of the transition must lie within the next ${maxTransitionMs / 86_400_000} days`);
  const sameClass = references.records().filter(r => r.key !== key && r.set.vendor === found.set.vendor && r.set.model === found.set.model);
  const floor = floorOf(sameClass);
  if (found.set.sequence !== undefined && floor !== undefined && found.set.sequence < floor)
    return refuse(
      409,
      `Cannot activate ${key}: update ${found.set.sequence} is below the floor, update ${floor} of its class was in force`,
    );
  const rivals = sameClass.filter(r => isAccepted(r, now)).map(r => r.key);
  const stranger = replaces.find(one => !rivals.includes(one));
  if (stranger !== undefined) return refuse(409, `Cannot replace ${stranger}: it is not in force for the class of ${key}`);
  if (replaces.length === 0 && rivals.length > 0 && beside !== true)
    return refuse(409, `Cannot activate ${key}: ${rivals.join(', ')} is in force for its class; replace it, or say that both are to stay`);
  const end = until === undefined || replaces.length === 0 ? {} : { until };
  return { events: [{ kind: 'reference-activated', key, replaces, ...end, by, reason }] };
}

/** The highest number that was ever in force: what came before an update never comes back (rollback). */
function floorOf(records: readonly ReferenceRecord[]): number | undefined {
  const numbers = records.flatMap(({ state, set }) => (state === 'staged' || set.sequence === undefined ? [] : [set.sequence]));
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

function baseline(inventory: Inventory, { by, reason }: Word, device: string): Answer {
  const result = inventory.get(device)?.attestation.result;
  const status = inventory.get(device)?.attestation.status;
  if (inventory.get(device) === undefined) return refuse(404, `Cannot take a baseline of ${device}: there is no such device`);
  const deviceKey = result?.identity?.deviceKey;
  if (result === undefined || deviceKey === undefined || result.digestsSeen.length === 0)
    return refuse(409, `Cannot take a baseline of ${device}: it has proved no measurements`);
  if (status !== 'warning') return refuse(409, `Cannot take a baseline of ${device}: what it proved is ${status}, and needs none`);
  if (result.digestsSeen.length >= mostDigests)
    return refuse(409, `Cannot take a baseline of ${device}: it measures more than ${mostDigests - 1} components`);
  return { events: [{ kind: 'baseline-taken', device, deviceKey, digests: result.digestsSeen, by, reason }] };
}
