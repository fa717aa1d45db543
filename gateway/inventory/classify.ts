import type { Mac, Millis } from '../model/address.ts';
import type { RuleRef } from '../model/decision.ts';
import type { Device } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';

/** What fingerprints look at. Untrusted text. */
export type Clues = {
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly hostname?: string | undefined;
  readonly vendorClass?: string | undefined;
  readonly services: readonly string[];
  readonly mac: Mac;
};

/** The Event that gives a device its kind, when fingerprints find another than it has and no person locked it. */
export function kindEvents(
  device: Device,
  kindOf: (clues: Clues) => { readonly kind: string; readonly rule: RuleRef } | undefined,
  now: Millis,
): readonly EventBody[] {
  const { vendor, model, hostname, vendorClass, kind } = device.fields;
  const services = device.services.map(({ service }) => service);
  const found = kindOf({
    vendor: vendor?.value,
    model: model?.value,
    hostname: hostname?.value,
    vendorClass: vendorClass?.value,
    services,
    mac: device.mac,
  });
  if (found === undefined || found.kind === kind?.value || kind?.locked === true) return [];
  const value = { value: found.kind, source: found.rule.at, at: now, frame: 0 };
  return [{ kind: 'field-set', device: device.id, field: 'kind', value }];
}
