import { readFileSync } from 'node:fs';
import { Dissector } from '../../collectors/dissector.ts';
import { etherTypes } from '../../collectors/packet.ts';
import { ip6 } from '../../gateway/codec/address.ts';
import { macAt } from '../../gateway/codec/address-at.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import type { Fact, Observation } from '../../gateway/model/fact.ts';
import type { Frame } from '../../gateway/model/frame.ts';

/** What our sensor heard in a capture. */
export type Heard = {
  /** The sender of each frame, by its number: its address, behind which stands whom it was heard among where there are several `talks`. */
  readonly senders: ReadonlyMap<number, string>;
  /** What is known of an address from these collectors: each value of each fact, by itself. */
  readonly words: (sender: string, collectors: readonly string[]) => readonly string[];
  readonly ips: (sender: string) => readonly string[];
  readonly protocols: (sender: string) => readonly string[];
};

const zero = '00:00:00:00:00:00';

/**
 * Feeds a capture to a fresh sensor with every collector. Captures of a loopback interface have only zeros for addresses, which our sensor
 * rightly takes for nobody: there the sender gets an address made of its IPv4 address, as captures without any do (gateway/codec/link.ts), and
 * loopback addresses are `moved`.
 *
 * `talkOf`: frames of different talks have nothing to do with each other, though their senders have the same addresses: each talk has a sensor of its own.
 */
export function hear(file: string, talkOf: (frame: number) => string = () => ''): Heard {
  const senders = new Map<number, string>();
  const observations: (Observation & { readonly sender: string })[] = [];
  let [dissector, talk] = [new Dissector({ maxAddressesPerPort: 8192 }), ''];
  const senderOf = (mac: string): string => `${mac} ${talk}`.trim();
  const drain = (): void => {
    observations.push(...dissector.drain(true).observations.map(o => ({ ...o, sender: senderOf(o.mac) })));
  };
  const reader = new CaptureReader(frame => {
    const seen = withSender(frame);
    const of = talkOf(seen.number);
    if (of !== talk) {
      drain();
      [dissector, talk] = [new Dissector({ maxAddressesPerPort: 8192 }), of];
    }
    senders.set(seen.number, senderOf(macAt(seen.bytes, 6)));
    dissector.frame(seen);
  });
  reader.push(readFileSync(file));
  reader.finish();
  drain();
  const bySender = Map.groupBy(observations, o => o.sender);
  const facts = (sender: string) => bySender.get(sender) ?? [];
  return {
    senders,
    words: (sender, collectors) => facts(sender).flatMap(o => (collectors.includes(o.collector) ? wordsOf(o.fact) : [])),
    ips: sender =>
      facts(sender).flatMap(({ fact }) =>
        fact.kind === 'address' || fact.kind === 'dhcp-lease' || fact.kind === 'management-address' ? [fact.ip] : [],
      ),
    protocols: sender => facts(sender).flatMap(({ fact }) => (fact.kind === 'protocol' ? [fact.name] : [])),
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
