import type { Millis } from '../model/address.ts';
import type { ShownIdentity } from '../model/alarm.ts';
import type { RuleRef } from '../model/decision.ts';
import type { Device, KindFacts } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';

/** Addresses behind a device that make a router of it though it does not say that it is one: fewer may be a host that changes its address. */
const manyBehind = 3;

/** It passes on packets of others, and says that it routes or does so for many: a router, whatever else it calls itself. */
function routes({ facts }: Device): boolean {
  const behind = facts.filter(({ fact }) => fact.kind === 'behind').length;
  return behind >= manyBehind || (behind > 0 && facts.some(({ fact }) => fact.kind === 'router'));
}

/** What fingerprints look at. What a device says it is goes before what it does. */
export function cluesOf(device: Device): KindFacts {
  const { fields, services, protocols = [], mac } = device;
  return {
    vendor: fields.vendor?.value,
    model: fields.model?.value,
    hostname: fields.hostname?.value,
    vendorClass: fields.vendorClass?.value,
    maker: fields.maker?.value,
    description: fields.description?.value,
    deviceKind: fields.deviceKind?.value ?? (routes(device) ? 'router' : undefined),
    services: services.map(({ service }) => service),
    protocols,
    mac,
  };
}

/** The serial that it shows, with who made it; undefined when it shows none. */
export function shownBy({ fields: { serial, maker, vendor } }: Device): ShownIdentity | undefined {
  if (serial === undefined) return undefined;
  return {
    serial: serial.value,
    ...(maker === undefined ? {} : { maker: maker.value }),
    ...(vendor === undefined ? {} : { vendor: vendor.value }),
  };
}

/** The Event that gives a device its kind, when fingerprints find another than it has and no person locked it. */
export function kindEvents(
  device: Device,
  kindOf: (clues: KindFacts) => { readonly kind: string; readonly rule: RuleRef } | undefined,
  now: Millis,
): readonly EventBody[] {
  const { kind } = device.fields;
  const found = kindOf(cluesOf(device));
  // Beside a person's word it is kept what fingerprints say.
  const said = kind?.locked === true ? kind.observed : kind;
  if (found === undefined || found.kind === said?.value) return [];
  const value = { value: found.kind, source: found.rule.at, at: now, frame: 0 };
  return [{ kind: 'field-set', device: device.id, field: 'kind', value }];
}
