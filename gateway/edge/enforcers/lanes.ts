import type { ReplyLane } from '../../model/rule-set.ts';
import { table } from '../../quarantine/render.ts';
import { complaints } from './nft-session.ts';

/** Most lanes open at once. */
export const maxLanes = 1024;
const maxTtlSeconds = 300;

type Open = { readonly lane: ReplyLane; readonly until: number; readonly timer: NodeJS.Timeout };

/** Ways back for connections that we open. The kernel closes each after its time, also when this process is gone. */
export class Lanes {
  /** Capped by `maxLanes`; each leaves after its own time. */
  readonly #open = new Map<string, Open>();
  readonly #ask: (lines: readonly string[]) => Promise<string>;

  constructor(ask: (lines: readonly string[]) => Promise<string>) {
    this.#ask = ask;
  }

  all(): readonly ReplyLane[] {
    return [...this.#open.values()].map(o => o.lane);
  }

  /** Resolves with what was wrong. `closed` is called when its time has passed. */
  async open(id: string, lane: ReplyLane, closed: () => void): Promise<string | undefined> {
    if (this.#open.size >= maxLanes || this.#open.has(id)) return `Cannot open a lane: ${this.#open.size} are open`;
    // Its neighbour entry leads to one of them only, and what one is asked must not reach the other.
    const other = this.all().find(({ ip, mac }) => ip === lane.ip && mac !== lane.mac);
    if (other !== undefined) return `Cannot open a lane: ${other.mac} is being asked at ${lane.ip}`;
    const ttlSeconds = Math.min(Math.max(1, Math.ceil(lane.ttlSeconds)), maxTtlSeconds);
    const wrong = complaints(await this.#ask([add(lane, ttlSeconds)]))[0];
    if (wrong !== undefined) return `Cannot open a lane: ${wrong}`;
    const timer = setTimeout(() => {
      this.#open.delete(id);
      closed();
    }, ttlSeconds * 1_000);
    this.#open.set(id, { lane, until: Date.now() + ttlSeconds * 1_000, timer });
    return undefined;
  }

  /** Closing one that has closed by itself is no error. */
  async close(id: string): Promise<void> {
    const open = this.#open.get(id);
    if (open === undefined) return;
    clearTimeout(open.timer);
    this.#open.delete(id);
    await this.#ask([`delete element ${table} ${setOf(open.lane)} { ${key(open.lane)} }`]);
  }

  /** The open lanes as nft text, for a table that is loaded anew. */
  text(): string {
    return [...this.#open.values()].map(o => `${add(o.lane, Math.max(1, Math.ceil((o.until - Date.now()) / 1_000)))}\n`).join('');
  }

  stop(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
  }
}

const setOf = ({ protocol, ip }: ReplyLane): string => `${protocol === 'udp' ? 'udp_lanes' : 'lanes'}${ip.includes(':') ? '6' : ''}`;
const key = (l: ReplyLane): string => `${l.mac} . "${l.port}" . ${l.ip} . ${l.remotePort} . ${l.localPort}`;
const add = (lane: ReplyLane, ttlSeconds: number): string => `add element ${table} ${setOf(lane)} { ${key(lane)} timeout ${ttlSeconds}s }`;
