import { readFileSync } from 'node:fs';
import { Dissector } from '../../collectors/dissector.ts';
import { etherTypes } from '../../collectors/packet.ts';
import { ip6 } from '../../gateway/codec/address.ts';
import { macAt } from '../../gateway/codec/address-at.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import type { Frame } from '../../gateway/model/frame.ts';

/** What our sensor heard in a capture. */
export type Heard = {
  /** The sender of each frame, by its number. */
  readonly senders: ReadonlyMap<number, string>;
  /** What is known of an address from these collectors: each value of each fact, by itself. */
  readonly words: (mac: string, collectors: readonly string[]) => readonly string[];
  readonly ips: (mac: string) => readonly string[];
  readonly protocols: (mac: string) => readonly string[];
};

const zero = '00:00:00:00:00:00';

/**
 * Feeds a capture to a fresh sensor with every collector. Captures of a loopback interface have only zeros for addresses, which our sensor
 * rightly takes for nobody: there the sender gets an address made of its IPv4 address, as captures without any do (gateway/codec/link.ts), and
 * loopback addresses are `moved`.
 */
export function hear(file: string): Heard {
  const dissector = new Dissector({ maxAddressesPerPort: 8192 });
  const senders = new Map<number, string>();
  const reader = new CaptureReader(frame => {
    const seen = withSender(frame);
    senders.set(seen.number, macAt(seen.bytes, 6));
    dissector.frame(seen);
  });
  reader.push(readFileSync(file));
  reader.finish();
  const { observations } = dissector.drain(true);
  const byMac = Map.groupBy(observations, o => o.mac);
  const facts = (mac: string) => byMac.get(mac) ?? [];
  return {
    senders,
    words: (mac, collectors) => facts(mac).flatMap(o => (collectors.includes(o.collector) ? wordsOf(o.fact) : [])),
    ips: mac =>
      facts(mac).flatMap(({ fact }) =>
        fact.kind === 'address' || fact.kind === 'dhcp-lease' || fact.kind === 'management-address' ? [fact.ip] : [],
      ),
    protocols: mac => facts(mac).flatMap(({ fact }) => (fact.kind === 'protocol' ? [fact.name] : [])),
  };
}

function withSender(frame: Frame): Frame {
  const { number, at, port, wireLength, bytes } = frame;
  const type = bytes.length < 54 ? 0 : ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  const isLoopback = type === etherTypes.ipv4 ? bytes[26] === 127 : type === etherTypes.ipv6 && ip6(bytes.subarray(22, 38)) === '::1';
  if (!isLoopback && !(type === etherTypes.ipv4 && macAt(bytes, 6) === zero)) return { number, at, port, wireLength, bytes };
  const copy = bytes.slice();
  if (type === etherTypes.ipv6) for (const i of [22, 38]) copy.set([0xfe, 0x80], i);
  else {
    for (const i of [26, 30]) if (copy[i] === 127) copy.set([198, 18], i);
    copy.set([0x52, 0x79, ...copy.subarray(26, 30)], 6);
  }
  return { number, at, port, wireLength, bytes: copy };
}

/** Where a loopback address is moved to: no host on a LAN has one (RFC 2544, RFC 4291). */
export const moved = (ip: string): string => ip.replace(/^127\.\d+/, '198.18').replace(/^::1$/, 'fe80::1');

/** Lists count as one word too: DHCP options in their order. */
function wordsOf(fact: Fact): readonly string[] {
  return Object.values(fact).flatMap((value: unknown) => (Array.isArray(value) ? [value.join()] : [String(value)]));
}
