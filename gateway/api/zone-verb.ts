import { visibleJson, visibleText } from '../model/visible-text.ts';
import { ClientError } from './client.ts';
import type { DeviceList, DeviceRow, Health } from './contract.ts';
import { candidate } from './find-device.ts';
import { type Call, exit, reasonOf, WrongCall } from './verb-call.ts';

/** The subcommands of `sallyport zone`, with the options that each takes and how many words follow it. */
const actions = {
  list: { options: ['json'], words: 0 },
  show: { options: ['json'], words: 1 },
  set: { options: ['yes', 'reason', 'json'], words: 2 },
} as const;
const isAction = (text: string): text is keyof typeof actions => Object.hasOwn(actions, text);
const wordsText = ['it takes no arguments', 'name exactly one zone', 'give a zone and a mode, observe or enforce'] as const;
const modes = ['observe', 'enforce'] as const;

type Mode = (typeof modes)[number];
type Zone = Health['zones'][number];
/** A zone with the devices whom its mode cuts, or would cut if it enforced. */
type Shown = Zone & { readonly cut: readonly DeviceRow[]; readonly wouldCut: readonly DeviceRow[]; readonly pausedUntil?: number };

/** Most devices that are named in a text; all of them stand in the JSON. */
const maxNamed = 20;

/** `sallyport zone`: what each zone does with its devices, and the switch between the two. Throws ClientError and WrongCall. */
export async function zoneVerb(call: Call): Promise<number> {
  const [action = 'list', ...words] = call.positionals;
  if (!isAction(action)) throw new WrongCall(`Cannot run zone '${action}': give list, show or set`);
  const { options, words: wanted } = actions[action];
  const foreign = Object.keys(call.values).find(name => name !== 'data' && !options.some(own => own === name));
  if (foreign !== undefined) throw new WrongCall(`Cannot run zone ${action}: it has no option --${foreign}`);
  if (words.length !== wanted) throw new WrongCall(`Cannot run zone ${action}: ${wordsText[wanted]}`);
  const [name = '', mode = ''] = words;
  const isMode = modes.some(one => one === mode);
  if (action === 'set' && !isMode) throw new WrongCall(`Cannot set zone ${name} to '${mode}': write observe or enforce`);
  const zones = await zonesOf(call);
  if (action === 'list') {
    say(call, zones.map(toJson), zones.map(headline));
    return zones.length > 0 ? exit.good : exit.nothing;
  }
  const zone = zones.find(one => one.name === name);
  if (zone === undefined) {
    const known = zones.map(one => one.name).join(', ');
    throw new ClientError('not-found', `Cannot find zone '${name}': the settings have ${known}`);
  }
  if (action === 'set') return set(call, zone, mode === 'enforce' ? 'enforce' : 'observe');
  say(call, toJson(zone), [headline(zone), ...named(zone.mode === 'enforce' ? zone.cut : zone.wouldCut)]);
  return exit.good;
}

async function zonesOf({ client }: Call): Promise<readonly Shown[]> {
  const { zones, pausedUntil } = await client.json<Health>('GET', '/health');
  const { rows } = await client.json<DeviceList>('GET', '/devices');
  return zones.map(zone => {
    const own = rows.filter(row => row.zone === zone.name);
    const cut = own.filter(({ enforcement }) => enforcement === 'held' || enforcement === 'quarantined');
    const wouldCut = own.filter(({ enforcement }) => enforcement === 'would-hold' || enforcement === 'would-quarantine');
    return { ...zone, devices: own.length, cut, wouldCut, ...(pausedUntil === undefined ? {} : { pausedUntil }) };
  });
}

/** Nothing is changed by somebody who was not shown whom it cuts, or lets pass. */
async function set(call: Call, zone: Shown, mode: Mode): Promise<number> {
  if (zone.mode === mode) {
    say(call, { ok: true, changed: false, zone: toJson(zone) }, [`Nothing to change: ${headline(zone)}`]);
    return exit.good;
  }
  const reason = call.values.yes === true ? reasonOf(call) : undefined;
  const devices = mode === 'enforce' ? zone.wouldCut : zone.cut;
  const count = `${devices.length} of ${devicesText(zone.devices)}`;
  const consequence =
    mode === 'enforce'
      ? `Enforcing holds what is pending and quarantines what is denied. Cut at once: ${count}`
      : `Observing lets every device of the zone pass, the quarantined ones too. Let go: ${count}`;
  const lines = [consequence, ...named(devices), ...pauseText(zone, mode)];
  const preview = { from: zone.mode, to: mode, devices: devices.map(({ id }) => id) };
  if (reason === undefined) {
    say(call, { ok: false, zone: zone.name, ...preview }, [
      `Zone ${zone.name}: ${zone.mode} to ${mode}`,
      ...lines,
      'Nothing is changed yet: say --yes',
    ]);
    return exit.findings;
  }
  await call.client.ask('POST', `/zones/${encodeURIComponent(zone.name)}`, { mode, reason });
  say(call, { ok: true, changed: true, zone: zone.name, ...preview }, [`Zone ${zone.name}: ${zone.mode} to ${mode}, done`, ...lines]);
  return exit.good;
}

const toJson = ({ name, mode, devices, cut, wouldCut }: Shown): object => {
  const ids = (rows: readonly DeviceRow[]): readonly string[] => rows.map(({ id }) => id);
  return { name, mode, devices, cut: ids(cut), wouldCut: ids(wouldCut) };
};

const devicesText = (count: number): string => (count === 1 ? '1 device' : `${count} devices`);

function headline({ name, mode, devices, cut, wouldCut, pausedUntil }: Shown): string {
  const count = (rows: readonly DeviceRow[], word: string): number => rows.filter(({ enforcement }) => enforcement === word).length;
  const [held, quarantined] = [count(cut, 'held'), count(cut, 'quarantined')];
  const [wouldHold, wouldQuarantine] = [count(wouldCut, 'would-hold'), count(wouldCut, 'would-quarantine')];
  const cuts =
    mode === 'enforce'
      ? pausedUntil === undefined
        ? `${held} held, ${quarantined} quarantined`
        : `nothing cut while enforcement is paused, until ${new Date(pausedUntil).toISOString()}`
      : `nothing cut; enforcing would hold ${wouldHold} and quarantine ${wouldQuarantine}`;
  return `${name}: ${mode}, ${devicesText(devices)}, ${cuts}`;
}

const pauseText = ({ pausedUntil }: Shown, mode: Mode): readonly string[] =>
  pausedUntil === undefined || mode === 'observe'
    ? []
    : [`Enforcement is paused until ${new Date(pausedUntil).toISOString()}: nothing is cut before that ends`];

function named(rows: readonly DeviceRow[]): readonly string[] {
  const lines = rows.slice(0, maxNamed).map(row => `  ${candidate(row)}  [${row.reason}]`);
  return rows.length > maxNamed ? [...lines, `  and ${rows.length - maxNamed} more: sallyport devices`] : lines;
}

function say({ io, values }: Call, json: object, lines: readonly string[]): void {
  io.stdout.write(values.json === true ? `${visibleJson(json)}\n` : lines.map(line => `${visibleText(line)}\n`).join(''));
}
