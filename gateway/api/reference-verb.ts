import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { counted } from '../model/counted.ts';
import type { ReferenceList, ReferenceRow } from '../model/reference.ts';
import type { FileList, ShownFileList } from '../model/trust.ts';
import { visibleJson, visibleText } from '../model/visible-text.ts';
import { ClientError } from './client.ts';
import { fileListDevices, fileListLines, fileListSubject } from './file-list-text.ts';
import type { ReferenceDetail } from './reference-schemas.ts';
import { referenceDiff, referenceLines, referenceState, referenceSubject } from './reference-text.ts';
import { readSpan } from './span.ts';
import { type Call, exit, NoSuchDevice, reasonOf, theDevice, WrongCall } from './verb-call.ts';
import { fileFault } from '../model/file-fault.ts';

/** The subcommands of `sallyport reference`, with the options that each takes and how many words follow it. */
const actions = {
  list: { options: ['json'], words: 0 },
  show: { options: ['json'], words: 1 },
  diff: { options: ['json'], words: 2 },
  add: { options: ['signature', 'reason', 'json'], words: 1 },
  activate: { options: ['replaces', 'for', 'beside', 'reason', 'json'], words: 1 },
  expire: { options: ['reason', 'json'], words: 1 },
  revoke: { options: ['reason', 'json'], words: 1 },
  baseline: { options: ['reason', 'json'], words: 1 },
} as const;
type Action = keyof typeof actions;
const isAction = (text: string): text is Action => Object.hasOwn(actions, text);

/** Runs one subcommand. Throws ClientError, WrongCall or NoSuchDevice. */
export async function reference(call: Call): Promise<number> {
  const { values, positionals, client, io } = call;
  const [action = 'list', first = '', second = ''] = positionals;
  if (!isAction(action)) throw new WrongCall(`Cannot run reference '${action}': give ${Object.keys(actions).join(', ')}`);
  const { options, words } = actions[action];
  const foreign = Object.keys(values).find(name => name !== 'data' && !options.some(one => one === name));
  if (foreign !== undefined) throw new WrongCall(`Cannot run reference ${action}: it has no option --${foreign}`);
  if (positionals.length > 1 + words || (positionals.length < 1 + words && words > 0))
    throw new WrongCall(`Cannot run reference ${action}: it takes ${words === 0 ? 'no arguments' : `${words} of them`}`);
  const json = values.json === true;
  const out = (text: string): void => void io.stdout.write(text);
  const say = async (path: string, body: object, said: string): Promise<number> => {
    const answer = await client.ask('POST', path, body);
    out(json ? `${answer}\n` : `${visibleText(said)}\n`);
    return exit.good;
  };
  switch (action) {
    case 'list': {
      const [list, fileLists] = [await client.json<ReferenceList>('GET', '/references'), await fileListsOf(call)];
      out(json ? `${visibleJson({ ...list, fileLists })}\n` : `${listText(list)}${fileLists.map(fileListText).join('')}`);
      if (fileLists.some(({ odd }) => odd > 0)) return exit.findings;
      return list.sets.length + list.baselines.length + fileLists.length === 0 ? exit.nothing : exit.good;
    }
    case 'show': {
      const listed = (await fileListsOf(call)).filter(({ name }) => name === first || fileOf(name) === first);
      if (listed.length > 0) return showFileLists(call, listed);
      const detail = await detailOf(call, first);
      out(json ? `${visibleJson(detail)}\n` : showText(detail));
      return detail.row.state === 'revoked' ? exit.denied : detail.row.accepted ? exit.good : exit.findings;
    }
    case 'diff': {
      const [a, b] = [await detailOf(call, first), await detailOf(call, second)];
      const lines = referenceDiff(a, b);
      out(json ? `${visibleJson({ from: a.row.key, to: b.row.key, lines })}\n` : lines.map(line => `${visibleText(line)}\n`).join(''));
      return lines.length === 0 ? exit.good : exit.findings;
    }
    case 'add':
      return say(
        '/references',
        { ...brought(first, values.signature), reason: reasonOf(call) },
        `${basename(first)} is staged, not in force: sallyport reference activate ${basename(first)}`,
      );
    case 'activate': {
      const row = await rowOf(call, first);
      const old = await Promise.all((values.replaces ?? []).map(one => rowOf(call, one)));
      const span = values.for === undefined ? undefined : readSpan(values.for);
      if (values.for !== undefined && span === undefined) throw new WrongCall(`Cannot read --for '${values.for}': write 7d or 12h`);
      const body = {
        replaces: old.map(({ key }) => key),
        ...(span === undefined ? {} : { hours: span / 3_600_000 }),
        ...(values.beside === true ? { beside: true } : {}),
        reason: reasonOf(call),
      };
      const end =
        old.length === 0
          ? ''
          : `; ${old.map(({ key }) => key).join(', ')} ${span === undefined ? 'is accepted no more' : `is accepted for ${values.for} more`}`;
      return say(`/references/${encodeURIComponent(row.key)}/activate`, body, `${row.key} is active${end}`);
    }
    case 'expire':
    case 'revoke': {
      const row = await rowOf(call, first);
      const devices =
        row.devices === 0 ? '' : `; ${row.devices} ${row.devices === 1 ? 'device' : 'devices'} leaned on it, and are judged again`;
      const said = `${row.key} is ${action === 'expire' ? 'superseded' : 'revoked'}${devices}`;
      return say(`/references/${encodeURIComponent(row.key)}/${action}`, { reason: reasonOf(call) }, said);
    }
    case 'baseline': {
      const device = await theDevice({ ...call, positionals: [first] });
      const said = `What ${device.id} measures is its baseline: a warning as long as it stays so`;
      return say(`/devices/${encodeURIComponent(device.id)}/baseline`, { reason: reasonOf(call) }, said);
    }
  }
}

function brought(path: string, signature: string | undefined): object {
  try {
    const detached = signature === undefined ? {} : { signature: readFileSync(signature, 'utf8').replace(/\s+/g, '') };
    return { file: basename(path), content: readFileSync(path).toString('base64'), ...detached };
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new ClientError('failed', `Cannot read ${'path' in error ? String(error.path) : path}: ${fileFault(error)}`);
    throw error;
  }
}

/** The set that a person typed: its key or the beginning of it, or its file where that holds one set. */
async function rowOf({ client }: Call, typed: string): Promise<ReferenceRow> {
  const { sets } = await client.json<ReferenceList>('GET', '/references');
  const exact = sets.filter(({ key }) => key === typed);
  const found = exact.length > 0 ? exact : sets.filter(({ key, set }) => key.startsWith(typed) || set.id.startsWith(`${typed}#`));
  const [only, ...more] = found;
  if (only === undefined) throw new NoSuchDevice(`Cannot find '${typed}': no set of reference values has this key or file`);
  if (more.length > 0)
    throw new ClientError(
      'conflict',
      [
        `Cannot tell which set '${typed}' is; name one by its key:`,
        ...found.map(({ key, set }) => `  ${key}  ${set.vendor} ${set.model}`),
      ].join('\n'),
    );
  return only;
}

const fileListsOf = async ({ client }: Call): Promise<readonly ShownFileList[]> =>
  (await client.json<{ readonly lists: readonly ShownFileList[] }>('GET', '/trust/file-lists')).lists;
/** `policies.d/reference-values/edge.ima.yaml:1` stands in `edge.ima.yaml`. */
const fileOf = (name: string): string => basename(name).replace(/:\d+$/, '');

const fileListText = (list: ShownFileList): string =>
  `${visibleText(list.name)}  in force\n    ${visibleText(`files of ${fileListSubject(list)}; ${fileListDevices(list)}`)}\n`;

async function showFileLists({ client, io, values }: Call, listed: readonly ShownFileList[]): Promise<number> {
  for (const row of listed) {
    const list = await client.json<FileList>('GET', `/trust/file-lists/${encodeURIComponent(row.name)}`);
    const lines = fileListLines(list).map(line => `    ${visibleText(line)}\n`);
    io.stdout.write(values.json === true ? `${visibleJson({ row, ...list })}\n` : `${fileListText(row)}${lines.join('')}`);
  }
  return listed.some(({ odd }) => odd > 0) ? exit.findings : exit.good;
}

const detailOf = async (call: Call, typed: string): Promise<ReferenceDetail> =>
  call.client.json<ReferenceDetail>('GET', `/references/${encodeURIComponent((await rowOf(call, typed)).key)}`);

const instant = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function listText({ sets, baselines }: ReferenceList): string {
  const lines = [
    ...sets.map(row => {
      const { key, set, versions, devices, by, reason, at } = row;
      const listed = versions.length === 0 ? '' : ` (${versions.join(', ')})`;
      return `${key}  ${referenceState(row, instant)}\n    ${referenceSubject(set)}, ${counted(set.components, 'component')}${listed}, ${counted(devices, 'device')}; ${set.id.split(' ')[0]}, signed by ${set.signedBy ?? 'a key of the site'}\n    ${by}, ${instant(at)}: ${reason}`;
    }),
    ...baselines.map(
      ({ device, by, at, reason, digests }) =>
        `baseline of ${device}, ${counted(digests.length, 'digest')}\n    ${by}, ${instant(at)}: ${reason}`,
    ),
  ];
  return lines.map(line => `${line.split('\n').map(visibleText).join('\n')}\n`).join('');
}

function showText(detail: ReferenceDetail): string {
  const lines = [...referenceLines(detail), ...(detail.row.set.notes ?? []).map(note => `note: ${note}`)].map(line => `    ${line}`);
  return `${listText({ sets: [detail.row], baselines: [] })}${lines.map(line => `${visibleText(line)}\n`).join('')}`;
}
