import type { Duplex } from 'node:stream';

export type Side = 'role' | 'gateway';

/**
 * Copies bytes both ways between a process and the gateway, each of which may come and go, and reads none of them. While one side is away
 * the other is not read, so nothing grows here and its writer sees that it is behind. Whenever a side comes or goes, a newline is written,
 * so that half a line of a dead process ends there.
 */
export class Relay {
  #ends: { role?: Duplex; gateway?: Duplex } = {};
  readonly #onRoleBytes: () => void;

  /** `onRoleBytes` is called when the process wrote anything: its heartbeat. */
  constructor(onRoleBytes: () => void = () => undefined) {
    this.#onRoleBytes = onRoleBytes;
  }

  /** True while both sides are there and the gateway takes what the process writes: only then does its silence mean anything. */
  get flows(): boolean {
    const { role, gateway } = this.#ends;
    return role !== undefined && gateway !== undefined && !role.isPaused();
  }

  attach(side: Side, end: Duplex): void {
    const other = this.#ends[peer(side)];
    this.#ends[side] = end;
    end.on('error', () => this.detach(side, end)); // a broken pipe is what a dead reader looks like; its exit is handled elsewhere
    end.on('data', (bytes: Buffer) => this.#copy(side, end, bytes));
    end.on('drain', () => this.#ends[peer(side)]?.resume());
    end.pause();
    newline(end);
    newline(other);
    if (!other) return;
    end.resume();
    if (!end.writableNeedDrain) other.resume();
  }

  /** Forgets `end`, if it is still the one. What it wrote last has been copied if it ended; otherwise it is thrown away. */
  detach(side: Side, end: Duplex): void {
    end.destroy();
    if (this.#ends[side] !== end) return;
    delete this.#ends[side];
    const other = this.#ends[peer(side)];
    other?.pause();
    newline(other);
  }

  #copy(side: Side, end: Duplex, bytes: Buffer): void {
    if (this.#ends[side] !== end) return;
    if (side === 'role') this.#onRoleBytes();
    const other = this.#ends[peer(side)];
    if (!other || !other.write(bytes)) end.pause();
  }
}

const peer = (side: Side): Side => (side === 'role' ? 'gateway' : 'role');

function newline(end: Duplex | undefined): void {
  if (end && !end.destroyed) end.write('\n');
}
