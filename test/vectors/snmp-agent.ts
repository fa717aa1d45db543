import { berElement, berNumber, berObjectId, berTags, readSnmp, snmpPdus } from '../../gateway/codec/snmp.ts';
import { Reader } from '../../gateway/codec/reader.ts';
import { berInteger, berOpen, berTake } from '../../gateway/codec/ber.ts';

/** An agent in memory for tests of what reads agents: rows in, answers to GetNext and GetBulk out. RFC 3416 §4.2.2 and §4.2.3. */
export type Row = readonly [oid: string, tag: number, value: Uint8Array];

export const text = (oid: string, value: string): Row => [oid, berTags.octets, new TextEncoder().encode(value)];
export const bytes = (oid: string, ...value: readonly number[]): Row => [oid, berTags.octets, Uint8Array.from(value)];
export const int = (oid: string, value: number): Row => [oid, berTags.integer, berNumber(value).subarray(2)];
export const gauge = (oid: string, value: number): Row => [oid, berTags.unsigned, berNumber(value).subarray(2)];

const parts = (oid: string): readonly number[] => oid.split('.').map(Number);
const order = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((part, n) => part !== b[n]);
  return at < 0 ? a.length - b.length : (a[at] ?? -1) - (b[at] ?? -1);
};

/** What a question asks. */
export function asked(message: Uint8Array) {
  const { version, pdu } = readSnmp(message);
  const r = berOpen(new Reader(message), berTags.sequence, 'message');
  berTake(r, berTags.integer, 'version');
  const community = new TextDecoder().decode(berTake(r, berTags.octets, 'community'));
  const fields = berOpen(r, pdu.type, 'PDU');
  for (const what of ['request id', 'non-repeaters']) berTake(fields, berTags.integer, what);
  const repetitions = berInteger(berTake(fields, berTags.integer, 'repetitions'), 'repetitions');
  return { version, community, type: pdu.type, requestId: pdu.requestId, oid: pdu.variables[0]?.oid ?? '', repetitions };
}

/** A message with these variables, as an answer to `requestId`. */
export function answer(
  requestId: number,
  rows: readonly Row[],
  over: { readonly version?: number; readonly type?: number; readonly error?: number } = {},
) {
  const variables = rows.map(([oid, tag, value]) =>
    berElement(berTags.sequence, berElement(berTags.oid, berObjectId(parts(oid))), berElement(tag, value)),
  );
  const pdu = berElement(
    over.type ?? snmpPdus.response,
    berNumber(requestId),
    berNumber(over.error ?? 0),
    berNumber(0),
    berElement(berTags.sequence, ...variables),
  );
  return berElement(berTags.sequence, berNumber(over.version ?? 1), berElement(berTags.octets, new TextEncoder().encode('x')), pdu);
}

/** An honest agent with these rows. Version 1 says noSuchName at the end, 2c endOfMibView. */
export function agent(rows: readonly Row[]): (question: Uint8Array) => Uint8Array {
  const sorted = rows.map(row => ({ row, key: parts(row[0]) })).toSorted((a, b) => order(a.key, b.key));
  return question => {
    const { version, type, requestId, oid, repetitions } = asked(question);
    const from = sorted.findIndex(({ key }) => order(key, parts(oid)) > 0);
    const found = from < 0 ? [] : sorted.slice(from, from + (type === snmpPdus.getBulk ? repetitions : 1)).map(({ row }) => row);
    if (version === 0) return answer(requestId, found, { version, ...(found.length === 0 ? { error: 2 } : {}) });
    return answer(requestId, found.length === 0 ? [[oid, 0x82, new Uint8Array(0)]] : found);
  };
}

const [bridge, lldp, interfaces] = ['1.3.6.1.2.1.17', '1.0.8802.1.1.2.1', '1.3.6.1.2.1.31.1.1.1'];

/** A switch with VLANs 10 (database 110) and 20 (database 120), 2 ports and a neighbour; bridge port 1 is interface 101. */
export const switchRows: readonly Row[] = [
  text('1.3.6.1.2.1.1.1.0', 'Example OS 4.2'),
  text('1.3.6.1.2.1.1.5.0', 'dock-sw1'),
  text(`${interfaces}.1.101`, 'Gi0/1'),
  text(`${interfaces}.1.102`, 'Gi0/2'),
  text(`${interfaces}.18.101`, 'camera dock 3'),
  text(`${interfaces}.18.102`, ''),
  bytes(`${bridge}.1.1.0`, 2, 0, 0x5e, 0, 0, 1),
  int(`${bridge}.1.4.1.2.1`, 101),
  int(`${bridge}.1.4.1.2.2`, 102),
  int(`${bridge}.7.1.2.2.1.2.110.2.0.94.0.1.1`, 1),
  int(`${bridge}.7.1.2.2.1.2.120.2.0.94.0.1.2`, 2),
  int(`${bridge}.7.1.2.2.1.2.120.2.0.94.0.1.3`, 2),
  int(`${bridge}.7.1.2.2.1.2.120.2.0.94.0.0.2`, 2),
  int(`${bridge}.7.1.2.2.1.3.110.2.0.94.0.1.1`, 3),
  int(`${bridge}.7.1.2.2.1.3.120.2.0.94.0.1.2`, 5),
  int(`${bridge}.7.1.2.2.1.3.120.2.0.94.0.1.3`, 2),
  int(`${bridge}.7.1.2.2.1.3.120.2.0.94.0.0.2`, 4),
  gauge(`${bridge}.7.1.4.2.1.3.0.10`, 110),
  gauge(`${bridge}.7.1.4.2.1.3.0.20`, 120),
  int(`${lldp}.3.1.0`, 4),
  bytes(`${lldp}.3.2.0`, 2, 0, 0x5e, 0, 0, 9),
  text(`${lldp}.3.7.1.3.7`, 'Gi0/2'),
  int(`${lldp}.4.1.1.4.55.7.1`, 4),
  bytes(`${lldp}.4.1.1.5.55.7.1`, 2, 0, 0x5e, 0, 0, 8),
  text(`${lldp}.4.1.1.9.55.7.1`, 'core-sw'),
  bytes(`${lldp}.4.1.1.12.55.7.1`, 0x28, 0),
];
