import { Reader } from './reader.ts';

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

/** `classId`, `instance` and `attribute` are -1 when the path has none: tags are named by symbols. */
export type CipRequest = { readonly service: number; readonly classId: number; readonly instance: number; readonly attribute: number };

/** Services that read attributes. CIP Volume 1 §A-4. */
export const cipReads = { all: 0x01, list: 0x03, single: 0x0e } as const;
const reads: ReadonlySet<number> = new Set(Object.values(cipReads));
/** Classes that tell who a device is. */
const telling: ReadonlySet<number> = new Set([cipClasses.identity, cipClasses.tcpIpInterface]);
export const isCipQuestion = (service: number, classId: number): boolean => reads.has(service) && telling.has(classId);

/** A request whose answer does not say of what it is. `attributes`: those asked for, in their order, of `list` and `single`. */
export type CipQuestion = CipRequest & {
  readonly attributes: readonly number[];
  /** It goes through the device to a module behind it; undefined where that is not known. */
  readonly isRouted: boolean | undefined;
};

/** Forward Open, and Large Forward Open. */
export const cipOpenings = { small: 0x54, large: 0x5b } as const;

/** Cap: messages in one Multiple Service Packet or wrapped in each other; attributes of a list. */
const maxMessages = 64;

/** A request and those inside it (Unconnected Send, Multiple Service Packet), in their order. */
export function readCipRequests(bytes: Uint8Array): readonly CipRequest[] {
  const found: CipRequest[] = [];
  const waiting: Uint8Array[] = [bytes];
  for (let next = waiting.shift(); next !== undefined && found.length < maxMessages; next = waiting.shift()) {
    const r = new Reader(next, 'CIP');
    const request = readRequest(r);
    const { service } = request;
    found.push(request);
    if (service === 0x52 && request.classId === cipClasses.connectionManager) {
      r.skip(2); // priority, time-out
      waiting.push(r.take(r.u16le()));
    } else if (service === 0x0a && request.classId === cipClasses.messageRouter) waiting.push(...unpackCip(r.rest()));
  }
  return found;
}

/** The questions of a request, one for each message of a packet. `isRouted` as far as the connection tells; an Unconnected Send says it itself. */
export function readCipQuestions(bytes: Uint8Array, isRouted: boolean | undefined): readonly CipQuestion[] {
  const r = new Reader(bytes, 'CIP');
  const { service, classId } = readRequest(r);
  if (service === 0x52 && classId === cipClasses.connectionManager) {
    r.skip(2); // priority, time-out
    const size = r.u16le();
    const inner = r.take(size);
    r.skip(size % 2); // padding
    const goesOn = r.u8() > 0;
    return inner[0] === 0x52 ? [] : readCipQuestions(inner, goesOn);
  }
  if (service === 0x0a && classId === cipClasses.messageRouter)
    return unpackCip(r.rest()).map(one => readQuestion(new Reader(one, 'CIP'), isRouted));
  return [readQuestion(new Reader(bytes, 'CIP'), isRouted)];
}

function readQuestion(r: Reader, isRouted: boolean | undefined): CipQuestion {
  const request = readRequest(r);
  const { service } = request;
  const attributes = service === cipReads.single ? [request.attribute] : service === cipReads.list ? readList(r) : [];
  return { ...request, attributes, isRouted };
}

function readList(r: Reader): readonly number[] {
  const count = r.u16le();
  if (count > maxMessages) throw r.fault(`${count} attributes`);
  return Array.from({ length: count }, () => r.u16le());
}

/** A connection that a Forward Open asks for: the number by which its answers are known, and whether it goes through the device. CIP Volume 1 §3-5.5.2. */
export function readCipOpening(bytes: Uint8Array): { readonly connection: number; readonly isRouted: boolean } | undefined {
  const r = new Reader(bytes, 'CIP Forward Open');
  const { service, classId } = readRequest(r);
  const isLarge = service === cipOpenings.large;
  if ((service !== cipOpenings.small && !isLarge) || classId !== cipClasses.connectionManager) return undefined;
  r.skip(2 + 4); // priority, time-out; connection to the device
  const connection = r.u32le();
  r.skip(2 + 2 + 4 + 4); // serial numbers and vendor of the originator, multiplier
  r.skip(isLarge ? 16 : 12); // intervals and parameters of both directions
  r.skip(1); // transport
  const path = r.take(r.u8() * 2);
  return { connection, isRouted: path.length > 0 && (path[0] ?? 0) >> 5 === 0 };
}

/** The messages of a Multiple Service Packet or of its answer: count, offsets from the count, messages. CIP Volume 1 §. */
export function unpackCip(bytes: Uint8Array): readonly Uint8Array[] {
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

/** Service and path: logical segments for class, instance and attribute; a symbol or port ends what we read. CIP Volume 1 §2-4.1, §C-1.4. */
function readRequest(message: Reader): CipRequest {
  const service = message.u8();
  const r = new Reader(message.take(message.u8() * 2), 'CIP path');
  let [classId, instance, attribute] = [-1, -1, -1];
  while (r.left > 1) {
    const segment = r.u8();
    const format = segment & 3;
    if (segment >> 5 !== 1 || format > 1) break;
    if (format === 1) r.skip(1); // padding
    const value = format === 0 ? r.u8() : r.u16le();
    const type = (segment >> 2) & 7;
    if (type === 0) classId = value;
    else if (type === 1) instance = value;
    else if (type === 4) attribute = value;
  }
  return { service, classId, instance, attribute };
}
