import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Dissector } from '../../../collectors/dissector.ts';
import { GatewayLink, supervisorFd } from '../gateway-link.ts';
import type { Sighting } from '../../model/fact.ts';
import type { FromSensor } from '../messages.ts';
import { readLink } from './link.ts';
import { LivePort, type Numbers } from './live.ts';
import { Outbox } from './outbox.ts';
import { type Look, PortWatch } from './port-watch.ts';
import { dropPrivileges } from './privileges.ts';
import { parseLastWords, parseSensorOptions, ringBytes } from './sensor-options.ts';

/**
 * The sensor process: opens one handle per port as root, gives root up, then turns frames into Observations for the gateway at its door.
 * It decodes hostile bytes and holds nothing worth having. Only a new start may open a handle: it ends with `restartCode` to get one.
 */
const restartCode = 75; // EX_TEMPFAIL of sysexits.h
const linkLookMillis = 250;
const sightingsPerMessage = 1024;
/** Below so many bytes not taken yet, the gateway keeps up. */
const quietBytes = 512 * 1024;

const options = parseSensorOptions(process.argv[2] ?? '');
const brokenBefore = parseLastWords(process.env['SALLYPORT_LAST_WORDS']);
const dissector = new Dissector();
const numbers: Numbers = { last: 0 };

const listenerOf = (port: string) => ({
  onFrame: dissector.frame.bind(dissector),
  onTurn: sendObservations,
  onBroken: () => act(watches.get(port)?.broke() ?? {}),
});

const live = new Map<string, LivePort>();
const watches = new Map<string, PortWatch>();
for (const port of options.ports) {
  const opened = LivePort.open(port, { filter: options.filter, bufferBytes: ringBytes(options.ports.length) }, listenerOf(port), numbers);
  if (opened instanceof LivePort) live.set(port, opened);
  watches.set(port, new PortWatch(port, opened instanceof LivePort, brokenBefore.has(port)));
  if (opened instanceof LivePort && readLink(port).kind === 'gone')
    throw new Error(`Cannot watch ${port}: /sys is not the one of this network namespace`);
}
dropPrivileges(options.user);

const gateway = new GatewayLink<FromSensor>({
  hello: { type: 'hello', role: 'sensor', epoch: randomUUID(), pid: process.pid },
  take,
  spoilt: why => process.stderr.write(`${JSON.stringify({ role: 'sensor', spoilt: why })}\n`),
  succeeded: introduce,
  alone: () => process.exit(0),
});
const outbox = new Outbox(message => gateway.send(message), resync);
lookAtLinks();
for (const port of live.values()) port.start();
setInterval(lookAtLinks, linkLookMillis);
setInterval(eachSecond, 1000);

function take(message: unknown): void {
  if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'resync') introduce();
}

/** A gateway that has just started does not know the ports. */
function introduce(): void {
  for (const { last } of watches.values()) if (last) outbox.report({ type: 'port', ...last });
  resync();
}

function resync(): void {
  dissector.resync();
  sendObservations();
}

/** What the frames of this turn said. */
function sendObservations(): void {
  const { observations } = dissector.drain();
  if (observations.length > 0) outbox.observe(observations);
}

function lookAtLinks(): void {
  for (const [port, watch] of watches) act(watch.look(readLink(port)));
}

/** What is counted rather than said. While the gateway is behind, it goes on counting in the dissector. */
function eachSecond(): void {
  const isQuiet = gateway.waitingBytes < quietBytes;
  const { observations, malformed, overflow, counters } = dissector.drain(isQuiet);
  outbox.observe(observations);
  for (const [port, watch] of watches) {
    const handle = live.get(port);
    if (!handle) continue;
    const { frames, dropped } = handle.counters();
    act(watch.count(readLink(port), frames + dropped));
    const identityFrames = counters.find(c => c.port === port)?.identityFrames ?? 0;
    if (isQuiet) outbox.send({ type: 'counters', port, frames, identityFrames, dropped });
  }
  if (!isQuiet) return;
  if (malformed.length > 0) outbox.send({ type: 'malformed', malformed });
  for (const one of overflow) outbox.send({ type: 'overflow', ...one });
  for (let sightings = takeSightings(); sightings.length > 0; sightings = takeSightings()) outbox.send({ type: 'sightings', sightings });
  outbox.catchUp();
}

const takeSightings = (): readonly Sighting[] => dissector.sightings(sightingsPerMessage);

/** Reports what a look found. A restart comes after the last words, so that the next epoch can say what healed. */
function act(look: Look): void {
  if (look.report) {
    outbox.report({ type: 'port', ...look.report });
    writeLastWords();
  }
  if (look.restart === undefined) return;
  process.stderr.write(`${JSON.stringify({ role: 'sensor', restart: look.restart })}\n`);
  process.exit(restartCode);
}

function writeLastWords(): void {
  const broken = [...watches.values()].filter(w => w.broken).map(w => w.port);
  writeSync(supervisorFd, `${broken.join(' ')}\n`);
}
