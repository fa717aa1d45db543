import type { Millis } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import type { Command } from '../model/machine.ts';
import { maxArmedMs } from '../model/probe.ts';
import type { Settings, ZoneSettings } from '../model/settings.ts';
import type { Inventory } from './inventory.ts';

/** What a person can say about probes. */
export type ProbeCommand = Extract<Command, { readonly kind: 'arm-probes' | 'stop-probes' | 'never-probe' | 'probe' }>;
type Answer = { readonly events: readonly EventBody[] } | { readonly status: 400 | 404 | 409; readonly problem: string };
type Asker = { readonly by: string; readonly reason: string; readonly now: Millis };

/** What such a command does, as Events, or why it is refused. */
export function probeCommand(
  inventory: Inventory,
  zones: readonly ZoneSettings[],
  network: Settings['network']['kind'],
  { by, reason, now }: Asker,
  command: ProbeCommand,
): Answer {
  switch (command.kind) {
    case 'arm-probes': {
      const { zone, mode, until, wide } = command;
      if (!zones.some(({ name }) => name === zone)) return { status: 404, problem: `Cannot arm zone ${zone}: there is none of that name` };
      if (network === 'listen') return { status: 409, problem: `Cannot arm zone ${zone}: where we only listen, we ask nothing` };
      if (until <= now || until > now + maxArmedMs)
        return { status: 400, problem: `Cannot arm zone ${zone}: the end must lie within the next ${maxArmedMs / 3_600_000} hours` };
      return { events: [{ kind: 'probes-armed', zone, mode, by, reason, until, ...(wide === true ? { wide } : {}) }] };
    }
    case 'stop-probes': {
      const { zone } = command;
      if (zone !== undefined && !zones.some(({ name }) => name === zone))
        return { status: 404, problem: `Cannot stop the probes of zone ${zone}: there is none of that name` };
      // A stop is never refused for being there already: who presses it means it.
      return { events: [{ kind: 'probes-stopped', by, reason, ...(zone === undefined ? {} : { zone }) }] };
    }
    case 'never-probe':
    case 'probe':
      return aboutDevice(inventory, zones, { by, reason, now }, command);
  }
}

function aboutDevice(
  inventory: Inventory,
  zones: readonly ZoneSettings[],
  { by, reason, now }: Asker,
  command: Extract<ProbeCommand, { readonly device: string }>,
): Answer {
  const record = inventory.get(command.device);
  if (record === undefined) return { status: 404, problem: `Cannot ${command.kind} ${command.device}: there is no such device` };
  const { id: device, mac, port, zone: name } = record.device;
  if (command.kind === 'never-probe') return { events: [{ kind: 'never-probe', device, mac, port, on: command.on, by, reason }] };
  const refuse = (why: string): Answer => ({ status: 409, problem: `Cannot probe ${device}: ${why}` });
  const grant = inventory.probing.grant(mac, port);
  if (grant?.on === true) return refuse(`${grant.by} said never to (${grant.reason})`);
  const zone = zones.find(one => one.name === name);
  if (zone === undefined || inventory.probing.of(zone, now).mode !== 'known-devices')
    return refuse(`zone ${name} is not armed for known devices`);
  const ceased = inventory.probing.ceased(mac, port, now);
  if (ceased !== undefined) return refuse(`it went quiet after ${ceased.probe}; nobody asks it before ${instant(ceased.until)}`);
  const backOffUntil = inventory.probing.asked(mac, port)?.backOffUntil ?? 0;
  if (backOffUntil > now) return refuse(`it did not answer; it is left alone until ${instant(backOffUntil)}`);
  return { events: [{ kind: 'probe-asked', device, by, reason }] };
}

const instant = (at: Millis): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
