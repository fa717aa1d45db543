import { hex } from '../codec/address.ts';
import { ip6Bytes } from '../codec/ip6.ts';
import type { Hex, Ip } from '../model/address.ts';
import type { RuleSet } from '../model/rule-set.ts';

/** The frame's own source as a number, as in `render.ts`: two fields of one packet cannot be compared, so each asker is entered and then looked up. */
const source = '@ll,48,48';
/** Of a Neighbour Solicitation, counted in bits from its ICMPv6 header (RFC 4861 §4.3): the target, and an option right behind it with its address. */
const [target, option, optionMac] = ['@th,64,128', '@th,192,16', '@th,208,48'];
const sourceLinkAddress = '0x0101';

/** What IPv6 adds to the lane's chains, as nft reads it: each empty, or whole lines. */
type Ip6Rules = { readonly lane: string; readonly chains: string; readonly outward: string };

/**
 * The lane's IPv6: a held device may ask for our hardware address, by a solicitation of exactly that and its own (RFC 4861 §4.3), and hears our
 * advertisement; nothing of Neighbour Discovery goes from it to others. Extension headers pass in no direction. Without addresses of ours there is none.
 */
export function ip6Rules({ mac, ip6 = [], attestationPort }: RuleSet['gateway']): Ip6Rules {
  if (ip6.length === 0) return { lane: '', chains: '', outward: '' };
  const own = `{ ${ip6.join(', ')} }`;
  const tails = ip6.map(ip => hex((ip6Bytes(ip) ?? new Uint8Array(16)).subarray(13)));
  // RFC 4291 §2.7.1, RFC 2464 §7.
  const groups = [...new Set(tails)].map(t => ({ ip: solicitedNode(t), mac: `33:33:ff:${t.replace(/..(?=.)/g, '$&:')}` }));
  const targets = ip6.map(ip => `0x${hex(ip6Bytes(ip) ?? new Uint8Array(16))}`);
  return {
    lane: '\t\tether type ip6 ip6 version 6 goto lane_ip6\n',
    chains: `	chain lane_ip6 {
		ip6 nexthdr icmpv6 ip6 hoplimit 255 ip6 length 32 icmpv6 type nd-neighbor-solicit icmpv6 code 0 ${target} { ${targets.join(', ')} } ${option} ${sourceLinkAddress} ether saddr . ip6 saddr . iifname @addresses6 goto lane_nd
		ether daddr ${mac} ip6 daddr ${own} ip6 nexthdr udp ether saddr . iifname . ip6 saddr . udp sport . udp dport @udp_lanes6 accept
		ether daddr ${mac} ip6 daddr ${own} ip6 nexthdr tcp goto lane_tcp6
		drop
	}
	chain lane_nd {
		update @clients { ${source} . ${source} . iifname }
		${source} . ${optionMac} . iifname @clients goto lane_nd_asked
		drop
	}
	chain lane_nd_asked {
		ether daddr != { ${[...groups.map(g => g.mac), mac].join(', ')} } drop
		ip6 daddr { ${[...groups.map(g => g.ip), ...ip6].join(', ')} } update @nd_rate { iifname limit rate 10/second burst 20 packets } accept
		drop
	}
	chain lane_tcp6 {
		tcp dport ${attestationPort} ether saddr . ip6 saddr . iifname @addresses6 accept
		tcp flags & (syn | ack) != syn ether saddr . iifname . ip6 saddr . tcp sport . tcp dport @lanes6 accept
		drop
	}
`,
    outward: `		ether type ip6 ip6 saddr ${own} ip6 nexthdr icmpv6 icmpv6 type nd-neighbor-advert ether daddr . ip6 daddr . oifname @addresses6 accept
		ether type ip6 ip6 saddr ${own} ip6 nexthdr tcp tcp sport ${attestationPort} ether daddr . ip6 daddr . oifname @addresses6 accept
		ether type ip6 ip6 saddr ${own} ip6 nexthdr tcp ether daddr . oifname . ip6 daddr . tcp dport . tcp sport @lanes6 accept
		ether type ip6 ip6 saddr ${own} ip6 nexthdr udp ether daddr . oifname . ip6 daddr . udp dport . udp sport @udp_lanes6 accept
`,
  };
}

/** The group in which the hosts with this address tail, six digits, listen for solicitations. */
const solicitedNode = (tail: Hex): Ip => `ff02::1:ff${tail.slice(0, 2)}:${Number.parseInt(tail.slice(2), 16).toString(16)}`;
