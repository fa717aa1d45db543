import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { collectors } from '../../collectors/index.ts';
import { isHostIp } from '../../gateway/codec/address.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';

const captures = join(import.meta.dirname, '../../../shared/captures');
const hasTshark = spawnSync('tshark', ['--version']).status === 0;
if (!hasTshark) process.stdout.write('skipped: tshark, the judge, is not on this machine\n');

/** Values of a field of tshark, all that occur in a frame. */
type Values = (field: string) => readonly string[];
/** For one field of one protocol: where tshark finds it, and what each value means as a fact of the frame's sender. */
type Question = {
  readonly collector: string;
  readonly field: string;
  readonly filter: string;
  readonly files: readonly string[];
  readonly means: (value: string, row: Values) => Fact | undefined;
  readonly others?: readonly string[];
};

const address = (ip: string): Fact | undefined => (isHostIp(ip) ? { kind: 'address', ip } : undefined);
const managed = (ip: string): Fact | undefined => (isHostIp(ip) ? { kind: 'management-address', ip } : undefined);
const ascii = (bytes: string): string => Buffer.from(bytes.replaceAll(':', ''), 'hex').toString().trim();
const member = (group: string): Fact => ({ kind: 'member', group });

const lldpFiles = ['ICS-Pcaps/simens', 'tcpdump/lldp_mudurl', 'ICS-Security-Tools/mb2', 'icsnpp-enip/enip_cip_example'];
const lldp = (field: string, means: Question['means'], files = lldpFiles): Question => ({
  collector: 'lldp',
  field: `lldp.${field}`,
  filter: 'lldp',
  files,
  means,
});
const dhcpFiles = ['ja4/dhcpv6', 'tcpdump/dhcpv6-rfc6355-duid-uuid', 'ICS-Pcaps/simens'];
const clients = 'dhcpv6.msgtype < 12 && udp.dstport == 547';
const duid = (value: string): Fact => ({ kind: 'identifier', scheme: 'duid', value: value.replaceAll(':', '') });
const hsrpFiles = ['tcpdump/HSRP_failover', 'tcpdump/erspan-type-ii-2'];

const questions: readonly Question[] = [
  lldp('chassis.id.mac', value => ({ kind: 'identifier', scheme: 'lldp-chassis', value })),
  lldp('chassis.id', value => ({ kind: 'identifier', scheme: 'lldp-chassis', value: ascii(value) })),
  lldp('tlv.system.name', name => ({ kind: 'hostname', name })),
  lldp('tlv.system.desc', text => ({ kind: 'description', text })),
  lldp('mgn.addr.ip4', managed),
  lldp('mgn.addr.ip6', managed),
  lldp('iana.mudurl', url => ({ kind: 'mud-url', url }), ['tcpdump/lldp_mudurl']),
  {
    collector: 'dhcpv6',
    field: 'dhcpv6.duid.bytes',
    filter: clients,
    files: dhcpFiles,
    means: (value, row) => (value === row('dhcpv6.duid.bytes')[0] ? duid(value) : undefined),
  },
  {
    collector: 'dhcpv6',
    field: 'dhcpv6.client_domain',
    filter: clients,
    files: ['ICS-Pcaps/simens'],
    means: name => ({ kind: 'hostname', name }),
  },
  {
    collector: 'dhcpv6',
    field: 'dhcpv6.vendorclass.data',
    filter: clients,
    files: ['ICS-Pcaps/simens'],
    means: text => ({ kind: 'vendor-class', text }),
  },
  {
    collector: 'dhcpv6',
    field: 'dhcpv6.msgtype',
    filter: clients,
    files: dhcpFiles,
    others: ['dhcpv6.requested_option_code'],
    means: (_, row) => {
      const codes = row('dhcpv6.requested_option_code');
      return codes.length === 0 ? undefined : { kind: 'print', scheme: 'dhcpv6-options', value: codes.join() };
    },
  },
  {
    collector: 'dhcpv6',
    field: 'ipv6.src',
    filter: 'dhcpv6.msgtype in {2, 7}',
    files: dhcpFiles,
    means: ip => ({ kind: 'dhcp-server', ip }),
  },
  {
    collector: 'ndp',
    field: 'ipv6.src',
    filter: 'icmpv6.type in {133..136} && ipv6.hlim == 255',
    files: ['zeek/icmp6-nd-options', 'ja4/dhcpv6'],
    means: address,
  },
  {
    collector: 'ndp',
    field: 'icmpv6.nd.na.target_address',
    filter: 'icmpv6.nd.na.flag.o == 1',
    files: ['zeek/icmp6-nd-options', 'ja4/dhcpv6'],
    means: address,
  },
  {
    collector: 'ndp',
    field: 'icmpv6.nd.ra.router_lifetime',
    filter: 'icmpv6.type == 134',
    files: ['zeek/icmp6-nd-options'],
    others: ['ipv6.src', 'icmpv6.opt.prefix', 'icmpv6.opt.prefix.length'],
    means: (lifetime, row) => {
      const prefixes = row('icmpv6.opt.prefix').map((prefix, i) => `${prefix}/${row('icmpv6.opt.prefix.length')[i]}`);
      const detail = [`lifetime ${lifetime} s`, 'preference medium', ...(prefixes.length === 0 ? [] : [`prefixes ${prefixes.join(' ')}`])];
      return { kind: 'router', protocol: 'ra', ip: row('ipv6.src')[0] ?? '', detail: detail.join(', ') };
    },
  },
  {
    collector: 'mld',
    field: 'icmpv6.mldr.mar.multicast_address',
    filter: 'icmpv6.type == 143',
    files: ['zeek/icmp6-nd-options', 'ja4/dhcpv6', 'zeek/mdns'],
    means: member,
  },
  {
    collector: 'igmp',
    field: 'igmp.maddr',
    filter: 'igmp.type in {0x12, 0x16, 0x22}',
    files: ['tcpdump/eapon1', 'zeek/mdns'],
    means: member,
  },
  {
    collector: 'eapol',
    field: 'eap.identity',
    filter: 'eap.code == 2',
    files: ['tcpdump/eapon1'],
    means: value => ({ kind: 'identifier', scheme: 'eap-identity', value }),
  },
  {
    collector: 'dtp',
    field: 'dtp.domain',
    filter: 'dtp.tas == 4 && dtp.tos == 0',
    files: ['ICS-Security-Tools/mb2'],
    means: domain => ({ kind: 'description', text: `DTP auto, domain ${domain}`, of: 'dtp' }),
  },
  {
    collector: 'stp',
    field: 'stp.bridge.hw',
    filter: 'stp.type in {0, 2}',
    files: ['ICS-Security-Tools/mb2', 'icsnpp-enip/enip_cip_example', 'zeek/wikipedia'],
    others: ['stp.root.prio', 'stp.root.ext', 'stp.root.hw', 'stp.root.cost', 'stp.bridge.prio', 'stp.bridge.ext', 'stp.port', 'stp.type'],
    means: (bridge, row) => {
      const [prio, ext, root, cost] = ['prio', 'ext', 'hw', 'cost'].map(name => row(`stp.root.${name}`)[0]);
      const own = `${row('stp.bridge.prio')[0]}/${row('stp.bridge.ext')[0]}/${bridge}`;
      const protocol = Number(row('stp.type')[0]) === 2 ? 'rstp' : 'stp';
      const id = (priority = '', extension = '', mac = '') => ({ priority: Number(priority), extension: Number(extension), mac });
      const tree = { root: id(prio, ext, root), bridge: id(row('stp.bridge.prio')[0], row('stp.bridge.ext')[0], bridge) };
      const detail = `root ${prio}/${ext}/${root}, cost ${cost}, bridge ${own}, port ${row('stp.port')[0]}`;
      return { kind: 'bridge', protocol, detail, tree };
    },
  },
];

function ask({ filter, field, others = [] }: Question, file: string): readonly { readonly mac: string; readonly row: Values }[] {
  const names = ['eth.src', field, ...others];
  const args = ['-n', '-r', join(captures, file), '-Y', filter, '-T', 'fields', '-E', 'aggregator=|', ...names.flatMap(f => ['-e', f])];
  const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 64_000_000 }).split('\n');
  const rows = lines.filter(line => line !== '').map(line => line.split('\t'));
  const values = (cells: readonly string[], name: string): readonly string[] =>
    (cells[names.indexOf(name)] ?? '').split('|').filter(v => v !== '');
  return rows.map(cells => ({ mac: cells[0] ?? '', row: (name: string) => values(cells, name) }));
}

describe.skipIf(!hasCaptures || !hasTshark)('the fields of infrastructure that tshark shows are found', () => {
  it.each(questions)('$collector: $field', { timeout: 480_000 }, question => {
    const collector = collectors.find(c => c.name === question.collector);
    if (collector === undefined) throw new Error(`no collector ${question.collector}`);
    const [wanted, missing] = [new Set<string>(), new Set<string>()];
    for (const file of question.files) {
      const said = captureFacts(`captures/${file}.pcap`, collector);
      for (const { mac, row } of ask(question, `${file}.pcap`))
        for (const value of row(question.field)) {
          const fact = question.means(value, row);
          if (fact === undefined) continue;
          const one = JSON.stringify([file, mac, fact]);
          wanted.add(one);
          // Not by their text: what a fact says stands in no order.
          if (!said.of(mac).some(f => same(f, fact))) missing.add(one);
        }
    }
    process.stdout.write(`tshark as judge, ${question.collector} ${question.field}: ${wanted.size - missing.size} of ${wanted.size}\n`);
    expect([...missing]).toEqual([]);
    expect(wanted.size).toBeGreaterThan(0);
  });

  it('hsrp: group, state, priority and virtual address', () => {
    const collector = collectors.find(c => c.name === 'hsrp');
    if (collector === undefined) throw new Error('no collector hsrp');
    const states: Readonly<Record<string, string>> = { 4: 'speak', 8: 'standby', 16: 'active' };
    let wanted = 0;
    for (const file of hsrpFiles) {
      const said = captureFacts(`captures/${file}.pcap`, collector);
      const question = {
        collector: 'hsrp',
        field: 'hsrp.virt_ip',
        filter: 'hsrp.opcode == 0',
        others: ['hsrp.group', 'hsrp.state', 'hsrp.priority'],
      };
      for (const { mac, row } of ask({ ...question, files: [], means: () => undefined }, `${file}.pcap`)) {
        const [ip, group, state, priority] = [question.field, ...question.others].map(name => row(name)[0] ?? '');
        // In ERSPAN the first address is the outer frame's.
        const sender = mac.includes('|') ? (mac.split('|')[1] ?? '') : mac;
        const detail = `group ${group}, ${states[state ?? ''] ?? state}, priority ${priority}`;
        expect(said.of(sender), `${file} ${sender}`).toContainEqual(expect.objectContaining({ ip, detail }));
        wanted++;
      }
    }
    process.stdout.write(`tshark as judge, hsrp: ${wanted} of ${wanted} messages\n`);
    expect(wanted).toBeGreaterThan(30);
  });
});

const same = (a: Fact, b: Fact): boolean => isDeepStrictEqual(a, b);
