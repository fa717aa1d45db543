import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/** One frame as tshark shows it: each field that was asked for, with all its values. */
export type Row = {
  readonly frame: number;
  readonly all: (field: string) => readonly string[];
  /** The first value, or ''. */
  readonly one: (field: string) => string;
};

const valueEnd = '\x1f';
const run = promisify(execFile);

/** Undefined where tshark is not installed. */
export const tsharkVersion = /TShark \(Wireshark\) (\S+)/.exec(spawnSync('tshark', ['--version'], { encoding: 'utf8' }).stdout)?.[1];

/** Every frame of a capture. A capture that is cut off gives what it has. */
export async function dissect(file: string, fields: readonly string[]): Promise<readonly Row[]> {
  const columns = [...new Set(['frame.number', 'eth.src', 'sll.src.eth', ...fields])];
  const place = new Map(columns.map((column, i) => [column, i]));
  const { stdout } = await run(
    'tshark',
    [
      ...['-n', '-r', file, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', `aggregator=${valueEnd}`],
      ...columns.flatMap(column => ['-e', column]),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: 'C.UTF-8' } },
  );
  return stdout.split('\n').flatMap(line => {
    const cells = line.split('\t');
    if (cells.length !== columns.length) return [];
    const all = (field: string): readonly string[] => {
      const cell = cells[place.get(field) ?? -1];
      if (cell === undefined) throw new RangeError(`Cannot find ${field}: not asked for`);
      return cell === '' ? [] : cell.split(valueEnd);
    };
    // Captures of "any" interface have a header of their own with the sender's address, and no Ethernet.
    const sender = (field: string): readonly string[] => (field === 'eth.src' && all(field).length === 0 ? all('sll.src.eth') : all(field));
    return [{ frame: Number(cells[0]), all: sender, one: field => sender(field)[0] ?? '' }];
  });
}
