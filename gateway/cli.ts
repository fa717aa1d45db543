import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isClientVerb, runClientVerb } from './api/verbs.ts';
import { DecodeError } from './codec/reader.ts';
import { projectFile } from './edge/project-files.ts';
import { inspect } from './edge/inspect-verb.ts';
import { Replay, readCaptureFile } from './edge/replay.ts';
import { run } from './edge/run.ts';
import { readPolicyFiles } from './edge/store/policy-files.ts';
import { shippedPolicies } from './edge/store/settings.ts';
import { version } from './edge/version.ts';
import { VendorTable } from './inventory/vendor.ts';
import { loadPolicy } from './policy/load.ts';

/** The command line: one verb, data on stdout, the rest on stderr. Exit codes: 0 good, 1 wrong call or failure of ours, 2 findings, 3 denied, 4 nothing known. */
const [verb = '', ...args] = process.argv.slice(2);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const replayHelp = `Usage: sallyport replay FILE [--policies FOLDER]...

Runs a capture (pcap or pcapng, Ethernet) through the same machine as the live gateway, with the capture's own clock,
and prints the journal: one JSON line per Event. The same file and policy print the same bytes.

  --policies FOLDER   policy folder to decide with; may be given more than once (default: the shipped policies)

Exit codes: 0 good, 1 the file or the policy cannot be read
`;

async function replay(): Promise<number> {
  const options = { policies: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (values.help === true) {
    process.stdout.write(replayHelp);
    return 0;
  }
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new Error('Cannot replay: give exactly one capture file');
  const files = readPolicyFiles(values.policies ?? [shippedPolicies()]);
  const { policy, problems } = loadPolicy(files);
  for (const { text } of problems) say(text);
  if (policy === undefined) return 1;
  const vendors = new VendorTable(readFileSync(projectFile('dist/oui.bin')));
  let lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
    if (lines.length < 1000) return;
    process.stdout.write(`${lines.join('\n')}\n`);
    lines = [];
  };
  const machine = new Replay({ policy, files: files.map(file => file.path), vendorOf: mac => vendors.lookup(mac), version, write });
  let code = 0;
  try {
    await readCaptureFile(path, frame => machine.frame(frame));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    say(error.message);
    code = 1;
  }
  machine.finish();
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  return code;
}

async function main(): Promise<number> {
  if (verb === 'replay') return replay();
  if (verb === 'inspect') return inspect(args, { stdout: process.stdout, stderr: process.stderr });
  if (verb === 'run') return run(args);
  if (isClientVerb(verb)) {
    const at = args.findIndex(arg => arg === '--data' || arg.startsWith('--data='));
    const data = at < 0 ? '/var/lib/sallyport' : args[at]?.slice('--data='.length) || args[at + 1] || '';
    const rest = at < 0 ? args : args.toSpliced(at, args[at] === '--data' ? 2 : 1);
    const user = process.env['SUDO_USER'];
    const io = { socketPath: join(data, 'control.sock'), stdout: process.stdout, stderr: process.stderr };
    return runClientVerb(verb, rest, user === undefined ? io : { ...io, user });
  }
  say(`Cannot run '${verb}': unknown verb, see ./sallyport --help`);
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  say(error.message);
  process.exitCode = 1;
}
