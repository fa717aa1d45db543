import type { ShownEnrolled } from '../model/trust.ts';
import { visibleJson, visibleText } from '../model/visible-text.ts';
import { type Call, exit, NoSuchDevice, reasonOf, WrongCall } from './verb-call.ts';

const day = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Runs `sallyport trust enrolled [list | show DEVICE | forget DEVICE]`. Throws ClientError, WrongCall and NoSuchDevice. */
export async function enrolledVerb(call: Call, [action = 'list', named, ...more]: readonly string[]): Promise<number> {
  const { client, values } = call;
  if (action !== 'list' && action !== 'show' && action !== 'forget')
    throw new WrongCall(`Cannot run trust enrolled '${action}': give list, show or forget`);
  if (more.length > 0 || (named === undefined) !== (action === 'list'))
    throw new WrongCall(`Cannot run trust enrolled ${action}: ${action === 'list' ? 'it takes no arguments' : 'name one device'}`);
  if (values.reason !== undefined && action !== 'forget')
    throw new WrongCall(`Cannot run trust enrolled ${action}: it has no option --reason`);
  const { keys } = await client.json<{ readonly keys: readonly ShownEnrolled[] }>('GET', '/trust/enrolled');
  if (named === undefined) {
    say(call, keys, keys.map(line));
    if (keys.length === 0) call.io.stderr.write('No TPM has enrolled a key\n');
    return keys.length === 0 ? exit.nothing : exit.good;
  }
  const key = keys.find(({ device, instance }) => device === named || instance === named.toLowerCase().replaceAll('-', ''));
  if (key === undefined) throw new NoSuchDevice(`Cannot find '${named}': no TPM of a device of this id or name has enrolled a key`);
  if (action === 'show') {
    say(call, key, details(key));
    return exit.good;
  }
  await client.ask('POST', `/trust/enrolled/${encodeURIComponent(key.device)}/forget`, { reason: reasonOf(call) });
  say(call, { ok: true }, [`Forgot the key of ${key.device}: it proves nothing by it, and is asked anew; its TPM may enrol again`]);
  return exit.good;
}

const line = ({ device, instance, ek, at, status }: ShownEnrolled): string =>
  `${device}  ${status.padEnd(15)}  as ${instance}, TPM ${ek.slice(0, 16)}, enrolled ${day(at)}`;

const details = ({ device, instance, ak, ek, certificates, at, status }: ShownEnrolled): readonly string[] =>
  [
    ['device', device],
    ['proves', status],
    ['goes as', instance],
    ['key', `sha256 ${ak}`],
    ['TPM', `sha256 ${ek}, ${certificates} ${certificates === 1 ? 'certificate vouches' : 'certificates vouch'} for it`],
    ['enrolled', day(at)],
  ].map(([label = '', text = '']) => `${label.padEnd(10)}${text}`);

function say({ io, values }: Call, value: unknown, lines: readonly string[]): void {
  io.stdout.write(values.json === true ? `${visibleJson(value)}\n` : lines.map(one => `${visibleText(one)}\n`).join(''));
}
