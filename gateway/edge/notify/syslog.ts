import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isForSyslog, syslogLoss, syslogMessage } from '../../export/syslog.ts';
import type { Millis } from '../../model/address.ts';
import type { Event, EventBody } from '../../model/event.ts';
import type { SyslogTarget } from '../../model/settings.ts';
import { JsonFile, JsonFileError } from '../store/json-file.ts';
import { SyslogFeed } from './syslog-feed.ts';
import { openSyslog } from './syslog-link.ts';

export type SyslogParts = {
  readonly targets: readonly SyslogTarget[];
  /** Where it is kept how far each receiver is, over restarts. */
  readonly folder: string;
  readonly version: string;
  readonly store: { readonly head: { readonly seq: number }; events(after: number, limit: number): readonly Event[] };
  readonly describe: (body: EventBody) => string;
  /** What is wrong, in a sentence; empty when all is well. */
  readonly say: (problem: string) => void;
  readonly log: (line: string) => void;
  readonly now: () => Millis;
};

/** RFC 5426 §3.2: what every receiver takes without fragments on a usual link; RFC 5425 §4.3.1: what it should take. */
const most = { udp: 1_400, tcp: 8_192, tls: 8_192 } as const;
const tickMs = 1_000;
/** How far they are is written so often, in ticks; what was sent after it is sent once more by the next start. */
const keepEvery = 30;
const positions = z.strictObject({ sent: z.record(z.string().max(300), z.int().min(0)) });
type Positions = z.output<typeof positions>;

/** Sends what happens on the site to receivers of syslog, from where an earlier start ended; to a new one from now on. */
export async function startSyslog(parts: SyslogParts): Promise<{ stop(): Promise<void> }> {
  const file = new JsonFile<Positions>(join(parts.folder, 'syslog.json'), { parse: value => positions.parse(value), warn: parts.log });
  let kept = JSON.stringify(await readPositions(file, parts.log));
  const { sent } = positions.parse(JSON.parse(kept));
  const troubles = new Map<string, string>();
  const feeds = parts.targets.map(target => {
    const name = `${target.transport} ${target.host} ${target.port}`;
    const frame = { host: hostname(), version: parts.version, enterprise: target.enterprise, most: most[target.transport] };
    const feed = new SyslogFeed(
      {
        open: closed => openSyslog(target, closed),
        events: (after, limit) => parts.store.events(after, limit),
        head: () => parts.store.head.seq,
        message: event => (target.all || isForSyslog(event.body) ? syslogMessage(event, parts.describe(event.body), frame) : undefined),
        loss: (count, at) => syslogLoss(count, at, frame),
        say: problem => {
          troubles.set(name, problem === '' ? '' : `${name}: ${problem}`);
          parts.say([...troubles.values()].filter(text => text !== '').join('; '));
        },
        now: parts.now,
      },
      sent[name] ?? parts.store.head.seq,
    );
    return [name, feed] as const;
  });
  const keep = async (): Promise<void> => {
    const next = { sent: Object.fromEntries(feeds.map(([name, feed]) => [name, feed.at])) };
    if (JSON.stringify(next) === kept) return;
    kept = JSON.stringify(next);
    await file.write(next).catch((error: Error) => parts.log(error.message));
  };
  let ticks = 0;
  const timer = setInterval(() => {
    for (const [, feed] of feeds) void feed.tick();
    if ((ticks += 1) % keepEvery === 0) void keep();
  }, tickMs);
  return {
    stop: async () => {
      clearInterval(timer);
      for (const [, feed] of feeds) feed.stop();
      await keep();
    },
  };
}

/** A file that is spoilt or of another kind costs what it said: everybody hears from now on. */
async function readPositions(file: JsonFile<Positions>, log: (line: string) => void): Promise<Positions> {
  try {
    return (await file.read()) ?? { sent: {} };
  } catch (error) {
    if (!(error instanceof JsonFileError || error instanceof z.ZodError)) throw error;
    log(
      `Cannot read how far syslog was: ${error instanceof JsonFileError ? error.message : 'it has another shape'}; events are sent from now on`,
    );
    return { sent: {} };
  }
}
