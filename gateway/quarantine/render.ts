import type { RuleSet } from '../model/rule-set.ts';
import { ip6Rules } from './lane6.ts';
import { type Element, elementsOf, elementText, type SetName, setNames, setTypes } from './sets.ts';

/** The one table that is ours; nothing else in the kernel is touched. */
export const table = 'bridge sallyport';

/** Sets that the kernel fills or the edge times: a difference leaves them alone. */
const ownSets = `
	set lanes {
		type ether_addr . ifname . ipv4_addr . inet_service . inet_service
		size 4096
		flags timeout
	}
	set udp_lanes {
		type ether_addr . ifname . ipv4_addr . inet_service . inet_service
		size 4096
		flags timeout
	}
	set lanes6 {
		type ether_addr . ifname . ipv6_addr . inet_service . inet_service
		size 4096
		flags timeout
	}
	set udp_lanes6 {
		type ether_addr . ifname . ipv6_addr . inet_service . inet_service
		size 4096
		flags timeout
	}
	set clients {
		typeof @ll,48,48 . @ll,48,48 . iifname
		size 16384
		flags dynamic,timeout
		timeout 1m
	}
	set servers {
		type ipv4_addr . ether_addr
		size 256
		flags dynamic,timeout
		timeout 1d
	}
	set upstream {
		type ether_addr
		size 65536
		flags dynamic,timeout
		timeout 10m
	}
	set dhcp_rate {
		type ifname
		size 2048
		flags dynamic
	}
	set arp_rate {
		type ifname
		size 2048
		flags dynamic
	}
	set nd_rate {
		type ifname
		size 2048
		flags dynamic
	}
	set clones {
		type ifname
		size 2048
		flags dynamic
	}
`;

/**
 * Control frames of the layer 2 itself: IEEE 802.1 link-local and GARP/CFM blocks, MRP and PRP, DLR, ERPS, and Cisco's per-VLAN BPDU.
 * They pass a port both ways or not at all: a ring or tree protocol heard in one direction only closes a loop.
 */
const control = [
  '01:80:c2:00:00:00-01:80:c2:00:00:3f',
  '01:15:4e:00:00:00-01:15:4e:00:01:ff',
  '01:21:6c:00:00:00-01:21:6c:00:00:0f',
  '01:19:a7:00:00:00-01:19:a7:00:00:ff',
  '01:00:0c:cc:cc:cc-01:00:0c:cc:cc:cd',
];

const everyone = 'ff:ff:ff:ff:ff:ff';
const isGroup = 'ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00';
const untagged = 'ether type != { 0x8100, 0x88a8, 0x9100 }';
/**
 * DHCP's chaddr, counted in bits from the UDP header (RFC 2131 §2), and the frame's own addresses as numbers of the same type. Two fields
 * of one packet cannot be compared, so each asker enters `source . source . port` and is then looked up as `source . chaddr . port`.
 */
const [destination, source] = ['@ll,0,48', '@ll,48,48'];
const chaddr = '@th,288,48';

/**
 * The chains. What lets a frame through matches it positively: a match on bytes that a short frame lacks fails its rule, so a rule that
 * drops by `!=` would let the frame go on. `ether type` sees the tag of a tagged frame; `ip …` alone would look through it.
 */
function chains({ gateway, dhcpServers }: RuleSet): string {
  const own = ip6Rules(gateway);
  const knownServer = dhcpServers.length > 0 ? 'ip saddr @dhcp_servers ' : '';
  return `
	chain arrive {
		type filter hook prerouting priority -300; policy accept;
		ether saddr @bound ether saddr . iifname != @home goto cloned
		iifname @uplinks goto upward
		iifname @enforced goto leaving
	}
	chain cloned {
		update @clones { iifname counter }
		drop
	}
	chain upward {
		update @upstream { ether saddr }
		ether type ip ip protocol udp ip saddr @dhcp_servers udp sport 67 udp dport 68 update @servers { ip saddr . ether saddr }
	}
	chain leaving {
		ether saddr ${gateway.mac} drop
		ether saddr . iifname @admitted accept
		iifname @open ether saddr != @upstream ether saddr != @outside ether daddr @control accept
		ether saddr . iifname @cut ether saddr != @upstream ether saddr != @outside goto lane
		ether saddr . iifname @cut drop
		iifname . vlan id @observed accept
		iifname @plain ${untagged} accept
		ether saddr @upstream drop
		ether saddr @outside drop
		ether saddr @taken drop
		goto lane
	}
	chain lane {
		ether type arp goto lane_arp
		ether type ip ip version 4 ip hdrlength 5 ip frag-off & 0xbfff == 0 goto lane_ip
${own.lane}		drop
	}
	chain lane_arp {
		arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation request arp daddr ip ${gateway.ip} goto lane_arp_asked
		drop
	}
	chain lane_arp_asked {
		ether daddr != { ${everyone}, ${gateway.mac} } drop
		ether saddr . arp saddr ip . iifname @addresses arp saddr ether . arp saddr ip . iifname @addresses update @arp_rate { iifname limit rate 10/second burst 20 packets } accept
		drop
	}
	chain lane_ip {
		ether daddr ${gateway.mac} ip daddr ${gateway.ip} ip protocol udp ether saddr . iifname . ip saddr . udp sport . udp dport @udp_lanes accept
		ip protocol udp goto lane_dhcp
		ether daddr ${gateway.mac} ip daddr ${gateway.ip} ip protocol tcp goto lane_tcp
		drop
	}
	chain lane_tcp {
		tcp dport ${gateway.attestationPort} ether saddr . ip saddr . iifname @addresses accept
		tcp flags & (syn | ack) != syn ether saddr . iifname . ip saddr . tcp sport . tcp dport @lanes accept
		drop
	}
${own.chains}	chain lane_dhcp {
		udp sport 68 udp dport 67 meta length <= 576 @th,64,32 0x01010600 @th,256,32 0 @th,1952,32 0x63825363 update @dhcp_rate { iifname limit rate 8/second burst 16 packets } goto lane_dhcp_client
		drop
	}
	chain lane_dhcp_client {
		update @clients { ${source} . ${source} . iifname }
		${source} . ${chaddr} . iifname @clients goto lane_dhcp_asked
		drop
	}
	chain lane_dhcp_asked {
		ether daddr ${everyone} ip daddr 255.255.255.255 ip saddr 0.0.0.0 accept
		ether daddr ${everyone} ip daddr 255.255.255.255 ether saddr . ip saddr . iifname @addresses accept
		ip daddr @dhcp_servers ip daddr . ether daddr @servers ether saddr . ip saddr . iifname @addresses accept
		drop
	}
	chain inward {
		type filter hook input priority 0; policy accept;
		iifname != @enforced accept
		ether saddr . iifname @admitted accept
		ether saddr . iifname != @cut iifname . vlan id @observed accept
		ether saddr . iifname != @cut iifname @plain ${untagged} accept
		ether type ip ip protocol udp ether saddr . iifname . ip saddr . udp sport . udp dport @udp_lanes accept
		ether type ip ip protocol udp drop
	}
	chain through {
		type filter hook forward priority 0; policy accept;
		iifname @enforced jump onward
		oifname @enforced goto reaching
	}
	chain onward {
		ether saddr . iifname @admitted return
		iifname @open ether daddr @control return
		ether saddr . iifname != @cut iifname . vlan id @observed return
		ether saddr . iifname != @cut iifname @plain ${untagged} return
		oifname @uplinks ether type ip ip protocol udp udp sport 68 udp dport 67 return
		drop
	}
	chain reaching {
		ether daddr . oifname @admitted accept
		oifname @open ${isGroup} accept
		ether daddr . oifname @cut goto answer
		oifname . vlan id @observed accept
		oifname @plain ${untagged} accept
		goto answer
	}
	chain answer {
		iifname @uplinks ether type ip ip version 4 ip hdrlength 5 ip frag-off & 0xbfff == 0 ${knownServer}ip protocol udp udp sport 67 udp dport 68 @th,64,24 0x020106 goto answer_dhcp
		drop
	}
	chain answer_dhcp {
		${destination} . ${chaddr} . oifname @clients accept
		ether daddr ${everyone} ${chaddr} . ${chaddr} . oifname @clients accept
		drop
	}
	chain outward {
		type filter hook output priority 0; policy accept;
		oifname != @enforced accept
		ether daddr . oifname @admitted accept
		oifname @open ${isGroup} accept
		ether daddr . oifname != @cut oifname @plain accept
		ether type arp arp operation reply arp saddr ip ${gateway.ip} ether daddr . arp daddr ip . oifname @addresses accept
		ether type ip ip saddr ${gateway.ip} tcp sport ${gateway.attestationPort} ether daddr . ip daddr . oifname @addresses accept
		ether type ip ip saddr ${gateway.ip} ether daddr . oifname . ip daddr . tcp dport . tcp sport @lanes accept
		ether type ip ip saddr ${gateway.ip} ether daddr . oifname . ip daddr . udp dport . udp sport @udp_lanes accept
${own.outward}		drop
	}
`;
}

/**
 * The whole table as nft reads it, replacing what was there in one transaction. While nothing is enforced the table has no chain at
 * all, so the bridge is a cable. Throws RangeError when the RuleSet could not be text.
 */
export function render(ruleSet: RuleSet): string {
  const elements = elementsOf(ruleSet);
  const sets = setNames.map(name => set(name, elements[name])).join('');
  const body =
    ruleSet.enforced.length === 0
      ? ''
      : `	set control {\n		type ether_addr\n		flags interval\n		elements = { ${control.join(', ')} }\n	}\n${chains(ruleSet).slice(1)}`;
  return `table ${table}\ndelete table ${table}\ntable ${table} {\n${sets}${ownSets.slice(1)}${body}}\n`;
}

function set(name: SetName, elements: readonly Element[]): string {
  const type = name === 'observed' ? 'typeof iifname . vlan id' : `type ${setTypes[name]}`;
  const content = elements.length === 0 ? '' : `		elements = { ${elements.map(e => elementText(name, e)).join(', ')} }\n`;
  return `	set ${name} {\n		${type}\n${content}	}\n`;
}

/** Changes that take the table from one RuleSet to the next in one transaction, or `whole` when a chain must change. */
export function difference(previous: RuleSet, next: RuleSet): 'whole' | readonly string[] {
  if (fixed(previous) !== fixed(next)) return 'whole';
  const [old, now] = [elementsOf(previous), elementsOf(next)];
  const gone = setNames.flatMap(n => change('delete', n, without(old[n], now[n])));
  return [...gone, ...setNames.flatMap(n => change('add', n, without(now[n], old[n])))];
}

/** What stands in the chains' text. */
const fixed = (r: RuleSet): string => (r.enforced.length === 0 ? 'cable' : chains(r));

function change(verb: 'add' | 'delete', name: SetName, elements: readonly Element[]): readonly string[] {
  if (elements.length === 0) return [];
  return [`${verb} element ${table} ${name} { ${elements.map(e => elementText(name, e)).join(', ')} }`];
}

function without(elements: readonly Element[], others: readonly Element[]): readonly Element[] {
  const keys = new Set(others.map(e => e.join(' . ')));
  return elements.filter(e => !keys.has(e.join(' . ')));
}
