import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { AnchorPreview } from '../model/trust.ts';
import { visibleJson, visibleText } from '../model/visible-text.ts';
import type { AnchorRow } from './anchor-rows.ts';
import { ClientError } from './client.ts';
import { enrolledVerb } from './enrolled-verb.ts';
import { readInstant, readSpan } from './span.ts';
import { anchorFacts, anchorState, lapsedText, previewBasis, wouldAdmit } from './trust-text.ts';
import { type Call, exit, NoSuchDevice, reasonOf, WrongCall } from './verb-call.ts';
import { fileFault } from '../model/file-fault.ts';

/** The subcommands of `sallyport trust`, with the options that each takes and how many words follow it. */
const actions = {
  list: { options: ['json'], words: 0 },
  show: { options: ['json'], words: 1 },
  add: {
    options: ['name', 'source', 'note', 'vendor', 'model', 'uses', 'most', 'max-age', 'audience', 'zone', 'until', 'reason', 'json'],
    words: 1,
  },
  approve: { options: ['yes', 'reason', 'json'], words: 1 },
  remove: { options: ['reason', 'json'], words: 1 },
  expire: { options: ['until', 'reason', 'json'], words: 1 },
  enrolled: { options: ['reason', 'json'], words: 2 },
} as const;
type Action = keyof typeof actions;
const isAction = (text: string): text is Action => Object.hasOwn(actions, text);

/** Runs `sallyport trust …`. Throws ClientError, WrongCall and NoSuchDevice. */
export async function trustVerb(call: Call): Promise<number> {
  const { values, positionals } = call;
  const [action = 'list', named = '', ...more] = positionals;
  if (!isAction(action)) throw new WrongCall(`Cannot run trust '${action}': give list, show, add, approve, remove, expire or enrolled`);
  const { options: own, words } = actions[action];
  const foreign = Object.keys(values).find(name => name !== 'data' && !own.some(one => one === name));
  if (foreign !== undefined) throw new WrongCall(`Cannot run trust ${action}: it has no option --${foreign}`);
  if (action === 'enrolled') return enrolledVerb(call, positionals.slice(1));
  if (more.length > 0 || (named !== '') !== (words === 1))
    throw new WrongCall(
      `Cannot run trust ${action}: ${words === 0 ? 'it takes no arguments' : `name one ${action === 'add' ? 'file' : 'anchor'}`}`,
    );
  switch (action) {
    case 'list':
      return list(call);
    case 'show':
      return show(call, named);
    case 'add':
      return add(call, named);
    case 'approve':
      return approve(call, named);
    case 'remove':
      return change(call, named, 'remove', {}, 'Removed');
    case 'expire':
      return change(call, named, 'expire', values.until === undefined ? {} : { at: instantOf(values.until) }, 'Ended');
  }
}

async function list(call: Call): Promise<number> {
  const anchors = await all(call);
  const lines = anchors.map(anchor => `${anchor.sha256.slice(0, 16)}  ${stateOf(anchor).padEnd(9)}  ${anchor.name}: ${summary(anchor)}`);
  say(call, anchors, lines);
  if (anchors.length === 0) call.io.stderr.write('Nothing is trusted: no device can prove anything\n');
  return anchors.length === 0 ? exit.nothing : anchors.some(a => stateOf(a) !== 'in force') ? exit.findings : exit.good;
}

async function show(call: Call, named: string): Promise<number> {
  const anchor = await theAnchor(call, named);
  const state = stateOf(anchor);
  const preview = state === 'staged' ? await previewOf(call, anchor) : undefined;
  say(call, preview === undefined ? anchor : { ...anchor, preview }, [
    ...details(anchor),
    ...(preview === undefined ? [] : previewLines(preview)),
    ...(state === 'lapsed' ? [lapsedText] : []),
  ]);
  return state === 'in force' ? exit.good : exit.findings;
}

async function add(call: Call, file: string): Promise<number> {
  const { values, client } = call;
  if (values.source === undefined) throw new WrongCall('Cannot add an anchor: --source is missing; say where it came from');
  const ofFile = basename(file).replace(/\..*$/, '').toLowerCase();
  const listed = (text: string | undefined): readonly string[] | undefined => text?.split(',').map(word => word.trim());
  const [uses, zones] = [listed(values.uses), listed(values.zone)];
  const pem = readPem(file);
  const isVerifier = pem.includes('-----BEGIN PUBLIC KEY-----');
  const foreign = (isVerifier ? (['model', 'uses'] as const) : (['most', 'max-age', 'audience'] as const)).find(
    name => values[name] !== undefined,
  );
  if (foreign !== undefined) throw new WrongCall(`Cannot add ${isVerifier ? 'a Verifier' : 'an anchor'}: it has no --${foreign}`);
  const maxAge = values['max-age'] === undefined ? undefined : readSpan(values['max-age']);
  if (values['max-age'] !== undefined && maxAge === undefined)
    throw new WrongCall(`Cannot read --max-age '${values['max-age']}': write 10m or 1h`);
  const limits = {
    ...(values.most === undefined ? {} : { most: values.most }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: maxAge / 1000 }),
    ...(values.audience === undefined ? {} : { audience: values.audience }),
    ...(values.vendor === undefined ? {} : { vendor: values.vendor }),
    ...(values.model === undefined ? {} : { model: values.model }),
    ...(uses === undefined ? {} : { uses }),
    ...(zones === undefined ? {} : { zones }),
    ...(values.until === undefined ? {} : { expires: new Date(instantOf(values.until)).toISOString().replace(/\.\d+Z$/, 'Z') }),
  };
  const body = {
    name: values.name ?? ofFile,
    pem,
    source: values.source,
    ...(values.note === undefined ? {} : { note: values.note }),
    limits,
    reason: reasonOf(call),
  };
  const answer = await client.json<{ readonly sha256: string; readonly subject: string }>(
    'POST',
    isVerifier ? '/trust/verifiers' : '/trust',
    body,
  );
  const preview = await client.json<AnchorPreview>('GET', `/trust/${answer.sha256}/preview`);
  say(call, { ...answer, preview }, [
    `Staged ${body.name}: ${answer.subject}`,
    `sha256 ${answer.sha256}`,
    ...previewLines(preview),
    `Another person approves it: sallyport trust approve ${body.name} --reason TEXT`,
  ]);
  return exit.findings;
}

/** Nothing is approved by somebody who was not shown what it lets in. */
async function approve(call: Call, named: string): Promise<number> {
  const anchor = await theAnchor(call, named);
  if (anchor.state !== 'staged') throw new ClientError('conflict', `Cannot approve ${anchor.name}: it is in force`);
  if (stateOf(anchor) === 'lapsed') throw new ClientError('conflict', `Cannot approve ${anchor.name}: it has lapsed. ${lapsedText}`);
  const preview = await previewOf(call, anchor);
  if (call.values.yes !== true) {
    say(call, { ...anchor, preview }, [...details(anchor), ...previewLines(preview), 'Nothing is approved yet: say --yes']);
    return exit.findings;
  }
  const body = { newlyAdmits: preview.newlyAdmitted.length, reason: reasonOf(call) };
  await call.client.ask('POST', `/trust/${anchor.sha256}/approve`, body);
  say(call, { ok: true, preview }, [`Approved ${anchor.name}: it counts within seconds`, ...previewLines(preview)]);
  return exit.good;
}

async function change(call: Call, named: string, action: 'remove' | 'expire', body: object, said: string): Promise<number> {
  const anchor = await theAnchor(call, named);
  await call.client.ask('POST', `/trust/${anchor.sha256}/${action}`, { ...body, reason: reasonOf(call) });
  say(call, { ok: true }, [`${said} ${anchor.name}: it counts within seconds`]);
  return exit.good;
}

const all = async ({ client }: Call): Promise<readonly AnchorRow[]> =>
  (await client.json<{ readonly anchors: readonly AnchorRow[] }>('GET', '/trust')).anchors;
const previewOf = ({ client }: Call, { sha256 }: AnchorRow): Promise<AnchorPreview> => client.json('GET', `/trust/${sha256}/preview`);

/** By name, or by at least 8 digits of its SHA-256. */
async function theAnchor(call: Call, named: string): Promise<AnchorRow> {
  const anchors = await all(call);
  const byHash = /^[0-9a-f]{8,64}$/i.test(named) ? anchors.filter(a => a.sha256.startsWith(named.toLowerCase())) : [];
  const found = [...anchors.filter(a => a.name === named), ...byHash];
  const [one] = found;
  if (one === undefined) throw new NoSuchDevice(`Cannot find '${named}': no anchor has this name or fingerprint`);
  if (new Set(found.map(a => a.sha256)).size > 1)
    throw new ClientError('conflict', `Cannot tell which anchor '${named}' is; name it by its SHA-256`);
  return one;
}

function say({ io, values }: Call, value: unknown, lines: readonly string[]): void {
  io.stdout.write(values.json === true ? `${visibleJson(value)}\n` : lines.map(line => `${visibleText(line)}\n`).join(''));
}

const day = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const stateOf = (anchor: AnchorRow): string => anchorState(anchor, Date.now());

function summary({ subject, uses, expires, zones, from, provenance, devices }: AnchorRow): string {
  const limits = [
    ...(uses.length === 1 && uses[0] === 'identity' ? [] : [`for ${uses.join(', ')}`]),
    ...(zones === undefined ? [] : [`in ${zones.join(', ')}`]),
    ...(expires === undefined ? [] : [`until ${day(expires)}`]),
  ];
  const origin = from === 'file' ? (provenance?.file ?? 'from a file') : 'brought by people';
  return [subject, ...limits, origin, ...(devices === 0 ? [] : [`${counted(devices)} on it`])].join('; ');
}

const details = (anchor: AnchorRow): readonly string[] => [
  `${'anchor'.padEnd(11)}${anchor.name}, ${stateOf(anchor)}`,
  ...anchorFacts(anchor, day).map(([label, text]) => `${label.padEnd(11)}${text}`),
  `${'devices'.padEnd(11)}${anchor.devices === 0 ? 'none leans on it' : `${counted(anchor.devices)} on it: ${idsOf(anchor.deviceIds, anchor.devices)}`}`,
];

const counted = (n: number): string => (n === 1 ? '1 device leans' : `${n} devices lean`);
const idsOf = (ids: readonly string[], count: number): string => `${ids.slice(0, 20).join(', ')}${count > 20 ? ' …' : ''}`;

function previewLines(preview: AnchorPreview): readonly string[] {
  const { newlyAdmitted: ids } = preview;
  return [`Would ${wouldAdmit(preview)}${ids.length === 0 ? '' : `: ${idsOf(ids, ids.length)}`} (${previewBasis(preview)})`];
}

function instantOf(text: string): number {
  const at = readInstant(text);
  if (at === undefined) throw new WrongCall(`Cannot read --until '${text}': write 2026-03-01 or 2026-03-01T18:00Z`);
  return at;
}

function readPem(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > 20_000) throw new ClientError('failed', `Cannot read ${path}: it is longer than 20000 characters`);
    return text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && !(error instanceof ClientError))
      throw new ClientError('failed', `Cannot read ${path}: ${fileFault(error)}`);
    throw error;
  }
}
