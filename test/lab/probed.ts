import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Dissector } from '../../collectors/dissector.ts';
import { macAt } from '../../gateway/codec/address-at.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import { snapLength } from '../../gateway/edge/capture/live.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import type { ProbeOutcome } from '../../gateway/model/probe.ts';
import type { ListedProbe } from '../../gateway/probing/probe.ts';
import { fits } from '../../gateway/probing/template.ts';
import { dissect } from '../judge/tshark.ts';
import { type Lan, until } from './namespace.ts';

const script = new URL('ask-process.ts', import.meta.url).pathname;
export const gatewayIp = '10.20.0.1';

/** A device of the test's LAN. */
export type Target = { readonly name: string; readonly port: string; readonly ip: string; readonly mac: string };

/** What was seen of one probe: its outcome, and both directions of the wire at the device's port of the bridge. */
export type Probed = { readonly outcome: ProbeOutcome; readonly wire: Wire; readonly facts: readonly Fact[] };

/** What tshark reads of the wire. Payloads in hex; ours and the device's. */
export type Wire = {
  readonly ours: readonly string[];
  /** TCP flags, as `SYN`, `FIN` and `RST`, of ours and of the device's. */
  readonly oursFlags: readonly string[];
  readonly itsFlags: readonly string[];
  /** Transport ports that we sent to, each once. */
  readonly asked: readonly string[];
};

const fields = [
  'ip.src',
  'ip.dst',
  'tcp.payload',
  'udp.payload',
  'tcp.flags.syn',
  'tcp.flags.fin',
  'tcp.flags.reset',
  'tcp.dstport',
  'udp.dstport',
];

/** Runs a probe from the gateway's namespace against a device, and reads the wire once it is quiet: for TCP, once both have closed. */
export async function probed(lan: Lan, probe: ListedProbe, target: Target, service: number, file: string): Promise<Probed> {
  const tcpdump = await capturing(lan, target.port, file);
  const ran = await lan.exec('gateway', [process.execPath, script, probe.name, gatewayIp, target.ip, String(service)], {
    timeoutMs: 120_000,
  });
  if (ran.code !== 0) throw new Error(`Cannot probe: ${ran.stderr}`);
  const outcome = JSON.parse(ran.stdout) as ProbeOutcome;
  const isTcp = probe.medium.kind === 'tcp';
  await until(async () => {
    const { oursFlags, itsFlags, ours } = await wireOf(file, target.ip);
    const isOver = oursFlags.includes('FIN') && itsFlags.includes('FIN');
    return isTcp ? isOver || itsFlags.includes('RST') : ours.length >= 2;
  }, `${probe.name} is over on the wire`);
  await stopped(tcpdump);
  return { outcome, wire: await wireOf(file, target.ip), facts: factsOf(file, target.mac) };
}

async function capturing(lan: Lan, port: string, file: string): Promise<ChildProcess> {
  const argv = ['netns', 'exec', lan.ns('gateway'), 'tcpdump', '-Z', 'root', '-n', '-U', '--immediate-mode', '-i', port, '-w', file];
  const child = spawn('ip', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('listening on') && existsSync(file), `tcpdump listens: ${said}`);
  return child;
}

async function stopped(child: ChildProcess): Promise<void> {
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGINT');
  await ended;
}

async function wireOf(file: string, ip: string): Promise<Wire> {
  const rows = (await dissect(file, fields)).filter(row => [row.one('ip.src'), row.one('ip.dst')].includes(ip));
  const ours = rows.filter(row => row.one('ip.src') === gatewayIp);
  const flags = (from: typeof rows): readonly string[] =>
    from.flatMap(row => [
      ...(isSet(row.one('tcp.flags.syn')) ? ['SYN'] : []),
      ...(isSet(row.one('tcp.flags.fin')) ? ['FIN'] : []),
      ...(isSet(row.one('tcp.flags.reset')) ? ['RST'] : []),
    ]);
  return {
    ours: ours.flatMap(row => [...row.all('tcp.payload'), ...row.all('udp.payload')]),
    oursFlags: flags(ours),
    itsFlags: flags(rows.filter(row => row.one('ip.src') === ip)),
    asked: [
      ...new Set(ours.flatMap(row => [...row.all('tcp.dstport').map(p => `tcp/${p}`), ...row.all('udp.dstport').map(p => `udp/${p}`)])),
    ],
  };
}

const isSet = (flag: string): boolean => flag === '1' || flag === 'True';

/**
 * What our own sensor, with every collector, says of the device after it has heard the capture as it hears a port: what comes in only, so not our
 * questions, and of each frame no more than `snapLength`.
 */
function factsOf(file: string, mac: string): readonly Fact[] {
  const dissector = new Dissector();
  const reader = new CaptureReader(frame => {
    const { number, at, port, wireLength, bytes } = frame;
    if (macAt(bytes, 6) === mac) dissector.frame({ number, at, port, wireLength, bytes: bytes.subarray(0, snapLength) });
  });
  reader.push(readFileSync(file));
  reader.finish();
  const { observations, malformed } = dissector.drain(true);
  if (malformed.length > 0) throw new Error(`Cannot read the answers: ${JSON.stringify(malformed)}`);
  return observations.filter(o => o.mac === mac).map(o => o.fact);
}

/** What of our payloads fits none of the probe's templates. */
export const unreviewed = (probe: ListedProbe, { ours }: Wire): readonly string[] =>
  ours.filter(hex => !probe.templates.some(template => fits(template, new Uint8Array(Buffer.from(hex, 'hex')))));

/** What an nmap script says, by its names, each with its values; scripts that say nothing have no entry. */
export async function nmap(
  lan: Lan,
  target: Target,
  argv: readonly string[],
): Promise<{ readonly text: string; readonly of: (key: string) => string }> {
  const { code, stdout, stderr } = await lan.exec('gateway', ['nmap', '-n', '-Pn', '-oX', '-', ...argv, target.ip], { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`Cannot ask nmap: ${stderr}`);
  const named: Readonly<Record<string, string>> = { quot: '"', amp: '&', lt: '<', gt: '>', apos: "'" };
  const plain = (text: string): string =>
    text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, sixteen?: string, ten?: string, name?: string) =>
      name === undefined
        ? String.fromCodePoint(sixteen === undefined ? Number(ten) : Number.parseInt(sixteen, 16))
        : (named[name] ?? whole),
    );
  const text = [...stdout.matchAll(/<script id="[^"]*" output="([^"]*)"/g)].map(([, output = '']) => plain(output)).join('\n');
  return { text, of: key => plain(new RegExp(`<elem key="${key}">([^<]*)</elem>`).exec(stdout)?.[1] ?? '') };
}
