import { gzipSync } from 'node:zlib';
import type { WebSocket } from 'ws';
import type { DeviceId } from '../model/address.ts';
import { heartbeatMillis } from './contract.ts';
import type { DeviceList, LiveMessage } from './contract.ts';
import { deviceRow } from './rows.ts';
import type { Site } from './site.ts';

/** A client that is further behind than this gets nothing until it has caught up, and is then told to ask for the list again. Bytes. */
const maxBuffered = 1024 * 1024;
export const maxClients = 64;
/** Changes are gathered for at most this long: four messages a second. */
const tickMillis = 250;

type Client = { readonly socket: WebSocket; readonly isSignedIn: () => boolean; behind: boolean };

/**
 * What changed, to every open page: gathered, made to text once, sent to all. `seq` goes up by one with each message that carries a change.
 * The list of all rows is kept as text for as long as nothing changes.
 */
export class Live {
  readonly #site: Site;
  readonly #clients = new Set<Client>();
  readonly #unsubscribe: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #changed = new Set<DeviceId>();
  #timer: NodeJS.Timeout | undefined;
  #seq = 0;
  #list: { readonly etag: string; readonly plain: Buffer; packed?: Buffer } | undefined;
  /** Part of the ETag: `seq` begins anew with each start. */
  readonly #run: string;

  constructor(site: Site, run: string) {
    this.#site = site;
    this.#run = run;
    this.#unsubscribe = site.subscribe(ids => this.#gather(ids));
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMillis);
    this.#heartbeat.unref();
  }

  /** All rows as JSON text with its ETag. A change that was not yet sent is in it; the message that will follow repeats it harmlessly. */
  list(mayPack: boolean): { readonly etag: string; readonly body: Buffer; readonly gzipped: boolean } {
    if (this.#list === undefined) {
      const list: DeviceList = { seq: this.#seq, rows: this.#site.devices().map(deviceRow) };
      this.#list = { etag: `"${this.#run}-${this.#seq}"`, plain: Buffer.from(JSON.stringify(list)) };
    }
    const { etag, plain } = this.#list;
    if (!mayPack || plain.length < 8_192) return { etag, body: plain, gzipped: false };
    this.#list.packed ??= gzipSync(plain, { level: 4 });
    return { etag, body: this.#list.packed, gzipped: true };
  }

  /** Takes a connected client; it is told to ask for the list. It is cut when `isSignedIn` says so. False when there are too many. */
  add(socket: WebSocket, isSignedIn: () => boolean): boolean {
    if (this.#clients.size >= maxClients) return false;
    const client: Client = { socket, isSignedIn, behind: false };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => socket.terminate());
    socket.send(this.#message([], [], true));
    return true;
  }

  /** Cuts whoever may not listen any more, or no more as what he was when he came: he asks anew. */
  sweep(): void {
    for (const client of this.#clients) if (!client.isSignedIn()) client.socket.close(4401, 'signed out');
  }

  get clients(): number {
    return this.#clients.size;
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    for (const { socket } of this.#clients) socket.terminate();
    this.#clients.clear();
  }

  #gather(ids: readonly DeviceId[]): void {
    for (const id of ids) this.#changed.add(id);
    this.#list = undefined;
    this.#timer ??= setTimeout(() => this.#tick(), tickMillis).unref();
  }

  #tick(): void {
    this.#timer = undefined;
    const ids = this.#changed;
    this.#changed = new Set();
    this.#seq += 1;
    this.#list = undefined;
    if (this.#clients.size === 0) return;
    const views = [...ids].map(id => ({ id, view: this.#site.device(id) }));
    const rows = views.flatMap(({ view }) => (view === undefined ? [] : [deviceRow(view)]));
    const gone = views.filter(({ view }) => view === undefined).map(({ id }) => id);
    this.#send(this.#message(rows, gone, false));
  }

  #beat(): void {
    if (this.#clients.size > 0) this.#send(this.#message([], [], false));
  }

  #message(rows: LiveMessage['rows'], gone: LiveMessage['gone'], resync: boolean): string {
    const message: LiveMessage = { seq: this.#seq, rows, gone, health: this.#site.health(), ...(resync ? { resync: true } : {}) };
    return JSON.stringify(message);
  }

  #send(text: string): void {
    let resync: string | undefined;
    for (const client of this.#clients) {
      if (!client.isSignedIn()) client.socket.close(4401, 'signed out');
      else if (client.socket.bufferedAmount > maxBuffered) client.behind = true;
      else if (client.behind) {
        client.behind = false;
        client.socket.send((resync ??= this.#message([], [], true)));
      } else client.socket.send(text);
    }
  }
}
