import { ip4Bytes, ip4Number, macBytes, rangeOf, u32Bytes } from './address-bytes.ts';
import { listens, probe, type ProbeContext } from './probe.ts';
import { fill, template } from './template.ts';

/** Addresses that are asked unless a person said more: those of a /22. */
const mostUnsaid = 1024;
/** What a person may say: a /20, as many frames as one probe may send (`edge/probe`). */
const mostSaid = 4096;

/**
 * ARP request over Ethernet (RFC 826), behind its zeros to the 60 bytes that a frame has at least (IEEE 802.3 §4.2.3.3):
 * to everybody, from us, EtherType 0806; hardware 1 Ethernet, protocol 0800 IPv4, lengths 6 and 4, operation 1 request; sender's two addresses,
 * target's hardware address, which is what we ask for, target's address.
 */
const request = template(
  'arp request',
  'ffffffffffff <source:6> 0806  0001 0800 06 04 0001  <source:6> <sender:4>  000000000000 <target:4>  000000000000000000000000000000000000',
);

/**
 * Asks every address of our own prefix who has it; answers name themselves. Not asked are the network's, the broadcast and our own address. Of a
 * prefix wider than a /22 only the /22 around our own address is asked, unless a person named what to sweep.
 */
export const arpSweep = probe({
  name: 'arp-sweep',
  spec: 'RFC 826',
  reach: 'broadcast',
  medium: { kind: 'frame' },
  templates: [request],
  waitMs: 2_000,
  proofs: [],
  begin: context => {
    const targets = targetsOf(context);
    if (targets === undefined) return { kind: 'done', how: 'refused', detail: 'there is no IPv4 prefix of at most a /20 to sweep' };
    const [source, sender] = [macBytes(context.own.mac), ip4Bytes(context.own.ip)];
    const messages = targets.map(target => fill(request, { source, sender, target: u32Bytes(target) }));
    return { kind: 'send', messages, state: undefined };
  },
  next: listens,
});

function targetsOf({ own, sweep }: ProbeContext): readonly number[] | undefined {
  const wanted = rangeOf(sweep ?? own.prefix);
  const ours = rangeOf(own.prefix);
  if (wanted === undefined || ours === undefined) return undefined;
  const isWide = wanted.last - wanted.first >= mostUnsaid;
  const range = isWide && sweep === undefined ? rangeOf(`${own.ip}/22`) : wanted;
  if (range === undefined || range.last - range.first >= mostSaid) return undefined;
  // Part of our own prefix has no network and broadcast address of its own, nor has a /31 (RFC 3021) or a /32.
  const subnet = wanted.first >= ours.first && wanted.last <= ours.last ? ours : wanted;
  const ends = subnet.last - subnet.first < 2 ? [] : [subnet.first, subnet.last];
  const skipped = new Set([...ends, ip4Number(own.ip)]);
  return Array.from({ length: range.last - range.first + 1 }, (_, i) => range.first + i).filter(ip => !skipped.has(ip));
}
