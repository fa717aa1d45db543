import { Reader } from '../gateway/codec/reader.ts';
import type { Mac } from '../gateway/model/address.ts';
import { collector, etherType, type Said } from './collector.ts';
import type { Packet } from './packet.ts';

const etherCatType = 0x88a4;
/** Frame type of process data and register access, IEC 61158-4-12 §5.3. */
const commands = 1;

/** Datagram commands that we read: each slave adds 1 to the position of a broadcast, so that it comes back as their number. */
const broadcasts: readonly number[] = [7, 8, 9];
/** From here on: logical addressing, which is cyclic process data. */
const firstLogical = 10;

/** Most datagrams that one frame can carry (15 would fill it with mailbox data; 1518 bytes hold 126 of the shortest). */
const maxDatagrams = 126;

/** EtherCAT datagrams. IEC 61158-4-12 §5.4; all numbers are little-endian. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'EtherCAT');
  const header = r.u16le();
  if (header >> 12 !== commands) throw r.fault(`frame type ${header >> 12}`);
  const datagrams: { command: number; position: number; offset: number; workingCounter: number }[] = [];
  let more = true;
  while (more && datagrams.length < maxDatagrams) {
    const command = r.u8();
    r.skip(1); // index
    const [position, offset, length] = [r.u16le(), r.u16le(), r.u16le()];
    r.skip(2 + (length & 0x7ff)); // interrupt, data
    datagrams.push({ command, position, offset, workingCounter: r.u16le() });
    more = (length & 0x8000) !== 0;
  }
  return { datagrams };
}

/** Cyclic process data comes first where it comes at all, a thousand times a second; it names nobody. */
export const wants = (packet: Packet): boolean => {
  const i = packet.payload;
  return (packet.bytes[i + 1] ?? 0) >> 4 === commands && (packet.bytes[i + 2] ?? 0) < firstLogical;
};

/**
 * The master sends from its own address. The first slave sets the locally administered bit of the source when it passes a frame on (ETG.1000.4
 * §6.1), so what comes back looks like one more host: it is the segment, and the counters tell how many slaves it has.
 */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  const touched = m.datagrams.filter(d => d.workingCounter > 0);
  if (touched.length === 0) return [{ kind: 'device-kind', text: 'ethercat-master' }];
  if (!isLocal(packet.source)) return [];
  const slaves = Math.max(0, ...m.datagrams.filter(d => broadcasts.includes(d.command)).map(d => d.position));
  const said: Said[] = [{ kind: 'device-kind', text: 'ethercat-segment' }];
  if (slaves > 0) said.push({ kind: 'description', text: `EtherCAT segment of ${slaves} slaves behind ${universal(packet.source)}` });
  return said;
}

const isLocal = (mac: Mac): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
const universal = (mac: Mac): Mac => `${(Number.parseInt(mac.slice(0, 2), 16) & 0xfd).toString(16).padStart(2, '0')}${mac.slice(2)}`;

export const ethercat = collector({ name: 'ethercat', spec: 'IEC 61158-4-12', matches: etherType(etherCatType), wants, decode, observe });
