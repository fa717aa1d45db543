import { ip4, isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType } from './collector.ts';

const dlrType = 0x80e1;
const [deviceLevelRing, protocolVersion] = [2, 1];

/** Frame types, ODVA *The CIP Networks Library* volume 2, §9-5. */
const frameTypes = {
  beacon: 1,
  neighbourCheckRequest: 2,
  neighbourCheckResponse: 3,
  linkStatus: 4,
  locateFault: 5,
  announce: 6,
  signOn: 7,
  advertise: 8,
  flushTables: 9,
  learningUpdate: 10,
} as const;

const ringStates: { readonly [state: number]: string } = { 1: 'normal', 2: 'faulty' };

/** Device Level Ring of EtherNet/IP: supervisor and nodes. ODVA *The CIP Networks Library* volume 2, §9-5. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'DLR');
  const [subtype, version, type] = [r.u8(), r.u8(), r.u8()];
  if (subtype !== deviceLevelRing || version !== protocolVersion || type < frameTypes.beacon || type > frameTypes.learningUpdate)
    throw r.fault(`subtype ${subtype}, version ${version}, type ${type}`);
  r.skip(1); // port
  const ip = ip4(r.take(4));
  r.skip(4); // sequence
  if (type !== frameTypes.beacon) return { type, ip };
  const [state, precedence] = [r.u8(), r.u8()];
  r.skip(4 + 4); // interval, timeout
  return { type, ip, ring: ringStates[state] ?? `unknown-${state}`, precedence };
}

/** A frame carries its sender's own address, 0 while it has none. Only the active supervisor sends beacons. A node answers and reports. */
export function observe(m: ReturnType<typeof decode>): readonly Fact[] {
  const facts: Fact[] = isHostIp(m.ip) ? [{ kind: 'address', ip: m.ip }] : [];
  if (m.ring !== undefined)
    facts.push({ kind: 'bridge', protocol: 'dlr', detail: `supervisor, ring ${m.ring}, precedence ${m.precedence}` });
  else if (m.type === frameTypes.linkStatus || m.type === frameTypes.neighbourCheckResponse)
    facts.push({ kind: 'bridge', protocol: 'dlr', detail: 'node' });
  return facts;
}

export const dlr = collector({ name: 'dlr', spec: 'ODVA DLR', matches: etherType(dlrType), decode, observe });
