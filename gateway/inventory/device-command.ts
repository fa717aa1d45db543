import { addressClass } from '../model/address-class.ts';
import type { DeviceId, Millis } from '../model/address.ts';
import { type FieldName, type SettableField, settableFields } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import type { Inventory } from './inventory.ts';
import type { DeviceRecord } from './record.ts';
import { maxMembers, unlinkedEvent } from './linking.ts';

/** What a command makes: Events, or why it is refused. `status` is the HTTP status of the API. */
export type Answer = { readonly events: readonly EventBody[] } | { readonly status: 400 | 404 | 409; readonly problem: string };

/** The longest approval of an address that may be another tomorrow. Milliseconds. */
const maxRandomisedMs = 24 * 3_600_000;
export const maxFieldLength = 128;

/** Counts two records as one device because somebody says so, whatever they say themselves. It grants neither anything. */
export function linkByHand(inventory: Inventory, a: DeviceId, b: DeviceId, by: string, reason: string): Answer {
  const [one, other] = [inventory.get(a), inventory.get(b)];
  if (one === undefined || other === undefined)
    return { status: 404, problem: `Cannot link ${a} and ${b}: there is no device ${one === undefined ? a : b}` };
  const groups = [inventory.links.groupOf(a), inventory.links.groupOf(b)];
  if (a === b || groups[0]?.members.includes(b) === true)
    return { status: 409, problem: `Cannot link ${a} and ${b}: they are one device already` };
  if (one.device.mac === other.device.mac && one.device.port !== other.device.port)
    return {
      status: 409,
      problem: `Cannot link ${a} and ${b}: one hardware address on two ports is a clone; approve it where it has moved to`,
    };
  const members = groups.flatMap((group, n) => group?.members ?? [n === 0 ? a : b]);
  if (members.length > maxMembers)
    return { status: 409, problem: `Cannot link ${a} and ${b}: a device has at most ${maxMembers} interfaces` };
  const group = members.reduce((x, y) => (Number(x.slice(1)) < Number(y.slice(1)) ? x : y));
  return { events: [{ kind: 'devices-linked', device: a, other: b, group, evidence: [], by, reason }] };
}

/** Takes a record out of its device. What it says alike with the others links them no more. */
export function unlinkByHand(inventory: Inventory, id: DeviceId, by: string, reason: string): Answer {
  const event = unlinkedEvent(inventory, id, reason);
  if (event === undefined) return { status: 409, problem: `Cannot unlink ${id}: it is linked to nothing` };
  return { events: [{ ...event, by }] };
}

const isSettable = (field: FieldName): field is SettableField => settableFields.some(one => one === field);

/** A person's word on a field, locked until somebody takes it back; what is observed meanwhile is kept beside it. */
export function setField(
  inventory: Inventory,
  id: DeviceId,
  field: FieldName,
  value: string | undefined,
  { by, reason, now }: { readonly by: string; readonly reason: string; readonly now: Millis },
): Answer {
  const record = inventory.get(id);
  if (record === undefined) return { status: 404, problem: `Cannot set ${field} of ${id}: there is no such device` };
  if (!isSettable(field)) return { status: 400, problem: `Cannot set ${field}: a person may set ${settableFields.join(', ')}` };
  if (value === undefined) {
    if (record.device.fields[field]?.locked !== true) return { status: 409, problem: `Cannot unlock ${field} of ${id}: nobody set it` };
    return { events: [{ kind: 'field-unlocked', device: id, field, by, reason }] };
  }
  const text = value.trim();
  if (text === '' || text.length > maxFieldLength)
    return { status: 400, problem: `Cannot set ${field}: give 1 to ${maxFieldLength} characters` };
  return {
    events: [{ kind: 'field-set', device: id, field, value: { value: text, source: by, at: now, frame: 0, locked: true }, reason }],
  };
}

/**
 * A made-up address lapses with its next change, and anybody may then make it up again: nobody is let in by it for longer than a day,
 * unless it is known as an interface of a device. Returns why an approval is refused.
 */
export function tooLongFor(inventory: Inventory, id: DeviceId, until: Millis | undefined, now: Millis): string | undefined {
  const mac = inventory.get(id)?.device.mac;
  if (mac === undefined || addressClass(mac) !== 'randomised' || inventory.links.groupOf(id) !== undefined) return undefined;
  if (until !== undefined && until <= now + maxRandomisedMs) return undefined;
  return `Cannot approve ${id} for so long: its hardware address ${mac} is made up and lapses; approve it for at most ${maxRandomisedMs / 3_600_000} hours`;
}

/**
 * An approval says that somebody looked at what cannot attest. It is refused for what can and does not, and for a second appearance of what has failed: by
 * another port, VLAN or interface nobody leaves a quarantine. The one that moved (a clone) may be approved where it is; it is let in when it attests there.
 */
export function notByApproval(inventory: Inventory, { device, decision }: DeviceRecord): string | undefined {
  const { id, mac, cloneOf } = device;
  const others = [...inventory.withMac(mac), ...otherInterfaces(inventory, id).flatMap(other => inventory.get(other) ?? [])];
  const failed = others.find(other => other.device.id !== id && other.attestation.status === 'contraindicated');
  if (failed !== undefined)
    return `Cannot approve ${id}: ${failed.device.id} at ${failed.device.port}, the same device, failed its proof [${failed.attestation.reason ?? 'VERIFIER_FAILED'}]`;
  const facts = decision?.facts;
  const finding = facts?.attestationReason;
  if (cloneOf !== undefined || facts?.hasAttested !== true || facts.attestation !== 'none') return undefined;
  if (finding !== 'ATTESTATION_STOPPED' && finding !== 'EVIDENCE_EXPIRED') return undefined;
  return `Cannot approve ${id}: it can attest, and does not; mend it, or waive ${finding} for a time`;
}

/** Other interfaces of the device that a quarantine cuts too. */
export function otherInterfaces(inventory: Inventory, id: DeviceId): readonly DeviceId[] {
  return (inventory.links.groupOf(id)?.members ?? []).filter(member => member !== id);
}

/** Other interfaces that the same word cut: only these are released with it, so that no link lets anybody out whom somebody cut for himself. */
export function cutTogether(inventory: Inventory, id: DeviceId): readonly DeviceId[] {
  const word = inventory.get(id)?.person;
  if (word === undefined) return [];
  return otherInterfaces(inventory, id).filter(other => {
    const person = inventory.get(other)?.person;
    return person?.kind === 'block' && person.at === word.at && person.by === word.by && person.reason === word.reason;
  });
}
