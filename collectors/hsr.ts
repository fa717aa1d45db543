import { mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Mac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType } from './collector.ts';

/** Of HSR, behind its tag, and of PRP. IEC 62439-3 §4.3, §5.7. */
const supervision = 0x88fb;

/** First TLV: how the node is attached. IEC 62439-3 §4.3.2, §5.7.2. The first two are of PRP. */
const nodeTypes: { readonly [type: number]: string } = {
  20: 'duplicates discarded',
  21: 'duplicates accepted',
  22: 'RedBox',
  23: 'ring node',
};
const [prpDiscard, prpAccept, redBoxTlv] = [20, 21, 30];

/** Supervision frames of High-availability Seamless Redundancy and the Parallel Redundancy Protocol. IEC 62439-3. What stands behind the TLVs (padding, PRP trailer) is not looked at. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'HSR/PRP supervision');
  const version = r.u16() & 0x0fff; // behind four bits of path
  r.skip(2); // sequence number
  const [type, length] = [r.u8(), r.u8()];
  if (nodeTypes[type] === undefined) throw r.fault(`TLV ${type}`);
  const node = mac(r.take(length).subarray(0, 6));
  const redBox: Mac | undefined = r.u8() === redBoxTlv ? mac(r.take(r.u8())) : undefined;
  const protocol = type === prpDiscard || type === prpAccept ? ('prp' as const) : ('hsr' as const);
  return { protocol, version, type, node, redBox };
}

/** The sender is a node with two ports, or a RedBox that stands in for others: those are not named, since there are many. */
export function observe({ protocol, type, redBox }: ReturnType<typeof decode>): readonly Fact[] {
  const detail = redBox === undefined ? (nodeTypes[type] ?? `unknown-${type}`) : `RedBox ${redBox}`;
  return [{ kind: 'bridge', protocol, detail }];
}

export const hsr = collector({ name: 'hsr', spec: 'IEC 62439-3', matches: etherType(supervision), decode, observe });
