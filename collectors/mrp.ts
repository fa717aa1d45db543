import { hex, mac } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import type { Mac } from '../gateway/model/address.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType } from './collector.ts';

const mrpType = 0x88e3;

/** TLV types, IEC 62439-2 §8.1. */
export const tlvTypes = { end: 0, common: 1, test: 2, topologyChange: 3, linkDown: 4, linkUp: 5 } as const;

/** Ring states of a test frame, IEC 62439-2 §8.1. */
const ringStates = ['open', 'closed'] as const;

type Test = { readonly priority: number; readonly manager: Mac; readonly ring: string };

/** Media Redundancy Protocol: a ring with its manager and clients. IEC 62439-2. TLVs of interconnections and options are not read. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'MRP');
  const version = r.u16();
  if (version !== 1) throw r.fault(`version ${version}`);
  let [domain, client, test]: [string, Mac | undefined, Test | undefined] = ['', undefined, undefined];
  // The domain is mandatory, so zeros before it are padding and no end.
  for (let type = -1; type !== tlvTypes.end || domain === ''; ) {
    type = r.u8();
    const t = new Reader(r.take(r.u8()), `MRP TLV ${type}`);
    if (type === tlvTypes.common) {
      t.skip(2); // sequence
      domain = hex(t.take(16));
    } else if (type === tlvTypes.test) {
      const [priority, manager] = [t.u16(), mac(t.take(6))];
      t.skip(2); // port role
      const state = t.u16();
      test = { priority, manager, ring: ringStates[state] ?? `unknown-${state}` };
      t.skip(2 + 4); // transitions, timestamp
    } else if (type === tlvTypes.linkDown || type === tlvTypes.linkUp) client = mac(t.take(6));
  }
  return { domain, test, client };
}

/** The sender is manager of the ring when it tests it, a client when it tells of a link. */
export function observe({ domain, test, client }: ReturnType<typeof decode>): readonly Fact[] {
  const ring = `domain ${domain}`;
  if (test !== undefined)
    return [{ kind: 'bridge', protocol: 'mrp', detail: `manager, ring ${test.ring}, priority 0x${test.priority.toString(16)}, ${ring}` }];
  return client === undefined ? [] : [{ kind: 'bridge', protocol: 'mrp', detail: `client, ${ring}` }];
}

export const mrp = collector({ name: 'mrp', spec: 'IEC 62439-2', matches: etherType(mrpType), decode, observe });
