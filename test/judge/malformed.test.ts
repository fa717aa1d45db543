import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Inspection } from '../../gateway/edge/inspect.ts';
import { inspectTable } from '../../gateway/edge/inspect-table.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';
import { readPolicyFiles } from '../../gateway/edge/store/policy-files.ts';
import { shippedPolicies } from '../../gateway/edge/project-files.ts';

/** Other people's captures that broke other programs: none may break ours, and each is read in less than so long. CPU milliseconds. */
const mostMs = 2000;
const folder = join(import.meta.dirname, '../../../shared/captures/malformed');
if (!existsSync(folder)) process.stdout.write('skipped: other people’s captures are not on this machine (../shared)\n');
const files = existsSync(folder) ? globSync('**/*.pcap*', { cwd: folder }).toSorted() : [];

describe.skipIf(files.length === 0)('a malformed capture', () => {
  const { policy } = loadPolicy(readPolicyFiles([shippedPolicies()]));

  it.each(files)('%s is read to its end or its fault, in time, as inventory and table', name => {
    if (policy === undefined) throw new Error('Cannot judge: the shipped policies are not read');
    const before = process.cpuUsage();
    const inspection = new Inspection({ policy, vendorOf: () => undefined });
    const reader = new CaptureReader(frame => inspection.frame(frame));
    let fault = 'whole';
    try {
      reader.push(readFileSync(join(folder, name)));
      reader.finish();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      fault = error.message;
    }
    const found = inspection.finish(true);
    const table = inspectTable(found, 80);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    const broken = Object.values(found.malformed).reduce((sum, { frames }) => sum + frames, 0);
    process.stdout.write(
      `  ${name}: ${reader.frames} frames, ${found.devices.length} addresses, ${broken} malformed, ${ms.toFixed(0)} ms, ${fault}\n`,
    );
    expect(ms).toBeLessThan(mostMs);
    expect(Object.entries(found.malformed).filter(([, { message }]) => message.startsWith('defect'))).toEqual([]);
    // oxlint-disable-next-line no-control-regex
    expect(table).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});
