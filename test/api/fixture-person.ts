import type { DeviceView, PersonDecision } from '../../gateway/model/device.ts';
import type { Command } from '../../gateway/model/machine.ts';
import type { ProbingState } from '../../gateway/model/probe.ts';
import { epoch } from './fixture-words.ts';

/** What a person's command decides about a device; undefined where it decides nothing. */
export function personOf(by: string, reason: string, command: Command): PersonDecision | undefined {
  const at = epoch + 70_000;
  if (command.kind === 'approve')
    return { kind: 'approval', by, reason, at, ...(command.until === undefined ? {} : { until: command.until }) };
  if (command.kind === 'waive') return { kind: 'waiver', by, reason, at, until: command.until, excuses: command.excuses };
  return command.kind === 'quarantine' ? { kind: 'block', by, reason, at } : undefined;
}

/** The device after that. */
export function decided(view: DeviceView, person: PersonDecision): DeviceView {
  const blocked = person.kind === 'block';
  const admission = blocked ? 'blocked' : person.kind === 'waiver' ? 'waived' : 'approved';
  return {
    ...view,
    admission,
    enforcement: blocked ? 'quarantined' : 'open',
    person,
    decision: {
      ...view.decision,
      access: blocked ? 'quarantine' : 'admit',
      admission,
      reason: blocked ? 'BLOCKED' : person.kind === 'waiver' ? 'WAIVED' : 'APPROVED',
      rule: { name: person.kind, at: `built-in:${person.kind}` },
      ...(person.until === undefined ? {} : { until: person.until }),
    },
  };
}

/** The device as it was before anybody spoke. */
export const released = (view: DeviceView, views: readonly DeviceView[]): DeviceView =>
  views.find(({ device: d }) => d.id === view.device.id) ?? view;

export const dockOff = { zone: 'dock', mode: 'off', by: 'settings' } as const;
export function probed(probing: ProbingState, by: string, reason: string, command: Command): ProbingState {
  if (command.kind === 'stop-probes') return { ...probing, zones: [dockOff] };
  if (command.kind !== 'arm-probes') return probing;
  const { zone, mode, until } = command;
  return { ...probing, zones: [{ zone, mode, by, reason, until }] };
}
