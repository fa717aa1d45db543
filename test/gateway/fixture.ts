import type { AttestationResult, ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { Fact, Observation } from '../../gateway/model/fact.ts';
import type { Effect, Input } from '../../gateway/model/machine.ts';
import type { Settings, ZoneSettings } from '../../gateway/model/settings.ts';
import { Gateway } from '../../gateway/gateway.ts';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';

export const zone = (more: Partial<ZoneSettings> = {}): ZoneSettings => ({
  name: 'dock',
  mode: 'enforce',
  default: true,
  challenge: true,
  challengePorts: [8443],
  evidenceTtlSeconds: 3600,
  graceSeconds: 900,
  otherwise: 'hold',
  ...more,
});

export const settings = (zones: readonly ZoneSettings[] = [zone()]): Settings => ({
  dataFolder: '/nowhere',
  policyFolders: [],
  network: { kind: 'bridge', bridge: 'br0', ports: ['v1', 'v2', 'v3'], uplinks: ['up0'], ip: '10.20.0.1', dhcpServers: [] },
  page: { host: '127.0.0.1', port: 9443 },
  attestation: { host: '10.20.0.1', port: 8444 },
  zones,
  browseMdns: false,
});

const rules = `
- name: signed-and-expected
  when: { attestation: affirming, expected: true }
  then: admit
- name: cameras-nobody-asked-for
  when: { kind: camera, approved: false }
  then: quarantine
`;
const expected = `
- serial: TS2-000123
  port: v1
- serial: TS2-000777
`;
const kinds = `
- kind: camera
  when: { vendor: { contains: Hikvision } }
  source: IEEE registry
`;

export const policy = () => {
  const loaded = loadPolicy([
    { path: 'policies/rules/10.yaml', text: rules },
    { path: 'policies/expected/10.yaml', text: expected },
    { path: 'policies/fingerprints/10.yaml', text: kinds },
  ]);
  if (loaded.policy === undefined) throw new Error(loaded.problems.map(({ text }) => text).join('\n'));
  return loaded.policy;
};

/** A machine with a clock of its own: feeds inputs, collects effects and Events, and answers enforcement like an honest kernel. */
export class Bench {
  now = 1_700_000_000_000;
  readonly gateway: Gateway;
  readonly effects: Effect[] = [];

  constructor(zones?: readonly ZoneSettings[], inventory = new Inventory()) {
    const site = {
      settings: settings(zones),
      gateway: {
        mac: '02:00:00:00:00:01',
        ip: '10.20.0.1',
        prefix: '10.20.0.1/16',
        ip6: ['fe80::ff:fe00:1', 'fd00:20::1'].map(ip => ({ ip, prefix: `${ip}/64` })),
      },
      vendorOf: (mac: string) => (mac.startsWith('44:19:b6') ? 'Hangzhou Hikvision Digital Technology' : undefined),
    };
    this.gateway = new Gateway(site, policy(), inventory);
    this.effects.push(...this.gateway.usePolicy(policy(), ['rules/10.yaml'], this.now));
  }

  feed(input: Input, afterMs = 1): readonly Effect[] {
    this.now += afterMs;
    const effects = this.gateway.handle(input, this.now);
    this.effects.push(...effects);
    return effects;
  }

  see(mac: string, port: string, ...facts: Fact[]): readonly Effect[] {
    const all: Fact[] = [{ kind: 'seen' }, ...facts];
    const observations: Observation[] = all.map(fact => ({ at: this.now, port, vlan: 0, mac, collector: 'test', frame: 1, fact }));
    return this.feed({ kind: 'observed', observations });
  }

  get events() {
    return this.effects.flatMap(effect => (effect.kind === 'append' ? effect.events : []));
  }

  device(mac: string, port?: string) {
    const record = this.gateway.inventory.withMac(mac).find(({ device }) => port === undefined || device.port === port);
    const view = record && this.gateway.view(record.device.id, this.now);
    if (view === undefined) throw new Error(`no device ${mac}`);
    return view;
  }

  /** Answers the newest challenge to a device. */
  answer(mac: string, outcome: ChallengeOutcome): readonly Effect[] {
    const sent = this.effects.findLast(effect => effect.kind === 'challenge' && effect.challenge.mac === mac);
    if (sent?.kind !== 'challenge') throw new Error(`no challenge to ${mac}`);
    return this.feed({ kind: 'challenge-outcome', challenge: sent.challenge.id, outcome });
  }
}

export const result = (now: number, more: Partial<AttestationResult> = {}, serial = 'TS2-000123'): ChallengeOutcome => ({
  kind: 'appraised',
  evidence: ['ee'],
  result: {
    at: now,
    expires: now + 3_600_000,
    scheme: 'tls-x509',
    status: 'affirming',
    assurance: 5,
    vector: { 'instance-identity': 2, executables: 2 },
    checks: [{ check: 'chain', outcome: 'passed', detail: 'up to Acme' }],
    identity: {
      serial,
      subject: 'CN=x',
      issuer: 'CN=y',
      deviceKey: `key-${serial}`,
      leafKey: 'leaf',
      anchor: 'acme',
      notAfter: 253402300799000,
    },
    digestsSeen: [],
    digestsExpected: [],
    evidence: 'ee',
    referenceSets: [],
    ...more,
  },
});
