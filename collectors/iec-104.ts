import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, tcpPorts } from './collector.ts';
import { type Act, acted, isSample } from './industrial.ts';
import type { Packet } from './packet.ts';

const iecPort = 2404;
const startByte = 0x68;
/** Cap: APDUs of one segment. */
const maxUnits = 64;

/** Type identifications in control direction that act. IEC 60870-5-101 §7.2.1.1, tables 10 to 14; those with time tag: IEC 60870-5-104 §8. */
export const commands = {
  45: 'single-command',
  46: 'double-command',
  47: 'regulating-step-command',
  48: 'set-point-normalised',
  49: 'set-point-scaled',
  50: 'set-point-short-float',
  51: 'bitstring-command',
  58: 'single-command-with-time',
  59: 'double-command-with-time',
  60: 'regulating-step-command-with-time',
  61: 'set-point-normalised-with-time',
  62: 'set-point-scaled-with-time',
  63: 'set-point-short-float-with-time',
  64: 'bitstring-command-with-time',
  105: 'reset-process',
  110: 'parameter-normalised',
  111: 'parameter-scaled',
  112: 'parameter-short-float',
  113: 'parameter-activation',
} as const;
const names: { readonly [type: number]: string } = commands;
/** Cause of transmission: activation; a station that confirms says 7. §7.2.3. */
const activation = 6;
const firstParameter = 110;
/** What a station says early and seldom. */
const [endOfInitialisation, interrogation] = [70, 100];

type Unit = { readonly type: number; readonly cause: number; readonly station: number };

/** IEC 60870-5-104: the application units of one segment; frames without one (S and U format) are passed over. §5. */
export function decode(bytes: Uint8Array): readonly Unit[] {
  const r = new Reader(bytes, 'IEC 104');
  const found: Unit[] = [];
  for (let count = 0; count < maxUnits && (count === 0 || r.left >= 6); count++) {
    const [start, length] = [r.u8(), r.u8()];
    if (start !== startByte || length < 4 || length > 253) throw r.fault(`start ${start} length ${length}`);
    if (count > 0 && length > r.left) break;
    const unit = new Reader(r.take(length), 'IEC 104');
    const isInformation = (unit.u8() & 1) === 0;
    unit.skip(3);
    if (!isInformation) continue;
    const type = unit.u8();
    unit.skip(1); // number of objects
    const cause = unit.u8() & 0x3f;
    unit.skip(1); // originator
    found.push({ type, cause, station: unit.u16le() });
  }
  return found;
}

/** A station tells its address with whatever it reports; who commands it is named. */
export function observe(units: readonly Unit[], packet: Packet): readonly Said[] {
  if (packet.sourcePort !== iecPort) return acted(units.map(actOf), packet);
  const station = units.find(unit => unit.station !== 0 && unit.station !== 0xffff)?.station;
  if (station === undefined) return [];
  return [
    { kind: 'device-kind', text: 'rtu' },
    { kind: 'description', text: `IEC 60870-5-104 station ${station}` },
  ];
}

function actOf({ type, cause }: Unit): Act | undefined {
  const name = names[type];
  return name === undefined || cause !== activation ? undefined : [type < firstParameter ? 'control' : 'write', `iec-104 ${name}`];
}

const speaks = ({ bytes: b, payload: i, end }: Packet): boolean => end - i >= 6 && b[i] === startByte;

/** Reports are looked at in samples only: a command is the first unit of its segment, or there is more than one. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: i, end } = packet;
  if (!speaks(packet)) return false;
  const type = b[i + 6] ?? 0;
  if (packet.sourcePort === iecPort) return type === endOfInitialisation || type === interrogation || isSample(packet);
  return names[type] !== undefined || 2 + (b[i + 1] ?? 0) < end - i || isSample(packet);
}

export const iec104 = collector({ name: 'iec-104', spec: 'IEC 60870-5-104', matches: tcpPorts(iecPort), wants, speaks, decode, observe });
