import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isAlive, runFolder } from './reach.ts';

/** Where a process is reached without the supervisor between: a Unix socket that it listens on and that only `caller` may connect to. */
export type DoorSpec = { readonly path: string; readonly caller: number };

const folderName = /^sallyport-doors-(\d+)$/;
/** The gateway takes what it is told at once; one that does not will be told all when it is started anew. Bytes. */
const untoldBytes = 4096;

/** The doors of this supervisor's processes stand in a folder that anybody may pass and only root may change. */
export const doorPath = (role: string, run = runFolder): string => join(run, `sallyport-doors-${process.pid}`, role);

/**
 * The supervisor's part: it makes the listening socket, hands it to the process and keeps nothing of it, then tells the gateway where to
 * connect. Each start of the process gets a new socket in the place of the last, so that what one of them did to its own is over with it.
 */
export class Door {
  readonly #spec: DoorSpec;
  #listening: Server | undefined;
  #isOpen = false;
  #gateway: Duplex | undefined;

  constructor(spec: DoorSpec) {
    this.#spec = spec;
  }

  /**
   * The file descriptor of a new listening socket, for the process that is started now. Call `handedOver` in the same turn: later the supervisor
   * would be the one that accepts. Throws when it cannot be made.
   */
  open(): number {
    const { path, caller } = this.#spec;
    mkdirSync(dirname(path), { recursive: true });
    chmodSync(dirname(path), 0o711); // whatever the umask is
    // Under its name only when nobody but the caller may connect. The name it was made under goes with our copy of it.
    const made = `${path}.new`;
    rmSync(made, { force: true });
    const server = createServer().on('error', () => undefined);
    server.listen(made);
    const fd = fdOf(server);
    if (fd === undefined) throw new Error(`Cannot open the door ${path}: no socket can be made there`);
    this.#listening = server;
    chmodSync(made, 0o600);
    chownSync(made, caller, caller);
    renameSync(made, path);
    return fd;
  }

  /** The process has the socket, if it was started. */
  handedOver(isStarted: boolean): void {
    this.#listening?.close();
    this.#listening = undefined;
    this.#isOpen = isStarted;
    this.#tell();
  }

  /** The process is gone. */
  shut(): void {
    this.#isOpen = false;
  }

  /** A gateway that has started; `end` reaches it. Returns what forgets it again. */
  attach(end: Duplex): () => void {
    this.#gateway = end;
    end.resume().on('error', () => end.destroy()); // it has nothing to say here
    this.#tell();
    return () => {
      end.destroy();
      if (this.#gateway === end) this.#gateway = undefined;
    };
  }

  #tell(): void {
    if (!this.#isOpen || !this.#gateway || this.#gateway.destroyed || this.#gateway.writableLength > untoldBytes) return;
    this.#gateway.write(`${this.#spec.path}\n`);
  }
}

/** Removes the folder of this supervisor's doors, and those of supervisors that died without doing so. */
export function sweepDoors(run = runFolder): void {
  for (const name of readdirSync(run)) {
    const pid = folderName.exec(name)?.[1];
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid))))
      rmSync(join(run, name), { recursive: true, force: true });
  }
}

/** Node tells the file descriptor of a server nowhere but here. Undefined when it does not listen. */
function fdOf(server: Server): number | undefined {
  const handle: unknown = Reflect.get(server, '_handle');
  return typeof handle === 'object' && handle !== null && 'fd' in handle && typeof handle.fd === 'number' ? handle.fd : undefined;
}
