import type { DeviceId } from '../model/address.ts';
import type { DeviceView } from '../model/device.ts';
import type { ShownAnchor } from '../model/trust.ts';

/** Devices that a row names at most. */
const maxNamed = 20;

/** An anchor, and how many devices have proved by it who they are, as they stand now. */
export type AnchorRow = ShownAnchor & { readonly devices: number; readonly deviceIds: readonly DeviceId[] };

/** Each anchor with the devices that lean on it: taken away, they are asked anew, and what nothing else vouches for is let in no more. */
export function anchorRows(anchors: readonly ShownAnchor[], views: readonly DeviceView[]): readonly AnchorRow[] {
  const leaning = new Map<string, DeviceId[]>();
  for (const { device, attestation } of views) {
    const { status, result } = attestation;
    const name = result?.identity?.anchor;
    if (name === undefined || (status !== 'affirming' && status !== 'warning')) continue;
    const known = leaning.get(name);
    if (known === undefined) leaning.set(name, [device.id]);
    else known.push(device.id);
  }
  return anchors.map(anchor => {
    // As results name who vouches (`readVerifier`).
    const ids = leaning.get(anchor.uses.includes('verifier') ? `the Verifier ${anchor.name}` : anchor.name) ?? [];
    return { ...anchor, devices: ids.length, deviceIds: ids.slice(0, maxNamed) };
  });
}
