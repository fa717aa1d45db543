import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DecodeError } from '../codec/reader.ts';
import { VendorTable } from '../inventory/vendor.ts';
import { loadPolicy } from '../policy/load.ts';
import { readCaptureFile } from './capture-file.ts';
import { projectFile, shippedPolicies } from './project-files.ts';
import { Replay } from './replay.ts';
import { readPolicyFiles } from './store/policy-files.ts';
import { version } from './version.ts';

const help = `Usage: sallyport replay FILE [--policies FOLDER]...

Runs a capture (pcap or pcapng, also packed by gzip or zstd) through the same machine as the live gateway, with the capture's own clock,
and prints the journal: one JSON line per Event. The same file and policy print the same bytes.

  --policies FOLDER   policy folder to decide with; may be given more than once (default: the shipped policies)

Exit codes: 0 good, 1 the file or the policy cannot be read
`;

/** `sallyport replay`: returns the exit code. What a broken file held before its fault is printed too. */
export async function replay(args: readonly string[]): Promise<number> {
  const options = { policies: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new Error('Cannot replay: give exactly one capture file');
  const files = readPolicyFiles(values.policies ?? [shippedPolicies()]);
  const { policy, problems } = loadPolicy(files);
  for (const { text } of problems) process.stderr.write(`${text}\n`);
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
    process.stderr.write(`${error.message}\n`);
    code = 1;
  }
  machine.finish();
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  return code;
}
