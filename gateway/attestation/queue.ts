import type { DeviceId, Millis, PortName } from '../model/address.ts';

type Waiting = { readonly port: PortName; readonly first: boolean; readonly since: Millis };
type Line = { readonly first: Set<DeviceId>; readonly rest: Set<DeviceId> };

/**
 * Who waits to be asked. Those who go first (bound to their port by what they proved, or a person asks) before all others; among each kind the
 * ports take turns, and on one port it goes by who has waited longest. So neither strangers nor a crowd on one port take anybody's turn.
 */
export class ChallengeQueue {
  /** Devices of the inventory, each once; the caller removes those that left it. */
  readonly #waiting = new Map<DeviceId, Waiting>();
  /** By port of the bridge; in the order in which the ports were served, longest ago first. */
  readonly #lines = new Map<PortName, Line>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Since when the device waits; undefined when it does not. */
  since(device: DeviceId): Millis | undefined {
    return this.#waiting.get(device)?.since;
  }

  /** Puts it at the end of its line. One that waits already keeps its place, unless its port or its kind is another now. */
  add(device: DeviceId, port: PortName, first: boolean, now: Millis): void {
    const before = this.#waiting.get(device);
    if (before?.port === port && before.first === first) return;
    this.remove(device);
    this.#waiting.set(device, { port, first, since: before?.since ?? now });
    const line = this.#lines.get(port) ?? { first: new Set(), rest: new Set() };
    this.#lines.set(port, line);
    (first ? line.first : line.rest).add(device);
  }

  remove(device: DeviceId): void {
    const waiting = this.#waiting.get(device);
    if (waiting === undefined) return;
    this.#waiting.delete(device);
    const line = this.#lines.get(waiting.port);
    line?.first.delete(device);
    line?.rest.delete(device);
    if (line?.first.size === 0 && line.rest.size === 0) this.#lines.delete(waiting.port);
  }

  /** Whose turn it is, among ports that may be asked; it stays until it is removed. */
  next(mayAsk: (port: PortName, first: boolean) => boolean): DeviceId | undefined {
    for (const first of [true, false])
      for (const [port, line] of this.#lines) {
        const [device] = first ? line.first : line.rest;
        if (device !== undefined && mayAsk(port, first)) return device;
      }
    return undefined;
  }

  /** Its port was served: the others come before it. */
  served(port: PortName): void {
    const line = this.#lines.get(port);
    if (line === undefined) return;
    this.#lines.delete(port);
    this.#lines.set(port, line);
  }
}
