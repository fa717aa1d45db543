import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { ActionName } from '../gateway/model/fact.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import { ipProtocols, type Packet } from './packet.ts';

const finsPort = 9600;
/** `FINS`, the head of each message over TCP. Omron W421 §7-4. */
const tcpMagic = 0x46494e53;
const frameSend = 2;
const tcpHead = 16;

/** Command codes of CPU UNIT DATA READ, CONNECTION DATA READ and NAME READ. Omron W342 §5-3-15, §5-3-16. */
const [unitDataRead, connectionDataRead, nameRead] = [0x0501, 0x0502, 0x2603];
const telling: ReadonlySet<number> = new Set([unitDataRead, connectionDataRead, nameRead]);
/** Most units of one answer. */
const maxUnits = 25;
/** Commands that change the controller, W342 §5-3. */
const actions: { readonly [command: number]: readonly [ActionName, string] } = {
  0x0102: ['write', 'memory area write'],
  0x0103: ['write', 'memory area fill'],
  0x0105: ['write', 'memory area transfer'],
  0x0202: ['write', 'parameter area write'],
  0x0203: ['write', 'parameter area clear'],
  0x0306: ['upload', 'program area read'],
  0x0307: ['download', 'program area write'],
  0x0308: ['write', 'program area clear'],
  0x0401: ['control', 'run'],
  0x0402: ['control', 'stop'],
  0x0403: ['control', 'reset'],
  0x0702: ['write', 'clock write'],
  0x2203: ['write', 'single file write'],
  0x2204: ['write', 'memory card format'],
  0x2205: ['write', 'file delete'],
  0x2301: ['write', 'forced set or reset'],
  0x2302: ['write', 'forced set or reset cancel'],
};

/** Factory Interface Network Service, over UDP or TCP. Omron W342, W421. */
export function decode(bytes: Uint8Array, packet: Packet) {
  const r = new Reader(bytes, 'FINS');
  if (isTcp(packet)) {
    if (r.u32() !== tcpMagic) throw r.fault('no FINS head');
    r.skip(4); // length
    if (r.u32() !== frameSend) return { ...silent, isResponse: false, command: 0 };
    r.skip(4); // error code
  }
  const icf = r.u8();
  if ((icf & 0x3e) !== 0) throw r.fault(`ICF ${icf}`);
  r.skip(9); // RSV, GCT, DNA to SID
  const [command, isResponse] = [r.u16(), (icf & 0x40) !== 0];
  const nothing = { ...silent, isResponse, command };
  if (!isResponse || !telling.has(command)) return nothing;
  const end = r.u16() & 0x7f3f; // without the relay, fatal and non-fatal error flags
  if (end !== 0) return nothing;
  if (command === nameRead) return { ...nothing, name: decodeText(r.rest()).trim() };
  if (command === connectionDataRead) return { ...nothing, units: unitsOf(r) };
  return r.left < 40 ? nothing : { ...nothing, unit: { model: text(r), version: text(r) } };
}

type Unit = { readonly address: number; readonly model: string };
/** What is not told. */
const silent: {
  readonly unit?: { readonly model: string; readonly version: string };
  readonly units: readonly Unit[];
  readonly name: string;
} = {
  units: [],
  name: '',
};

const text = (r: Reader): string => decodeText(r.take(20)).trim();

/** The units on the bus of the controller: how many (the top bit: these are the last), then address and model of each. */
function unitsOf(r: Reader): readonly Unit[] {
  const count = Math.min(r.u8() & 0x7f, maxUnits);
  return Array.from({ length: count }, () => ({ address: r.u8(), model: text(r) }));
}

const isTcp = (packet: Packet): boolean => packet.ipProtocol === ipProtocols.tcp;

/** `FINS` over TCP; over UDP an ICF whose unused bits are 0 and whose top bit is set, then 0. */
export function speaks({ bytes: b, payload: i, ipProtocol }: Packet): boolean {
  if (ipProtocol !== ipProtocols.tcp) return ((b[i] ?? 0) & 0xbe) === 0x80 && b[i + 1] === 0;
  return b[i] === 0x46 && b[i + 1] === 0x49 && b[i + 2] === 0x4e && b[i + 3] === 0x53;
}

/** Reads of memory are most of the traffic; only the command code is looked at. */
export function wants(packet: Packet): boolean {
  if (!speaks(packet)) return false;
  const [b, i] = [packet.bytes, packet.payload + (isTcp(packet) ? tcpHead : 0)];
  const command = ((b[i + 10] ?? 0) << 8) | (b[i + 11] ?? 0);
  return telling.has(command) || actions[command] !== undefined;
}

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (m.unit !== undefined) {
    const said: Said[] = [
      { kind: 'maker', text: 'Omron' },
      { kind: 'device-kind', text: 'plc' },
    ];
    if (m.unit.model !== '') said.push({ kind: 'model', text: m.unit.model });
    if (m.unit.version !== '') said.push({ kind: 'firmware', text: m.unit.version });
    return said;
  }
  if (m.name !== '') return [{ kind: 'hostname', name: m.name }];
  if (m.units.length > 0)
    return m.units
      .filter(({ model }) => model !== '')
      .map(({ address, model }) => ({ kind: 'inventory', of: 'module', text: `unit ${address}: ${model}` }));
  const action = m.isResponse ? undefined : actions[m.command];
  return action === undefined ? [] : [{ kind: 'acted', action: action[0], target: packet.target, detail: `FINS ${action[1]}` }];
}

export const fins = collector({
  name: 'fins',
  spec: 'Omron W342',
  matches: [udpPorts(finsPort), tcpPorts(finsPort)],
  wants,
  speaks,
  decode,
  observe,
});
