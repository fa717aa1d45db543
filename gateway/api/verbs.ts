import { setTimeout } from 'node:timers/promises';
import { visibleJson, visibleText } from '../model/visible-text.ts';
import { attest } from './attest-verb.ts';
import { Client, ClientError } from './client.ts';
import type { Coverage, DeviceDetail, DeviceList, DeviceRow, Health } from './contract.ts';
import { maxApprovalHours, maxPauseMinutes } from './contract.ts';
import { coverageText } from './coverage-text.ts';
import { decide, link, quarantine, setField } from './device-verbs.ts';
import { exportInventory } from './export-verb.ts';
import { journal } from './journal-verb.ts';
import { isProbeAction, probeActions, runProbes } from './probes-verb.ts';
import { reference } from './reference-verb.ts';
import { readInstant, readSpan } from './span.ts';
import { deviceTable, whyText } from './table.ts';
import { trustVerb } from './trust-verb.ts';
import { userVerb } from './user-verb.ts';
import { zoneVerb } from './zone-verb.ts';
import { type Call, exit, NoSuchDevice, options, readArgs, reasonOf, theDevice, type VerbIo, WrongCall } from './verb-call.ts';
import { type ClientVerb, help } from './verb-help.ts';

/** Runs a verb against the gateway behind the control socket and returns the exit code. What fails is said on `stderr` in one line. */
export async function runClientVerb(verb: ClientVerb, args: readonly string[], io: VerbIo): Promise<number> {
  try {
    const { values, positionals } = readArgs(args);
    if (values.help === true) {
      io.stdout.write(help[verb]);
      return exit.good;
    }
    const client = new Client(io.socketPath, io.user, async seconds => {
      io.stderr.write(`The gateway is busy; asking it again in ${seconds} s\n`);
      await (io.pause ?? setTimeout)(seconds * 1000);
    });
    return await run(verb, { values, positionals, client, io });
  } catch (error) {
    if (error instanceof NoSuchDevice) return complain(io, error, exit.nothing);
    if (error instanceof WrongCall) return complain(io, new Error(`${error.message}; see sallyport ${verb} --help`), exit.wrong);
    if (error instanceof ClientError) {
      const { message, retrySeconds } = error;
      const said = retrySeconds === undefined ? error : new Error(`${message} (try again in ${retrySeconds} s)`);
      return complain(io, said, error.code === 'not-found' ? exit.nothing : exit.wrong);
    }
    throw error;
  }
}

function complain(io: VerbIo, error: Error, code: number): number {
  const lines = error.message.split('\n').map(line => `${visibleText(line)}\n`);
  io.stderr.write(lines.join(''));
  return code;
}

async function run(verb: ClientVerb, call: Call): Promise<number> {
  if (verb === 'probes') return probes(call);
  if (verb === 'trust') return trustVerb(call);
  if (verb === 'zone') return zoneVerb(call);
  if (verb === 'reference') return reference(call);
  if (verb === 'user') return userVerb(call);
  only(verb, call);
  switch (verb) {
    case 'devices':
      return devices(call);
    case 'why':
      return why(call);
    case 'attest':
      return attest(call);
    case 'approve':
      return decide(call, 'approve', spanOf(call));
    case 'quarantine':
      return quarantine(call);
    case 'release':
    case 'unlink':
      return decide(call, verb, {});
    case 'link':
      return link(call);
    case 'set':
      return setField(call);
    case 'pause':
      return pause(call);
    case 'export':
      return exportInventory(call);
    case 'journal':
      return journal(call);
    case 'coverage':
      return coverage(call);
  }
}

const allowed: Record<Exclude<ClientVerb, 'probes' | 'reference' | 'trust' | 'user' | 'zone'>, readonly (keyof typeof options)[]> = {
  devices: ['json'],
  why: ['json'],
  attest: ['wait', 'reason', 'json'],
  approve: ['for', 'until', 'for-good', 'reason', 'json'],
  quarantine: ['all', 'alone', 'reason', 'json'],
  release: ['reason', 'json'],
  link: ['reason', 'json'],
  unlink: ['reason', 'json'],
  set: ['unlock', 'reason', 'json'],
  pause: ['for', 'off', 'reason', 'json'],
  export: ['format', 'as-of', 'output'],
  coverage: ['json'],
  journal: ['limit', 'json'],
};
const namesDevice = new Set<ClientVerb>(['why', 'attest', 'approve', 'quarantine', 'release', 'unlink']);

/** An option that the verb would ignore is refused: `quarantine --for 4h` must not look as if it ended. */
function only(verb: Exclude<ClientVerb, 'probes' | 'reference' | 'trust' | 'user' | 'zone'>, { values, positionals }: Call): void {
  const foreign = Object.keys(values).find(name => name !== 'data' && !allowed[verb].some(own => own === name));
  if (foreign !== undefined) throw new WrongCall(`Cannot run ${verb}: it has no option --${foreign}`);
  if (verb === 'link' || verb === 'set' || verb === 'journal') return;
  const wanted = namesDevice.has(verb) ? 1 : 0;
  if (positionals.length !== wanted)
    throw new WrongCall(
      wanted === 1 ? `Cannot run ${verb}: name exactly one device` : `Cannot run ${verb}: it takes no arguments, found '${positionals[0]}'`,
    );
}

/** How a device stands, as an exit code. */
function standing(row: DeviceRow): number {
  if (row.attestation === 'contraindicated' || row.badge === 'quarantined') return exit.denied;
  return row.attestation === 'warning' || row.badge === 'pending' || row.badge === 'waived' ? exit.findings : exit.good;
}

async function devices({ client, io, values }: Call): Promise<number> {
  const { rows } = await client.json<DeviceList>('GET', '/devices');
  if (values.json === true) io.stdout.write(`${visibleJson(rows)}\n`);
  else if (rows.length > 0) io.stdout.write(deviceTable(rows, io.stdout.columns ?? 0));
  if (rows.length === 0) {
    io.stderr.write('No device has spoken yet\n');
    return exit.nothing;
  }
  return Math.max(...rows.map(standing));
}

async function why(call: Call): Promise<number> {
  const row = await theDevice(call);
  const detail = await call.client.json<DeviceDetail>('GET', `/devices/${encodeURIComponent(row.id)}`);
  call.io.stdout.write(call.values.json === true ? `${visibleJson(detail)}\n` : whyText(detail));
  return standing(detail.row);
}

/** What the set-up itself says is no finding: a listening port copies, an uplink leads elsewhere. */
async function coverage({ client, io, values }: Call): Promise<number> {
  const found = await client.json<Coverage>('GET', '/coverage');
  io.stdout.write(values.json === true ? `${visibleJson(found)}\n` : coverageText(found, io.stdout.columns ?? 0));
  if (found.vlans.length === 0) return exit.nothing;
  return found.gaps.some(({ kind }) => kind !== 'mirror' && kind !== 'uplink') ? exit.findings : exit.good;
}

function spanOf({ values }: Call): object {
  const given = [values.for, values.until, values['for-good']].filter(value => value !== undefined);
  if (given.length !== 1) throw new WrongCall('Cannot approve: give exactly one of --for, --until and --for-good');
  if (values['for-good'] === true) return { forGood: true };
  if (values.for !== undefined) {
    const span = readSpan(values.for);
    if (span === undefined) throw new WrongCall(`Cannot read --for '${values.for}': write 30m, 4h or 2d`);
    if (span > maxApprovalHours * 3_600_000)
      throw new WrongCall(`Cannot approve for ${values.for}: at most ${maxApprovalHours / 24}d, or --for-good`);
    return { hours: span / 3_600_000 };
  }
  const until = readInstant(values.until ?? '');
  if (until === undefined) throw new WrongCall(`Cannot read --until '${values.until}': write 2026-03-01 or 2026-03-01T18:00Z`);
  return { until };
}

async function pause(call: Call): Promise<number> {
  const { client, io, values } = call;
  const reason = reasonOf(call);
  if (values.off === true) {
    if (values.for !== undefined) throw new WrongCall('Cannot pause: --off and --for exclude each other');
    const answer = await client.ask('POST', '/resume', { reason });
    io.stdout.write(values.json === true ? `${answer}\n` : 'Enforcement goes on\n');
    return exit.good;
  }
  const span = readSpan(values.for ?? '30m');
  if (span === undefined) throw new WrongCall(`Cannot read --for '${values.for}': write 30m or 2h`);
  if (span > maxPauseMinutes * 60_000) throw new WrongCall(`Cannot pause for ${values.for}: at most ${maxPauseMinutes / 60}h`);
  const answer = await client.ask('POST', '/pause', { minutes: span / 60_000, reason });
  io.stdout.write(values.json === true ? `${answer}\n` : `Enforcement is paused for ${values.for ?? '30m'}: every device passes\n`);
  return exit.good;
}

async function probes(call: Call): Promise<number> {
  const { client, io, values, positionals } = call;
  const [action = 'state', named, ...more] = positionals;
  if (!isProbeAction(action)) throw new WrongCall(`Cannot run probes '${action}': give arm, stop, never, ask or nothing`);
  const { options: own, words } = probeActions[action];
  const foreign = Object.keys(values).find(name => name !== 'data' && !own.some(one => one === name));
  if (foreign !== undefined) throw new WrongCall(`Cannot run probes ${action}: it has no option --${foreign}`);
  if (more.length > 0 || (named !== undefined) !== (words === 1))
    throw new WrongCall(
      `Cannot run probes ${action}: ${words === 1 ? `name exactly one ${action === 'arm' ? 'zone' : 'device'}` : 'it takes no arguments'}`,
    );
  const span = readSpan(values.for ?? '1h');
  if (span === undefined) throw new WrongCall(`Cannot read --for '${values.for}': write 30m or 2h`);
  await runProbes(action, {
    client,
    out: text => void io.stdout.write(text),
    json: values.json === true,
    zone: action === 'arm' ? named : values.zone,
    device: action === 'never' || action === 'ask' ? (await theDevice({ ...call, positionals: [named ?? ''] })).id : undefined,
    mode: values.mode ?? 'broadcast',
    minutes: span / 60_000,
    wide: values.wide === true,
    off: values.off === true,
    reason: action === 'state' ? '' : action === 'stop' ? (values.reason ?? 'stopped on the command line') : reasonOf(call),
  });
  if (action !== 'state') return exit.good;
  const { probes: armed } = await client.json<Health>('GET', '/health');
  return armed.zones.length > 0 ? exit.findings : exit.good;
}
