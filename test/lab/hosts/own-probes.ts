import { type ListedProbe, probe } from '../../../gateway/probing/probe.ts';
import { fill, template } from '../../../gateway/probing/template.ts';

/** EtherType of the lab's own frames: IEEE 802 local experimental 2. */
export const ownType = 0x88b6;
const question = template('question', '71 75 65 73 74 69 6f 6e');
const everybody = template('to everybody', 'ffffffffffff 020000000001 88b6 <number:4>');
const numbered = (n: number): Uint8Array => fill(everybody, { number: Uint8Array.of(0, 0, n >> 8, n & 255) });
const once = { kind: 'send', messages: [fill(question)], state: 0 } as const;
const base = { spec: 'none: a probe of the lab', waitMs: 400, begin: () => once } as const;
const answered = () => ({ kind: 'done', how: 'answered', detail: 'it said something' }) as const;

/** One probe of each medium, with bytes that no real one has. */
export const ownProbes: readonly ListedProbe[] = [
  probe({
    ...base,
    name: 'modbus-device-id',
    reach: 'device',
    medium: { kind: 'tcp', port: 502 },
    proofs: ['tcp/502'],
    templates: [question],
    next: answered,
  }),
  probe({
    ...base,
    name: 'http-head',
    reach: 'device',
    medium: { kind: 'tcp', port: 'service' },
    proofs: ['http', 'tcp/9100'],
    templates: [question],
    next: answered,
  }),
  probe({
    ...base,
    name: 'snmp-get',
    reach: 'device',
    medium: { kind: 'udp', to: 'device', port: 161 },
    proofs: ['udp/161'],
    templates: [question],
    next: answered,
  }),
  probe({
    ...base,
    name: 'ssdp-search',
    reach: 'broadcast',
    medium: { kind: 'udp', to: '239.255.255.250', port: 1900 },
    proofs: [],
    templates: [question],
    next: answered,
  }),
  probe({
    ...base,
    name: 'nbstat',
    reach: 'broadcast',
    medium: { kind: 'udp', to: 'subnet', port: 137 },
    proofs: [],
    templates: [question],
    next: answered,
  }),
  probe({
    ...{ ...base, name: 'arp-sweep', reach: 'broadcast', medium: { kind: 'frame' }, proofs: [], templates: [everybody], next: answered },
    begin: () => ({ kind: 'send', messages: Array.from({ length: 254 }, (_, n) => numbered(n)), state: 0 }),
  }),
];
