import type { DeviceId, Hex } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import type { EnrolledKey } from '../model/trust.ts';

/** Cap of keys that devices enrolled; each has the certificate of its TPM beside it, some kilobytes. */
export const maxEnrolled = 1_024;

/** The attestation keys that TPMs have shown to us that they hold: the fold of what was enrolled. */
export class Enrolments {
  /** By device; at most `maxEnrolled`. A device has one at a time, and one that is forgotten has none. */
  readonly #byDevice = new Map<DeviceId, EnrolledKey>();

  static from(snapshot: readonly EnrolledKey[] = []): Enrolments {
    const enrolments = new Enrolments();
    for (const one of snapshot) enrolments.#byDevice.set(one.device, one);
    return enrolments;
  }

  all(): readonly EnrolledKey[] {
    return [...this.#byDevice.values()];
  }

  /**
   * Whether this may be enrolled: there is room, and nobody else goes by that name. The same TPM may come back behind another address; another TPM may not
   * take its name.
   */
  mayEnrol(device: DeviceId, instance: Hex, ek: Hex): boolean {
    if (this.all().some(one => one.instance === instance && one.ek !== ek)) return false;
    return this.#byDevice.has(device) || this.#byDevice.size < maxEnrolled;
  }

  /** What forgetting the key of a device does, or why it is refused. Taking away needs one person. */
  forget(device: DeviceId, by: string, reason: string): readonly EventBody[] | undefined {
    const key = this.#byDevice.get(device);
    return key && [{ kind: 'key-forgotten', device, instance: key.instance, by, reason }];
  }

  apply(body: EventBody): void {
    if (body.kind === 'device-forgotten' || body.kind === 'key-forgotten') this.#byDevice.delete(body.device);
    if (body.kind !== 'key-enrolled' || !this.mayEnrol(body.device, body.key.instance, body.key.ek)) return;
    for (const [device, { instance }] of this.#byDevice) if (instance === body.key.instance) this.#byDevice.delete(device);
    this.#byDevice.set(body.device, { ...body.key, device: body.device });
  }
}
