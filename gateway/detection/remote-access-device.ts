import type { Mac } from '../model/address.ts';
import type { FactKind, Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** The kind that fingerprints give to boxes whose purpose is to let people in from outside. */
const remoteKind = 'remote-access';
/** What fingerprints look at. */
const clues: readonly FactKind[] = [
  'seen',
  'hostname',
  'vendor-class',
  'model',
  'maker',
  'description',
  'device-kind',
  'service',
  'protocol',
];
/** Devices that said something since the last tick. */
const [maxDue, dueMs] = [8192, 60_000];

/** Lets somebody outside in: a program for remote access, a remote-maintenance router, a KVM switch over IP. */
export const remoteAccessDevice: DetectionRule = {
  name: 'remote-access-device',
  spec: 'a handshake or name of TeamViewer, AnyDesk, Tailscale, ZeroTier or WireGuard; a device that fingerprints call remote-access',
  knownFalse: ['a maker that also makes other things: fingerprints name those of which it is the business'],
  about: clues,
  create: () => {
    const due = new CappedMap<Mac, Observation>(maxDue, dueMs);
    return {
      observe(o) {
        if (o.fact.kind === 'description' && o.fact.of === 'remote-access') return found(o, `runs ${o.fact.text}`);
        due.set(o.mac, o, o.at);
        return nothing;
      },
      // What was said is folded in by then.
      tick: ({ now, withMac, fingerprintOf }) =>
        due.entries(now).flatMap(([mac, o]) => {
          due.delete(mac);
          let by: string | undefined;
          for (const device of withMac(mac)) by ??= fingerprintOf(device, remoteKind);
          return by === undefined ? nothing : found(o, `looks like a remote-access device by ${by}`);
        }),
    };
  },
};
