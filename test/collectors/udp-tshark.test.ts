import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectors } from '../../collectors/index.ts';
import { isHostIp } from '../../gateway/codec/address.ts';
import { isGroupMac } from '../../gateway/model/address.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';

const captures = join(import.meta.dirname, '../../../shared/captures');
const hasTshark = spawnSync('tshark', ['--version']).status === 0;
if (!hasTshark) process.stdout.write('skipped: tshark, the judge, is not on this machine\n');

type Row = Readonly<Record<string, string>>;
/** For one protocol: which frames tshark is asked about, which fields, and what each means as facts of the frame's sender. */
type Question = {
  readonly collector: string;
  /** That hold the protocol: to ask about each file would take minutes. */
  readonly files: readonly string[];
  readonly filter: string;
  readonly fields: readonly string[];
  readonly means: (row: Row) => readonly Fact[];
};

const text = (kind: 'hostname' | 'description', value: string | undefined): readonly Fact[] =>
  value === undefined || value === '' ? [] : [kind === 'hostname' ? { kind, name: value } : { kind, text: value }];
const uses = (service: 'dns' | 'ntp' | 'radius', ip: string | undefined): readonly Fact[] =>
  ip !== undefined && isHostIp(ip) ? [{ kind: 'uses-server', service, ip }] : [];

const questions: readonly Question[] = [
  {
    collector: 'browser',
    files: ['nDPI/netbios.pcap', 'nDPI/telegram.pcap', 'tcpdump/eapon1.pcap'],
    filter: 'browser.command == 1 || browser.command == 15',
    fields: ['browser.server'],
    means: row => text('hostname', row['browser.server']),
  },
  {
    collector: 'nbns',
    files: ['tcpdump/eapon1.pcap'],
    // Tshark writes the suffix behind the name.
    filter: 'nbns.flags.opcode == 5 && nbns.flags.response == 0 && nbns.nb_flags.group == 0 && nbns.name matches "<(00|20)>"',
    fields: ['nbns.name'],
    means: row => text('hostname', row['nbns.name']?.split('<')[0]?.trim()),
  },
  {
    collector: 'ssdp',
    files: ['nDPI/ssdp-m-search-ua.pcap', 'suricata-verify/ssdp.pcap', 'ICS-Pcaps/simens.pcap', 'nDPI/telegram.pcap'],
    filter: 'ssdp && (http.server || http.user_agent)',
    fields: ['http.server', 'http.user_agent'],
    means: row => [
      ...text('description', row['http.server']),
      ...text('description', row['http.user_agent']).map((f): Fact => (f.kind === 'description' ? { ...f, of: 'ssdp-user-agent' } : f)),
    ],
  },
  {
    collector: 'dns',
    files: ['zeek/wikipedia.pcap', 'nDPI/telegram.pcap'],
    filter: 'dns.flags.response == 0 && udp.dstport == 53',
    fields: ['ip.dst'],
    means: row => uses('dns', row['ip.dst']),
  },
  {
    collector: 'ntp',
    files: ['zeek/ntp2.pcap'],
    filter: 'ntp.flags.mode == 3 && udp.dstport == 123',
    fields: ['ip.dst'],
    means: row => uses('ntp', row['ip.dst']),
  },
  {
    collector: 'radius',
    files: ['zeek/radius.pcap'],
    filter: 'radius.code == 1 && udp.dstport == 1812',
    fields: ['ip.dst', 'ip.src', 'radius.NAS_IP_Address', 'radius.NAS_Identifier'],
    means: row => [
      ...uses('radius', row['ip.dst']),
      ...(row['radius.NAS_IP_Address'] === row['ip.src'] ? text('hostname', row['radius.NAS_Identifier']) : []),
    ],
  },
  {
    collector: 'snmp',
    files: ['nDPI/snmp.pcap'],
    filter: 'snmp.msgAuthoritativeEngineID && udp.srcport == 161',
    fields: ['snmp.msgAuthoritativeEngineID'],
    means: row => [{ kind: 'identifier', scheme: 'snmp-engine-id', value: row['snmp.msgAuthoritativeEngineID'] ?? '' }],
  },
  {
    collector: 'snmp',
    files: ['nDPI/snmp.pcap'],
    filter: 'snmp.data == 2 && snmp.name == 1.3.6.1.2.1.1.5.0 && udp.srcport == 161',
    fields: ['snmp.value.octets'],
    means: row => text('hostname', Buffer.from(row['snmp.value.octets'] ?? '', 'hex').toString()),
  },
];

function ask({ filter, fields }: Question, file: string): readonly Row[] {
  const names = ['eth.src', ...fields];
  const args = ['-n', '-r', join(captures, file), '-Y', filter, '-T', 'fields', '-E', 'occurrence=f', ...names.flatMap(f => ['-e', f])];
  const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
  return lines.filter(line => line !== '').map(line => Object.fromEntries(line.split('\t').map((value, i) => [names[i] ?? '', value])));
}

describe.skipIf(!hasCaptures || !hasTshark)('the identity fields that tshark shows are found', () => {
  it.each(questions)('$collector: $fields', { timeout: 480_000 }, question => {
    const collector = collectors.find(c => c.name === question.collector);
    if (collector === undefined) throw new Error(`no collector ${question.collector}`);
    let [wanted, found] = [0, 0];
    const missing: string[] = [];
    for (const file of question.files) {
      const rows = ask(question, file).filter(row => !isGroupMac(row['eth.src'] ?? ''));
      if (rows.length === 0) continue;
      const said = captureFacts(`captures/${file}`, collector);
      const facts = new Set(rows.flatMap(row => question.means(row).map(fact => JSON.stringify([row['eth.src'], fact]))));
      for (const one of facts) {
        const [mac, fact] = JSON.parse(one) as [string, Fact];
        wanted++;
        if (said.of(mac).some(f => JSON.stringify(f) === JSON.stringify(fact))) found++;
        else missing.push(`${file} ${one}`);
      }
    }
    process.stdout.write(`tshark as judge, ${question.collector} ${question.fields.join()}: ${found} of ${wanted}\n`);
    expect(wanted).toBeGreaterThan(0);
    // Sixteen servers of an address are kept, and this capture has one more.
    expect(missing).toEqual(question.collector === 'ntp' ? [expect.stringContaining('193.204.114.232')] : []);
  });
});
