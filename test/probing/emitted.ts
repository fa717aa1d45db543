import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListedProbe, ProbeContext } from '../../gateway/probing/probe.ts';
import { fits } from '../../gateway/probing/template.ts';
import { ethernet, ip4, udp } from '../lab/frames.ts';

export const context: ProbeContext = {
  own: { mac: '00:1b:c5:0a:0b:0c', ip: '192.0.2.10', prefix: '192.0.2.0/28' },
  nonce: Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i),
  now: Date.UTC(2026, 0, 1),
};

/** What a probe lets out first, and all that a broadcast probe does. */
export function emitted(probe: ListedProbe, about: ProbeContext = context): readonly Uint8Array[] {
  const step = probe.begin(about);
  if (step.kind !== 'send') throw new Error(`Cannot see what ${probe.name} sends: it is ${step.kind}`);
  return step.messages;
}

/** Bytes written by hand: hexadecimal, blanks as one likes, text in quotes. */
export function bytes(text: string): Uint8Array {
  const pieces = text
    .split('"')
    .map((piece, i) => (i % 2 === 1 ? Buffer.from(piece, 'latin1') : Buffer.from(piece.replaceAll(/\s/g, ''), 'hex')));
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Where a byte of the message may be another one and it still fits a template of the probe: the holes. */
export function free(probe: ListedProbe, message: Uint8Array): readonly number[] {
  return [...message.keys()].filter(at => {
    const other = message.slice();
    other[at] = (other[at] ?? 0) ^ 0x01;
    return isLetThrough(probe, other);
  });
}

export const isLetThrough = (probe: ListedProbe, message: Uint8Array): boolean => probe.templates.some(one => fits(one, message));

export const range = (first: number, last: number): readonly number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The payload as a frame from us, so that others can read it. */
export const inUdp = (payload: Uint8Array, to: string, port: number, from = 50_000): Uint8Array =>
  ethernet('ff:ff:ff:ff:ff:ff', context.own.mac, 0x0800, ip4({ from: context.own.ip, to, protocol: 17 }, udp(from, port, [...payload])));

const tsharkIsMissing = spawnSync('tshark', ['--version']).status !== 0;
if (tsharkIsMissing) process.stdout.write('skipped: tshark, the independent reader, is not on this machine\n');
export const hasTshark = !tsharkIsMissing;

/** What tshark reads from the frames: a row each, the values of each field, several joined by commas. Throws when it finds one malformed. */
export function readByTshark(frames: readonly Uint8Array[], fields: readonly string[]): readonly (readonly string[])[] {
  const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  const records = frames.map(frame => {
    const record = Buffer.alloc(16 + frame.length);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    record.set(frame, 16);
    return record;
  });
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-probing-'));
  const file = join(folder, 'emitted.pcap');
  writeFileSync(file, Buffer.concat([header, ...records]));
  const all = ['_ws.malformed', ...fields];
  const args = ['-r', file, '-n', '-T', 'fields', '-E', 'separator=|', ...all.flatMap(f => ['-e', f])];
  const { stdout, stderr, status } = spawnSync('tshark', args, { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  if (status !== 0) throw new Error(`Cannot read by tshark: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => {
      const [malformed, ...values] = line.split('|');
      if (malformed !== '') throw new Error(`Cannot read by tshark: ${malformed}`);
      return values;
    });
}
