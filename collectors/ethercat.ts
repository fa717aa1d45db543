import { firstMailbox, readMailbox, readSii, siiRegister, type SlaveIdentity } from '../gateway/codec/ethercat-slave.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Mac } from '../gateway/model/address.ts';
import { collector, etherType, type Said } from './collector.ts';
import { Held } from './held.ts';
import type { Packet } from './packet.ts';
import { PerSensor } from './questions.ts';
import type { Room } from './rebuilt.ts';

const etherCatType = 0x88a4;
/** Frame type of process data and register access, IEC 61158-4-12 §5.3. */
const commands = 1;

/** Datagram commands that we read: each slave adds 1 to the position of a broadcast, so that it comes back as their number. */
const broadcasts: readonly number[] = [7, 8, 9];
/** Read of the slave that has this address. */
const configuredRead = 4;
/** From here on: logical addressing, which is cyclic process data. */
const firstLogical = 10;

/** Most datagrams that one frame can carry (15 would fill it with mailbox data; 1518 bytes hold 126 of the shortest). */
const maxDatagrams = 126;
/** Most slaves of one frame that are read: masters read one after the other. */
const maxRead = 16;

type Datagram = {
  readonly command: number;
  readonly position: number;
  readonly offset: number;
  readonly workingCounter: number;
  /** What one slave said of itself. */
  readonly slave: SlaveIdentity | undefined;
};

/** Slaves of which a part is known: caps, and how long the rest may take, frame time. A segment has at most 65,535, few have more than a hundred. */
const room: Room = { inAll: 1024, perSender: 256, ageMillis: 60_000 };
const slaves = new PerSensor(() => new Held<SlaveIdentity>(room));

/** EtherCAT datagrams. IEC 61158-4-12 §5.4; all numbers are little-endian. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'EtherCAT');
  const header = r.u16le();
  if (header >> 12 !== commands) throw r.fault(`frame type ${header >> 12}`);
  const datagrams: Datagram[] = [];
  let [more, read] = [true, 0];
  while (more && datagrams.length < maxDatagrams) {
    const command = r.u8();
    r.skip(1); // index
    const [position, offset, length] = [r.u16le(), r.u16le(), r.u16le()];
    r.skip(2); // interrupt
    const data = r.take(length & 0x7ff);
    const workingCounter = r.u16le();
    const slave = command === configuredRead && workingCounter === 1 && read < maxRead ? readSlave(offset, data) : undefined;
    if (slave !== undefined) read++;
    datagrams.push({ command, position, offset, workingCounter, slave });
    more = (length & 0x8000) !== 0;
  }
  return { datagrams };
}

function readSlave(offset: number, data: Uint8Array): SlaveIdentity | undefined {
  if (offset === siiRegister) return readSii(data);
  return offset >= firstMailbox ? readMailbox(data) : undefined;
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
  const count = Math.max(0, ...m.datagrams.filter(d => broadcasts.includes(d.command)).map(d => d.position));
  const said: Said[] = [{ kind: 'device-kind', text: 'ethercat-segment' }];
  if (count > 0) said.push({ kind: 'description', text: `EtherCAT segment of ${count} slaves behind ${universal(packet.source)}` });
  for (const { position, slave } of m.datagrams) if (slave !== undefined) said.push(...fromSlave(position, slave, packet));
  return said;
}

/** Slaves have no hardware address, so they are modules of their segment. A master reads one number after the other, the serial number last: then all are told. */
function fromSlave(position: number, told: SlaveIdentity, packet: Packet): readonly Said[] {
  const [known, key] = [slaves.of(packet), `${packet.source} ${position}`];
  const identity = { ...known.find(key, packet), ...told };
  known.keep(key, packet, identity);
  const { name, hardware, software, serial } = told;
  const texts = [worded('name', name), worded('hardware', hardware), worded('software', software)];
  return [...texts, serial === undefined ? '' : numbersOf(identity)]
    .filter(text => text !== '')
    .map(text => ({ kind: 'inventory', of: 'module', text: `EtherCAT slave ${position.toString(16).padStart(4, '0')}: ${text}` }));
}

/** `vendor 2 product 44c2c52 revision 110000 serial 1e240`: hexadecimal digits of what is known; a serial number of 0 is none. */
const numbersOf = ({ vendor, product, revision, serial = 0 }: SlaveIdentity): string =>
  Object.entries({ vendor, product, revision, serial: serial === 0 ? undefined : serial })
    .map(([what, value]) => worded(what, value?.toString(16)))
    .filter(text => text !== '')
    .join(' ');

const worded = (what: string, text: string | undefined): string => (text === undefined ? '' : `${what} ${text}`);

const isLocal = (mac: Mac): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
const universal = (mac: Mac): Mac => `${(Number.parseInt(mac.slice(0, 2), 16) & 0xfd).toString(16).padStart(2, '0')}${mac.slice(2)}`;

export const ethercat = collector({ name: 'ethercat', spec: 'IEC 61158-4-12', matches: etherType(etherCatType), wants, decode, observe });
