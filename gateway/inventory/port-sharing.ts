import type { Mac, Millis, PortName } from '../model/address.ts';
import type { Assurance } from '../model/axes.ts';
import type { Device, DeviceView } from '../model/device.ts';
import type { NetworkSettings } from '../model/settings.ts';

/** Counted anew after so long: rows are made by the thousand. Milliseconds. */
const staleMs = 1000;
/**
 * What binds frames to a device is its address on its port. Where several share the port, any of them can send with the address of another,
 * so that no more can be said of frames than that somebody there holds the key.
 */
const sharedCap: Assurance = 2;

/** How many other hardware addresses share the port of a device. As many entries as the inventory has addresses. */
export class PortSharing {
  readonly #devices: () => Iterable<Device>;
  readonly #ports: ReadonlySet<PortName>;
  #counts = new Map<PortName, number>();
  #at: Millis = -Infinity;

  /** On ports that only listen nothing is known of places, so nothing is counted. */
  constructor(network: NetworkSettings, devices: () => Iterable<Device>) {
    this.#ports = new Set(network.kind === 'bridge' ? network.ports : []);
    this.#devices = devices;
  }

  /** The view with who shares the port; unchanged when nobody does. */
  mark(view: DeviceView, now: Millis): DeviceView {
    if (!this.#ports.has(view.device.port)) return view;
    if (Math.abs(now - this.#at) >= staleMs) this.#count(now);
    const sharesPortWith = (this.#counts.get(view.device.port) ?? 1) - 1;
    return sharesPortWith < 1 ? view : { ...view, sharesPortWith, assuranceCap: sharedCap };
  }

  #count(now: Millis): void {
    const seen = new Map<PortName, Set<Mac>>();
    for (const { port, mac } of this.#devices()) {
      const macs = seen.get(port) ?? new Set<Mac>();
      seen.set(port, macs.add(mac));
    }
    this.#counts = new Map([...seen].map(([port, macs]) => [port, macs.size]));
    this.#at = now;
  }
}
