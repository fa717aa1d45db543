import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DecodeError } from '../codec/reader.ts';
import { VendorTable } from '../inventory/vendor.ts';
import { visibleJsonParts } from '../model/visible-text.ts';
import { type CheckedKinds, decodeKinds } from '../policy/checked-kinds.ts';
import { byPath, hashOf } from '../policy/files-hash.ts';
import type { RulePolicy } from '../policy/lookups.ts';
import { noMud } from '../model/mud.ts';
import type { PolicyFile } from '../policy/policy.ts';
import { readCaptureFile } from './capture-file.ts';
import { Inspection } from './inspect.ts';
import { factLines, inspectTable } from './inspect-table.ts';
import { projectFile, projectRoot, shippedPolicies } from './project-files.ts';
import { readPolicyFiles } from './store/policy-files.ts';

const help = `Usage: sallyport inspect FILE [--json] [--frames] [--exit-code] [--policies FOLDER]...

Reads a capture (pcap or pcapng, also packed by gzip or zstd; - is the standard input) and prints who is on the network and what is
wrong there: a row for each hardware address with what it says it is, each alarm with the frame that shows it, what cannot be seen
from there, and what was malformed or not understood. What names no hardware address (raw IP, PPP, loopback) has a row for each IP
address instead. Of a capture that is cut or broken, what stands before that is shown, and the exit code is 1. Nothing is decided or kept.

  --json              everything, as one JSON object
  --frames            the frames behind each fact; with --json as "facts" of each device
  --policies FOLDER   policy folder with the fingerprints; may be given more than once (default: the shipped policies)

  --exit-code         exit with 2 when there are alarms (besides that devices are new)

Exit codes: 0 read, 1 wrong call, or the file or the policy cannot be read, 2 alarms (with --exit-code), 4 nothing in it
`;

/** Where the verb writes, and how wide that is. */
type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
const [leastWidth, barWidth] = [80, 40];

/** `sallyport inspect`: returns the exit code. What a broken file held before its fault is printed too. */
export async function inspect(args: readonly string[], io: { readonly stdout: Terminal; readonly stderr: Terminal }): Promise<number> {
  const { stdout, stderr } = io;
  const options = {
    json: { type: 'boolean' },
    frames: { type: 'boolean' },
    'exit-code': { type: 'boolean' },
    policies: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help === true) {
    stdout.write(help);
    return 0;
  }
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new Error('Cannot inspect: give exactly one capture file');
  const policy = await policyOf(readPolicyFiles(values.policies ?? [shippedPolicies()]), text => stderr.write(`${text}\n`));
  if (policy === undefined) return 1;
  const vendors = new VendorTable(readFileSync(projectFile('dist/oui.bin')));
  const inspection = new Inspection({ policy, vendorOf: mac => vendors.lookup(mac) });
  let code = 0;
  try {
    await readCaptureFile(path, frame => inspection.frame(frame), progressBar(stderr));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    stderr.write(`${error.message}\n`);
    code = 1;
  }
  const report = inspection.report(values.frames === true);
  if (values.json === true) {
    for (const part of visibleJsonParts(report)) stdout.write(part);
    stdout.write('\n');
  } else {
    const inspected = { ...report, devices: [...report.devices] };
    // What is no terminal (a file, a pipe) has no width: nothing is cut.
    const width = stdout.columns === undefined ? 0 : Math.max(leastWidth, stdout.columns);
    if (values.frames === true) stdout.write(`${factLines(inspected.devices, width).join('\n')}\n\n`);
    stdout.write(`${inspectTable(inspected, width)}\n`);
  }
  if (code !== 0) return code;
  if (inspection.isEmpty) return 4;
  return values['exit-code'] === true && report.events.some(({ type }) => type !== 'new-device') ? 2 : 0;
}

/** What dist/kinds.json holds was checked when the program was built; the checker itself is loaded for other policies only, for that takes longer than a short capture. */
async function policyOf(files: readonly PolicyFile[], say: (text: string) => void): Promise<RulePolicy | undefined> {
  const built = join(projectRoot, 'dist/kinds.json');
  if (existsSync(built)) {
    const kinds = JSON.parse(readFileSync(built, 'utf8')) as CheckedKinds;
    if (kinds.hash === hashOf(byPath(files)))
      return { fingerprints: decodeKinds(kinds), plates: kinds.plates, mud: noMud, expectedSerials: new Map() };
  }
  const { loadPolicy } = await import('../policy/load.ts');
  const { policy, problems } = loadPolicy(files);
  for (const { text } of problems) say(text);
  return policy;
}

/** A bar on a terminal, redrawn at each hundredth; nothing elsewhere. */
function progressBar(stderr: Terminal): ((part: number) => void) | undefined {
  if (stderr.isTTY !== true) return undefined;
  let shown = -1;
  return part => {
    const percent = Math.floor(part * 100);
    if (percent === shown) return;
    shown = percent;
    const done = Math.round(part * barWidth);
    stderr.write(percent >= 100 ? '\r\x1b[K' : `\r[${'#'.repeat(done)}${' '.repeat(barWidth - done)}] ${percent} %`);
  };
}
