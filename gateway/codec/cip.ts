import { Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** Services of the Common Industrial Protocol that change something or carry others. CIP Volume 1 §A; Logix ones: Rockwell 1756-PM020. */
export const cipServices = {
  0x01: 'get-attributes-all',
  0x02: 'set-attributes-all',
  0x04: 'set-attribute-list',
  0x05: 'reset',
  0x06: 'start',
  0x07: 'stop',
  0x08: 'create',
  0x09: 'delete',
  0x0a: 'multiple-service-packet',
  0x10: 'set-attribute-single',
  0x4d: 'write-tag',
  0x4e: 'read-modify-write-tag',
  0x52: 'unconnected-send',
  0x53: 'write-tag-fragmented',
} as const;

/** Classes whose own services have the numbers above, or whose attributes are addresses. CIP Volume 1 §5; Volume 2 §5. */
export const cipClasses = { identity: 0x01, messageRouter: 0x02, connectionManager: 0x06, tcpIpInterface: 0xf5 } as const;

/** What the Identity object says, CIP Volume 1 §5A-2. Untrusted. */
export type CipIdentity = {
  readonly vendor: number;
  readonly deviceType: number;
  readonly productCode: number;
  readonly major: number;
  readonly minor: number;
  readonly serial: number;
  readonly productName: string;
};

/** `classId` and `attribute` are -1 when the path has none: tags are named by symbols. */
export type CipRequest = { readonly service: number; readonly classId: number; readonly attribute: number };

/** Cap: messages in one Multiple Service Packet or wrapped in each other. */
const maxMessages = 64;

/** Instance 1 of the Identity object, attributes 1 to 7; more may follow. */
export function readCipIdentity(r: Reader): CipIdentity {
  const [vendor, deviceType, productCode, major, minor] = [r.u16le(), r.u16le(), r.u16le(), r.u8(), r.u8()];
  r.skip(2); // status
  const serial = r.u32le();
  return { vendor, deviceType, productCode, major, minor, serial, productName: decodeText(r.take(r.u8())).trim() };
}

/** A request and those inside it (Unconnected Send, Multiple Service Packet), in their order. */
export function readCipRequests(bytes: Uint8Array): readonly CipRequest[] {
  const found: CipRequest[] = [];
  const waiting: Uint8Array[] = [bytes];
  for (let next = waiting.shift(); next !== undefined && found.length < maxMessages; next = waiting.shift()) {
    const r = new Reader(next, 'CIP');
    const service = r.u8();
    const request = { service, ...readPath(new Reader(r.take(r.u8() * 2), 'CIP path')) };
    found.push(request);
    if (service === 0x52 && request.classId === cipClasses.connectionManager) {
      r.skip(2); // priority, time-out
      waiting.push(r.take(r.u16le()));
    } else if (service === 0x0a && request.classId === cipClasses.messageRouter) waiting.push(...packed(r.rest()));
  }
  return found;
}

/** The messages of a Multiple Service Packet: count, offsets from the count, messages. CIP Volume 1 §. */
function packed(bytes: Uint8Array): readonly Uint8Array[] {
  const r = new Reader(bytes, 'CIP packet');
  const count = r.u16le();
  if (count > maxMessages) throw r.fault(`${count} messages`);
  const offsets = Array.from({ length: count }, () => r.u16le());
  return offsets.map((from, i) => {
    const to = offsets[i + 1] ?? bytes.length;
    if (from < 2 + count * 2 || to <= from || to > bytes.length) throw r.fault(`message from ${from} to ${to}`);
    return bytes.subarray(from, to);
  });
}

/** Logical segments for class, instance and attribute; a symbol or port ends what we read. CIP Volume 1 §C-1.4. */
function readPath(r: Reader): { readonly classId: number; readonly attribute: number } {
  let [classId, attribute] = [-1, -1];
  while (r.left > 1) {
    const segment = r.u8();
    const format = segment & 3;
    if (segment >> 5 !== 1 || format > 1) break;
    if (format === 1) r.skip(1); // padding
    const value = format === 0 ? r.u8() : r.u16le();
    const type = (segment >> 2) & 7;
    if (type === 0) classId = value;
    else if (type === 4) attribute = value;
  }
  return { classId, attribute };
}
