import type { Hex } from '../model/address.ts';
import type { ExpectedZone, ShownIdentity } from '../model/alarm.ts';
import type { Mac, PortName } from '../model/address.ts';
import type { ExpectedPlace } from '../model/decision.ts';
import type { ExpectedEntry } from './shapes.ts';
import type { Policy } from './policy.ts';

/** What was proved about a device. Pass only what a verified chain said: vendor and model as the anchor vouches for them, never as announced. */
export type ProvedIdentity = { readonly serial?: string; readonly deviceKey?: Hex; readonly vendor?: string; readonly model?: string };

/** What the list says of where the device belongs: the best that any entry which expects it says. Undefined when none does. */
export function expectedPlace(
  policy: Policy,
  proved: ProvedIdentity,
  at: { readonly mac: Mac; readonly port: PortName },
): ExpectedPlace | undefined {
  const places = entriesFor(policy, proved).map(({ value: { port, mac } }): ExpectedPlace => {
    if (mac !== undefined && mac.toLowerCase() !== at.mac) return 'elsewhere';
    // An address alone is no place: whoever relays can take it.
    if (port === undefined) return 'unnamed';
    return [port].flat().includes(at.port) ? 'here' : 'elsewhere';
  });
  return (['here', 'unnamed', 'elsewhere'] as const).find(place => places.includes(place));
}

/**
 * The entries of `policies/expected` that expect this device, by equality of everything that each names. Keys come before serials:
 * a key is the device's own, a serial only as unique as its vendor keeps it.
 */
function entriesFor(policy: Policy, proved: ProvedIdentity): Policy['expectedSerials'] extends ReadonlyMap<string, infer E> ? E : never {
  const byKey = proved.deviceKey === undefined ? undefined : policy.expectedKeys.get(proved.deviceKey);
  const bySerial = proved.serial === undefined ? undefined : policy.expectedSerials.get(proved.serial);
  return [...(byKey ?? []), ...(bySerial ?? [])].filter(entry => fits(entry.value, proved));
}

function fits(entry: ExpectedEntry, proved: ProvedIdentity): boolean {
  const same = (wanted: string | undefined, seen: string | undefined): boolean => wanted === undefined || wanted === seen;
  return (
    same(entry.key?.toLowerCase(), proved.deviceKey) &&
    same(entry.serial, proved.serial) &&
    same(entry.vendor, proved.vendor) &&
    same(entry.model, proved.model)
  );
}

/**
 * The zones in which entries of `policies/expected` want a device with the serial that it shows. Enough for an alarm, never to let it in: a
 * serial on the network is unproved, and makers are written in several ways, so the first word of the entry's vendor decides.
 */
export const zonesOf = (policy: Pick<Policy, 'expectedSerials'>, { serial, maker, vendor }: ShownIdentity): readonly ExpectedZone[] =>
  (policy.expectedSerials.get(serial) ?? []).flatMap(({ value, ref }) => {
    const word = value.vendor?.split(/[^\p{L}\p{N}]+/u, 1)[0]?.toLowerCase() ?? '';
    const isMaker = [maker, vendor].some(name => name?.toLowerCase().includes(word) === true) || word === '';
    return value.zone === undefined || !isMaker ? [] : [{ zone: value.zone, at: ref.at }];
  });
