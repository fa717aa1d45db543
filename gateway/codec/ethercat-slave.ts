import { Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** What a slave says of itself, as the master reads it. ETG.1000.6 §5.4 (slave information interface), §5.6.7.4 (objects). Untrusted. */
export type SlaveIdentity = {
  readonly vendor?: number;
  readonly product?: number;
  readonly revision?: number;
  readonly serial?: number;
  readonly name?: string;
  readonly hardware?: string;
  readonly software?: string;
};

/** Words of the slave information interface that hold the identity, in their order: two words each. */
const firstWord = 8;
/** The members of the identity object 0x1018, by subindex from 1 on: the same, in the same order. */
const order = ['vendor', 'product', 'revision', 'serial'] as const;
const texts: { readonly [object: number]: 'name' | 'hardware' | 'software' | undefined } = {
  0x1008: 'name',
  0x1009: 'hardware',
  0x100a: 'software',
};
const identityObject = 0x1018;
/** Registers 0x0502 to 0x050f: control, word address, data of two words or four. */
export const siiRegister = 0x0502;
const [siiHead, mailboxHead] = [6, 6];
const busyOrFailed = 0xf800;
/** Mailboxes stand in the process memory. */
export const firstMailbox = 0x1000;
const [coe, sdoResponse, initiateUpload] = [3, 3, 2];

/** What stood behind the registers of the slave information interface; undefined when it was nothing of the identity, or not there yet. */
export function readSii(data: Uint8Array): SlaveIdentity | undefined {
  if (data.length < siiHead + 4) return undefined;
  const r = new Reader(data, 'EtherCAT slave information');
  const [control, address] = [r.u16le(), r.u32le()];
  if ((control & busyOrFailed) !== 0 || address < firstWord || address > firstWord + 6 || address % 2 !== 0) return undefined;
  const found: { -readonly [name in keyof SlaveIdentity]: SlaveIdentity[name] } = {};
  for (let i = (address - firstWord) / 2; i < order.length && r.left >= 4; i++) found[order[i] ?? 'serial'] = r.u32le();
  return found;
}

/** An answer of CANopen over EtherCAT in a mailbox: to an upload of an object that tells who the slave is. ETG.1000.6 §5.6.1, §5.6.2. Else undefined. */
export function readMailbox(data: Uint8Array): SlaveIdentity | undefined {
  if (data.length < mailboxHead + 10) return undefined;
  const r = new Reader(data, 'EtherCAT mailbox');
  const length = r.u16le();
  r.skip(3); // station, priority
  if ((r.u8() & 15) !== coe || length < 10 || length > r.left) return undefined;
  const m = r.part(length, 'EtherCAT SDO');
  if (m.u16le() >> 12 !== sdoResponse) return undefined;
  const [command, index, sub] = [m.u8(), m.u16le(), m.u8()];
  if (command >> 5 !== initiateUpload) return undefined;
  const isExpedited = (command & 2) !== 0;
  const size = isExpedited ? 4 - ((command >> 2) & 3) : m.u32le();
  if (size > m.left) return undefined; // it goes on in segments
  const value = m.part(size, 'EtherCAT object');
  const text = texts[index];
  if (text !== undefined && sub === 0) return { [text]: decodeText(value.rest()).trim() };
  if (index !== identityObject) return undefined;
  if ((command & 0x10) === 0)
    return sub < 1 || sub > order.length || size !== 4 ? undefined : { [order[sub - 1] ?? 'serial']: value.u32le() };
  if (sub === 0) value.skip(2); // all at once: how many, padded
  return value.left < 16 ? undefined : { vendor: value.u32le(), product: value.u32le(), revision: value.u32le(), serial: value.u32le() };
}
