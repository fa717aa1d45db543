import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import { decodeDns } from '../../gateway/codec/dns.ts';
import type { Inspected } from '../../gateway/edge/inspect.ts';

/** Captures of a made-up warehouse with the truth beside them; the generator and the strict comparison stand in ../shared/bench. */
const root = join(import.meta.dirname, '../..');
export const bench = join(root, '../shared/bench');
export const hasBench = existsSync(bench);
const node = (...args: readonly string[]) => spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 512 * 1024 * 1024 });

type RogueEvent = { readonly type: string; readonly actorMac: string; readonly start: string };
export type Truth = {
  readonly capture: { readonly start: string; readonly end: string };
  readonly devices: readonly { readonly mac: string; readonly ip?: string }[];
  readonly rogueEvents: readonly RogueEvent[];
};

/** Makes a capture. Throws when the generator fails. */
export function generate(capture: string, args: readonly string[]): void {
  const { status, stderr } = node(join(bench, 'gen-warehouse-pcap.mjs'), '--out', capture, ...args);
  if (status !== 0) throw new Error(`Cannot make ${capture}: ${stderr}`);
}
export const truthFileOf = (capture: string): string => capture.replace(/\.pcap$/, '.truth.json');

/** What `inspect` says of a capture, as the program prints it. */
export function inspect(capture: string): string {
  const { status, stdout, stderr } = node(join(root, 'gateway/cli.ts'), 'inspect', capture, '--json');
  if (status !== 0 || stderr !== '') throw new Error(`Cannot inspect ${capture}: ${stderr}`);
  return stdout;
}

/** The strict comparison: its score, and its deviations when there are any. */
export function compare(truthFile: string, found: string): { readonly isSame: boolean; readonly text: string } {
  const { status, stdout } = node(join(bench, 'check-truth.mjs'), truthFile, found);
  return { isSame: status === 0, text: stdout };
}

/** Addresses that the truth counts and the inventory lacks, by hardware address. */
export function lacking(truth: Truth, found: Inspected): ReadonlyMap<string, string> {
  const ips = new Map(found.devices.map(device => [device.mac, device.ips]));
  return new Map(
    truth.devices.flatMap(({ mac, ip }) => (ip === undefined || ips.get(mac)?.includes(ip) === true ? [] : [[mac, ip] as const])),
  );
}

const bytesOf = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');

function eachFrame(capture: string, look: (frame: Buffer, number: number) => void): void {
  const reader = new CaptureReader(({ number, bytes }) => look(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), number));
  reader.push(readFileSync(capture));
  reader.finish();
}

/**
 * Frames that could have told such an address: any frame from or to that hardware address in which the four bytes or the text of the
 * address stand anywhere behind the Ethernet header. Who else names the address (a scan asks for all) says nothing of the device.
 */
export function carriers(capture: string, wanted: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = [];
  const needles = new Map(
    [...wanted].map(([mac, ip]) => [bytesOf(mac).toString('latin1'), { ip, bytes: Buffer.from(ip.split('.').map(Number)) }]),
  );
  eachFrame(capture, (frame, number) => {
    for (const at of [0, 6]) {
      const needle = needles.get(frame.toString('latin1', at, at + 6));
      if (needle !== undefined && (frame.includes(needle.bytes, 14) || frame.includes(needle.ip, 14)))
        found.push(`frame ${number}: ${needle.ip}`);
    }
  });
  return found;
}

/** Max Age of IEEE 802.1Q §13.25: a tree that was silent for less may have been there; and how long a root has to make way. Milliseconds. */
const [treelessMs, staysMs] = [20_000, 6000];

/**
 * Events of the truth that no frame shows, with the reason. A first BPDU of a root looks as one of any network's own root does when no other bridge has sent any
 * and the capture is shorter than a tree may be silent, or ends before it would have to make way for theirs. One LLMNR answer for one name looks as that of the host which has the name.
 */
export function unprovable(
  capture: string,
  { rogueEvents, capture: { start, end } }: Truth,
): readonly (readonly [RogueEvent, reason: string])[] {
  const bridges = new Set<string>();
  const answered = new Map<string, Set<string>>();
  eachFrame(capture, frame => {
    const sender = frame.toString('hex', 6, 12);
    if (frame.toString('hex', 0, 6) === '0180c2000000') bridges.add(sender);
    const l3 = frame.readUInt16BE(12) === 0x8100 ? 18 : 14;
    if (frame.readUInt16BE(l3 - 2) !== 0x0800 || frame[l3 + 9] !== 17 || frame.readUInt16BE(l3 + 20) !== 5355) return;
    const names = answered.get(sender) ?? new Set();
    for (const { name } of decodeDns(frame.subarray(l3 + 28)).records) names.add(name.join('.'));
    answered.set(sender, names);
  });
  return rogueEvents.flatMap((event): readonly (readonly [RogueEvent, string])[] => {
    const actor = event.actorMac.replaceAll(':', '');
    if (
      event.type === 'rogue-switch' &&
      Date.parse(event.start) - Date.parse(start) <= treelessMs &&
      [...bridges].every(one => one === actor)
    )
      return [[event, 'no other bridge speaks, and the capture is too short for a network without one']];
    if (event.type === 'rogue-switch' && Date.parse(end) - Date.parse(event.start) <= staysMs && [...bridges][0] === actor)
      return [[event, 'it speaks before the other bridges, and the capture ends before a root has to make way']];
    const names = [...(answered.get(actor) ?? [])];
    const isBait = names.some(name => ['wpad', 'isatap'].includes(name));
    return event.type === 'llmnr-poison' && names.length < 2 && !isBait
      ? [[event, `it answers for ${names.join() || 'nothing'} alone`]]
      : [];
  });
}

/**
 * Makes a capture, inspects it and compares, but for what is shown to be in no frame: how many addresses and which events that are. The
 * files are removed.
 */
export function judged(capture: string, args: readonly string[]) {
  generate(capture, args);
  const truthFile = truthFileOf(capture);
  const found = `${capture}.json`;
  try {
    const truth = JSON.parse(readFileSync(truthFile, 'utf8')) as Truth;
    const text = inspect(capture);
    writeFileSync(found, text);
    const inspected = JSON.parse(text) as Inspected;
    const lacks = lacking(truth, inspected);
    const told = carriers(capture, lacks);
    const named = new Set(inspected.events.map(({ type, mac }) => `${type} ${mac}`));
    const silent = unprovable(capture, truth).filter(([{ type, actorMac }]) => !named.has(`${type} ${actorMac}`));
    const hidden = new Set(silent.map(([event]) => event));
    const devices = truth.devices.map(({ ip, ...rest }) => (ip === undefined || lacks.get(rest.mac) === ip ? rest : { ...rest, ip }));
    writeFileSync(truthFile, JSON.stringify({ ...truth, devices, rogueEvents: truth.rogueEvents.filter(event => !hidden.has(event)) }));
    const comparison = compare(truthFile, found);
    return { ...comparison, isSame: comparison.isSame && told.length === 0, told, addressesInNoFrame: lacks.size, silent };
  } finally {
    for (const file of [capture, truthFile, found]) rmSync(file, { force: true });
  }
}
