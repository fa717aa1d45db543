import type { Millis } from '../model/address.ts';
import type { PersonDecision } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import type { Command } from '../model/machine.ts';
import type { Settings } from '../model/settings.ts';
import {
  type Answer,
  cutTogether,
  linkByHand,
  notByApproval,
  otherInterfaces,
  setField,
  tooLongFor,
  unlinkByHand,
} from './device-command.ts';
import type { Inventory } from './inventory.ts';
import { type ProbeCommand, probeCommand } from './probe-command.ts';
import { referenceCommand } from './reference-command.ts';

/** The longest pause of enforcement. Milliseconds. */
const maxPauseMs = 24 * 3_600_000;

/** What a person's command does, as Events, or why it is refused. Challenges are opened by the machine and make none here. */
export function commandEvents(
  inventory: Inventory,
  { zones, network }: Pick<Settings, 'zones' | 'network'>,
  { by, reason, now }: { readonly by: string; readonly reason: string; readonly now: Millis },
  command: Command,
): Answer {
  const asked = reason.trim();
  if (command.kind !== 'challenge' && asked.length < 3)
    return { status: 400, problem: 'Cannot decide without a reason: give at least 3 characters' };
  switch (command.kind) {
    case 'approve':
    case 'waive':
    case 'quarantine':
    case 'release':
    case 'challenge':
    case 'unlink':
      return aboutDevice(inventory, by, asked, command, now);
    case 'link':
      return linkByHand(inventory, command.device, command.other, by, asked);
    case 'set-field':
      return setField(inventory, command.device, command.field, command.value, { by, reason: asked, now });
    case 'pause':
      if (command.until <= now || command.until > now + maxPauseMs)
        return { status: 400, problem: `Cannot pause enforcement: the end must lie within the next ${maxPauseMs / 3_600_000} hours` };
      return { events: [{ kind: 'paused', by, reason: asked, until: command.until }] };
    case 'resume':
      if (inventory.pausedUntil === undefined) return { status: 409, problem: 'Cannot resume enforcement: it is not paused' };
      return { events: [{ kind: 'resumed', by, reason: asked }] };
    case 'zone-mode':
      if (!zones.some(zone => zone.name === command.zone))
        return { status: 404, problem: `Cannot change zone ${command.zone}: there is none of that name` };
      return { events: [{ kind: 'zone-mode', zone: command.zone, mode: command.mode, by, reason: asked }] };
    case 'reference-add':
    case 'reference-activate':
    case 'reference-expire':
    case 'reference-revoke':
    case 'reference-baseline':
      return referenceCommand(inventory, { by, reason: asked, now }, command);
    case 'arm-probes':
    case 'stop-probes':
    case 'never-probe':
    case 'probe':
      return probeCommand(inventory, zones, network.kind, { by, reason: asked, now }, command);
    case 'forget-enrolled': {
      const events = inventory.enrolments.forget(command.device, by, asked);
      return events === undefined
        ? { status: 404, problem: `Cannot forget the key of ${command.device}: its TPM has enrolled none` }
        : { events };
    }
    case 'stage-anchor':
    case 'stage-verifier':
    case 'approve-anchor':
    case 'remove-anchor':
    case 'expire-anchor':
      return inventory.anchors.command({ by, reason: asked, now }, command);
  }
}

function aboutDevice(
  inventory: Inventory,
  by: string,
  reason: string,
  command: Exclude<
    Extract<Command, { readonly device: string }>,
    ProbeCommand | { readonly kind: 'link' | 'set-field' | 'reference-baseline' | 'forget-enrolled' }
  >,
  now: Millis,
): Answer {
  const record = inventory.get(command.device);
  if (record === undefined) return { status: 404, problem: `Cannot ${command.kind} ${command.device}: there is no such device` };
  const deviceKey = record.attestation.result?.identity?.deviceKey;
  const person = (kind: PersonDecision['kind'], more: Partial<PersonDecision>): EventBody => ({
    kind: 'person-decided',
    device: command.device,
    person: { kind, by, reason, at: now, ...(deviceKey === undefined ? {} : { deviceKey }), ...more },
  });
  const block = { kind: 'block', by, reason, at: now } as const;
  if ('until' in command && command.until !== undefined && command.until <= now)
    return { status: 400, problem: `Cannot ${command.kind} ${command.device}: the end lies in the past` };
  switch (command.kind) {
    case 'approve': {
      const problem = tooLongFor(inventory, command.device, command.until, now);
      if (problem !== undefined) return { status: 400, problem };
      const attests = notByApproval(inventory, record);
      if (attests !== undefined) return { status: 409, problem: attests };
      return {
        events: [
          ...takeover(inventory, command.device, by),
          person('approval', command.until === undefined ? {} : { until: command.until }),
        ],
      };
    }
    case 'waive': {
      const finding = record.decision?.facts.attestationReason ?? record.attestation.reason;
      if (finding !== command.excuses)
        return { status: 409, problem: `Cannot waive ${command.excuses} for ${command.device}: its finding is ${finding ?? 'none'}` };
      return { events: [person('waiver', { until: command.until, excuses: command.excuses })] };
    }
    case 'quarantine':
      // A device is cut at every interface, or it goes on by the next one.
      return {
        events: [
          person('block', {}),
          ...(command.alone === true ? [] : otherInterfaces(inventory, command.device)).map(
            (device): EventBody => ({ kind: 'person-decided', device, person: block }),
          ),
        ],
      };
    case 'release':
      if (record.person === undefined)
        return {
          status: 409,
          problem: `Cannot release ${command.device}: no person decided about it, rule ${record.decision?.rule.name ?? '-'} did; approve it to let it in`,
        };
      return {
        events: [command.device, ...cutTogether(inventory, command.device)].map(device => ({
          kind: 'person-released',
          device,
          by,
          reason,
        })),
      };
    case 'unlink':
      return unlinkByHand(inventory, command.device, by, reason);
    case 'challenge': {
      const never = inventory.probing.grant(record.device.mac, record.device.port);
      if (never?.on !== true) return { events: [] };
      return { status: 409, problem: `Cannot challenge ${command.device}: ${never.by} said never to ask it anything (${never.reason})` };
    }
  }
}

/** Approving a clone says that the device has moved here: the record at the old port ends. */
function takeover(inventory: Inventory, id: string, by: string): readonly EventBody[] {
  const record = inventory.get(id);
  const old = record?.device.cloneOf === undefined ? undefined : inventory.get(record.device.cloneOf);
  if (record === undefined || record.device.cloneOf === undefined) return [];
  const { port, zone } = record.device;
  const moved: EventBody = { kind: 'device-moved', device: id, from: old?.device.port ?? port, to: port, zone };
  if (old === undefined) return [moved];
  return [{ kind: 'device-forgotten', device: old.device.id, why: `moved to ${port}, approved by ${by}` }, moved];
}
