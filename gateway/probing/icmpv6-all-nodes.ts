import { macBytes, u16Bytes } from './address-bytes.ts';
import { listens, probe } from './probe.ts';
import { fill, template } from './template.ts';

/** The 56 bytes that `ping` sends, each its own number: answers bring them back. */
const data = Array.from({ length: 56 }, (_, i) => i.toString(16).padStart(2, '0')).join('');

/**
 * Echo request to all nodes of the link:
 * Ethernet: to 33:33:00:00:00:01 (RFC 2464 §7), from us, EtherType 86dd;
 * IPv6 (RFC 8200 §3): version 6, no traffic class or flow label, 64 bytes of payload, next header 3a ICMPv6, hop limit 255; from our link-local
 * address, to ff02::1 (RFC 4291 §2.7.1);
 * ICMPv6 (RFC 4443 §4.1): type 128, code 0, checksum, identifier, sequence number 1.
 */
const request = template(
  'icmpv6 echo request to all nodes',
  `333300000001 <source:6> 86dd  60000000 0040 3a ff fe80000000000000 <interface:8> ff020000000000000000000000000001
   80 00 <checksum:2> <identifier:2> 0001 ${data}`,
);
const [ipHeaderAt, icmpAt] = [14, 54];

/**
 * Lets every node with IPv6 answer. A node that does not know us yet asks for our address first (RFC 4861 §7.2), which names its own, so it is seen
 * also where nobody here answers to ours.
 */
export const icmpv6AllNodes = probe({
  name: 'icmpv6-all-nodes',
  spec: 'RFC 4443 §4.1',
  reach: 'broadcast',
  medium: { kind: 'frame' },
  templates: [request],
  waitMs: 3_000,
  proofs: [],
  begin: ({ own, nonce }) => {
    const source = macBytes(own.mac);
    const values = { source, interface: interfaceId(source), identifier: nonce.slice(0, 2) };
    const bare = fill(request, { ...values, checksum: new Uint8Array(2) });
    return { kind: 'send', messages: [fill(request, { ...values, checksum: checksum(bare) })], state: undefined };
  },
  next: listens,
});

/** Modified EUI-64: ff fe between the halves, the universal/local bit turned. RFC 4291 appendix A. */
const interfaceId = ([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: Uint8Array): Uint8Array => Uint8Array.of(a ^ 2, b, c, 0xff, 0xfe, d, e, f);

/** Over both addresses, length and next header (RFC 8200 §8.1), and the message with its checksum zero. RFC 4443 §2.3, RFC 1071. */
function checksum(frame: Uint8Array): Uint8Array {
  const message = frame.subarray(icmpAt);
  let sum = message.length + 58;
  for (const bytes of [frame.subarray(ipHeaderAt + 8, icmpAt), message])
    for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return u16Bytes(~sum & 0xffff);
}
