import { listens, probe } from './probe.ts';
import { ascii, fill, template } from './template.ts';

/** Question of type 12 (PTR) and class 1 with the bit that asks for a unicast answer. RFC 1035 §4.1.2, RFC 6762 §5.4. */
const question = (...labels: readonly string[]): string =>
  `${[...labels, 'local'].map(label => label.length.toString(16).padStart(2, '0') + ascii(label)).join(' ')} 00 000c 8001`;

const count = (questions: readonly unknown[]): string => questions.length.toString(16).padStart(4, '0');
/** Header (RFC 1035 §4.1.1): transaction, a standard query with no flags, so many questions, no record. */
const query = (name: string, ...questions: readonly string[]) =>
  template(name, `<transaction:2> 0000 ${count(questions)} 0000 0000 0000 ${questions.join(' ')}`);

/**
 * The services of devices that stand in warehouses and plants; the answer to one brings host name, port and text along (RFC 6763 §12), which
 * that to "which services are there?" (RFC 6763 §9) does not. Few questions a message, so that the answer fits a datagram.
 */
const queries = [
  query('mdns which services are there', question('_services', '_dns-sd', '_udp')),
  query(
    'mdns printers and scanners',
    question('_ipp', '_tcp'),
    question('_ipps', '_tcp'),
    question('_pdl-datastream', '_tcp'),
    question('_printer', '_tcp'),
    question('_uscan', '_tcp'),
  ),
  query(
    'mdns hosts and their pages',
    question('_workstation', '_tcp'),
    question('_http', '_tcp'),
    question('_https', '_tcp'),
    question('_ssh', '_tcp'),
    question('_smb', '_tcp'),
  ),
  query(
    'mdns cameras, displays and players',
    question('_rtsp', '_tcp'),
    question('_axis-video', '_tcp'),
    question('_googlecast', '_tcp'),
    question('_airplay', '_tcp'),
  ),
  query(
    'mdns things and machines',
    question('_hap', '_tcp'),
    question('_matter', '_tcp'),
    question('_matterc', '_udp'),
    question('_coap', '_udp'),
    question('_mqtt', '_tcp'),
    question('_opcua-tcp', '_tcp'),
  ),
];

/**
 * Asks for services from an ordinary port, so that the answers come to us alone and with our transaction ("one-shot", RFC 6762 §5.1, §6.7). They
 * leave from port 5353, which is how the collector knows them.
 */
export const mdnsQuery = probe({
  name: 'mdns-query',
  spec: 'RFC 6762 §5.1, RFC 6763',
  reach: 'broadcast',
  medium: { kind: 'udp', to: '224.0.0.251', port: 5353 },
  templates: queries,
  waitMs: 2_000,
  proofs: [],
  begin: ({ nonce }) => ({
    kind: 'send',
    messages: queries.map((one, i) => fill(one, { transaction: nonce.slice(2 * i, 2 * i + 2) })),
    state: undefined,
  }),
  next: listens,
});
