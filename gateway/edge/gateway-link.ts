import { Server, Socket } from 'node:net';
import { readLines } from './lines.ts';

/** File descriptors of a process with a door of its own: the listening socket, and the supervisor's, which closes when that is gone. */
const doorFd = 3;
export const supervisorFd = 4;

/** Bytes that wait for a gateway that is away or behind; beyond them nothing more is taken. */
const mostWaiting = 32 * 1024 * 1024;
/** Lines are given to the connection in such portions, so that little is lost with it. Bytes. */
const portion = 64 * 1024;

export type GatewayLinkParts<T> = {
  /** The first message on each connection. */
  readonly hello: T;
  /** A message of the gateway. Untrusted: check its shape. */
  readonly take: (value: unknown) => void;
  readonly spoilt: (why: string) => void;
  /** Another gateway than the first has connected, and what waited goes out: say again what it must know. */
  readonly succeeded: () => void;
  /** The supervisor is gone: nobody would start us again. */
  readonly alone: () => void;
};

/**
 * A process's end of its door: the gateway connects, and a newer connection takes the place of the older. What is sent while no gateway is there
 * waits for the next, under a cap. What a gateway had been given and not read is lost with it: `succeeded` makes up for that.
 */
export class GatewayLink<T> {
  readonly #parts: GatewayLinkParts<T>;
  #gateway: Socket | undefined;
  #isFirst = true;
  /** At most `mostWaiting` bytes. */
  #waiting: string[] = [];
  #waitingBytes = 0;

  constructor(parts: GatewayLinkParts<T>, fds = { door: doorFd, supervisor: supervisorFd }) {
    this.#parts = parts;
    const supervisor = new Socket({ fd: fds.supervisor, readable: true, writable: true });
    supervisor.resume().on('error', parts.alone).on('end', parts.alone).on('close', parts.alone);
    new Server(socket => this.#connected(socket)).listen({ fd: fds.door });
  }

  /** Bytes that the gateway has not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes + (this.#gateway?.writableLength ?? 0);
  }

  /** Sends a message, now or when a gateway is there. Says false, and sends nothing, when too much waits already. */
  send(message: T): boolean {
    const line = `${JSON.stringify(message)}\n`;
    if (this.#gateway && this.#waiting.length === 0 && !this.#gateway.writableNeedDrain) {
      this.#gateway.write(line);
      return true;
    }
    if (this.#waitingBytes > mostWaiting) return false;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    return true;
  }

  #connected(gateway: Socket): void {
    this.#gateway?.destroy();
    this.#gateway = gateway;
    const gone = (): void => {
      gateway.destroy();
      if (this.#gateway === gateway) this.#gateway = undefined;
    };
    gateway.on('error', gone).on('close', gone).on('end', gone);
    gateway.on('drain', () => this.#flush(gateway));
    readLines(gateway, this.#parts.take, this.#parts.spoilt);
    gateway.write(`${JSON.stringify(this.#parts.hello)}\n`);
    this.#flush(gateway);
    if (!this.#isFirst) this.#parts.succeeded();
    this.#isFirst = false;
  }

  /** In their order, until the connection has enough. */
  #flush(gateway: Socket): void {
    while (this.#gateway === gateway && this.#waiting.length > 0 && !gateway.writableNeedDrain) {
      let [count, bytes] = [0, 0];
      for (; count < this.#waiting.length && bytes < portion; count += 1) bytes += this.#waiting[count]?.length ?? 0;
      gateway.write(this.#waiting.splice(0, count).join(''));
      this.#waitingBytes -= bytes;
    }
  }
}
