import type { Decision } from '../../gateway/model/decision.ts';
import type { Device, DeviceView } from '../../gateway/model/device.ts';
import type { DeviceGroup } from '../../gateway/model/link.ts';
import { attested, noEvidence } from './fixture-attested.ts';
import { bidiText, epoch, hostileName, key, markupName } from './fixture-words.ts';

type Spec = {
  readonly id: string;
  readonly n: number;
  readonly port: string;
  readonly kind?: string;
  readonly vendor?: string;
  readonly model?: string;
  readonly hostname?: string;
  readonly ip?: string;
  readonly services?: Device['services'];
};

function device(spec: Spec): Device {
  const { id, n, port, kind, vendor, model, hostname, ip, services } = spec;
  const mac = `02:00:5e:10:00:${n.toString(16).padStart(2, '0')}`;
  const field = (value: string, source: string) => ({ value, source, at: epoch + n * 1000, frame: 40 + n });
  const facts: Device['facts'] = [
    { collector: 'header', frame: n, at: epoch, fact: { kind: 'seen' } },
    ...(ip === undefined ? [] : [{ collector: 'arp', frame: n + 20, at: epoch + 1000, fact: { kind: 'address' as const, ip } }]),
    ...(hostname === undefined
      ? []
      : [{ collector: 'dhcp', frame: n + 40, at: epoch + 2000, fact: { kind: 'hostname' as const, name: hostname } }]),
  ];
  return {
    id,
    mac,
    port,
    vlan: 30,
    zone: 'dock',
    seenBy: ip === undefined ? 'forwarding-table' : 'announcement',
    ips: ip === undefined ? [] : [ip],
    bindings: [{ mac, port, vlan: 30, from: epoch, ...(ip === undefined ? {} : { ip }) }],
    fields: {
      ...(hostname === undefined ? {} : { hostname: field(hostname, 'dhcp') }),
      ...(vendor === undefined ? {} : { vendor: field(vendor, 'oui') }),
      ...(model === undefined ? {} : { model: field(model, 'mdns') }),
      ...(kind === undefined ? {} : { kind: field(kind, 'policies/fingerprints') }),
    },
    services: services ?? [],
    facts,
    firstSeen: epoch,
  };
}

function decision(
  d: Device,
  rest: Pick<Decision, 'access' | 'admission' | 'reason'>,
  rule: Decision['rule'],
  more: Partial<Decision['facts']>,
): Decision {
  return {
    ...rest,
    rule,
    policy: key(9),
    facts: {
      zone: d.zone,
      mac: d.mac,
      port: d.port,
      vlan: d.vlan,
      services: d.services.map(({ service }) => service),
      announced: d.ips.length > 0,
      cloned: d.cloneOf !== undefined,
      attestation: 'none',
      assurance: 0,
      expected: false,
      now: epoch + 60_000,
      ...more,
    },
  };
}

const rule = (name: string, line: number): Decision['rule'] => ({ name, at: `policies/rules/warehouse.yaml:${line}` });

const traffic = { lastSeen: epoch + 55_000, packets: 812, bytes: 90_412 };

/** The PLC speaks on a second port, by what both say. */
const twoPorts: DeviceGroup = {
  id: 'd3',
  members: ['d3', 'd7'],
  links: [
    {
      a: 'd7',
      b: 'd3',
      at: epoch + 9000,
      evidence: [{ sign: 'lldp-chassis', value: `02:00:5e:10:00:03 ${bidiText}`, frames: [77, 43] }],
      score: 100,
    },
  ],
};

/** One device of each sort that the demo shows, and a hostile one. */
export function fixtureViews(): DeviceView[] {
  const good = device({
    id: 'd1',
    n: 1,
    port: 'p1',
    kind: 'sensor',
    vendor: 'Acme',
    model: 'TS-4',
    hostname: 'dock-ts4-17',
    ip: '10.20.4.11',
  });
  const tampered = device({
    id: 'd2',
    n: 2,
    port: 'p2',
    kind: 'sensor',
    vendor: 'Acme',
    model: 'TS-4',
    hostname: 'dock-ts4-18',
    ip: '10.20.4.12',
  });
  const plc = device({
    id: 'd3',
    n: 3,
    port: 'p3',
    kind: 'plc',
    vendor: 'Siemens AG',
    hostname: 'line1-plc',
    ip: '10.20.4.13',
    services: [{ service: 'tcp/502', name: 'modbus' }],
  });
  const printer = device({
    id: 'd4',
    n: 4,
    port: 'p4',
    kind: 'printer',
    vendor: 'Zebra Technologies',
    model: 'ZT411',
    hostname: 'label-printer-4',
    ip: '10.20.4.14',
    services: [{ service: 'tcp/631', name: 'ipp' }, { service: 'tcp/8443' }],
  });
  const camera = device({
    id: 'd5',
    n: 5,
    port: 'p5',
    kind: 'camera',
    vendor: 'Axis Communications AB',
    hostname: markupName,
    ip: '10.20.4.15',
  });
  const clone: Device = { ...device({ id: 'd6', n: 1, port: 'p6' }), cloneOf: 'd1', seenBy: 'frames' };
  const stealth = device({ id: 'd7', n: 7, port: 'p7' });
  const hostile = device({
    id: 'd8',
    n: 8,
    port: 'p8',
    vendor: bidiText,
    hostname: hostileName,
    ip: '10.20.4.18',
    services: [{ service: 'tcp/80', name: '@SUM(A1);=1+1' }],
  });
  const bought = device({
    id: 'd9',
    n: 9,
    port: 'p9',
    kind: 'sensor',
    vendor: 'Acme',
    model: 'TS-4',
    hostname: 'dock-ts4-99',
    ip: '10.20.4.19',
  });

  const hold = { access: 'hold', admission: 'pending' } as const;
  const held = { admission: 'pending', enforcement: 'held', presence: 'online', ...traffic } as const;
  return [
    {
      device: good,
      attestation: attested('affirming', 5, 'AS-0017'),
      admission: 'admitted',
      enforcement: 'open',
      presence: 'online',
      ...traffic,
      decision: decision(good, { access: 'admit', admission: 'admitted', reason: 'SIGNED_AND_EXPECTED' }, rule('signed-and-expected', 8), {
        attestation: 'affirming',
        assurance: 5,
        expected: true,
        serial: 'AS-0017',
      }),
    },
    {
      device: tampered,
      attestation: attested('contraindicated', 3, 'AS-0018', 'DIGEST_UNKNOWN'),
      admission: 'denied',
      enforcement: 'quarantined',
      presence: 'online',
      ...traffic,
      decision: decision(
        tampered,
        { access: 'quarantine', admission: 'denied', reason: 'DIGEST_UNKNOWN' },
        { name: 'failed Evidence', at: 'built-in:failed-evidence' },
        { attestation: 'contraindicated', assurance: 3, attestationReason: 'DIGEST_UNKNOWN', serial: 'AS-0018' },
      ),
    },
    {
      device: plc,
      group: twoPorts,
      attestation: noEvidence('CANNOT_ATTEST', 'no TLS on port 8443'),
      ...held,
      decision: decision(plc, { ...hold, reason: 'CANNOT_ATTEST' }, rule('hold-the-rest', 31), {
        attestationReason: 'CANNOT_ATTEST',
        kind: 'plc',
      }),
    },
    {
      device: printer,
      attestation: noEvidence('NO_EVIDENCE', 'a self-signed web page, no IDevID or DICE content'),
      ...held,
      decision: decision(printer, { ...hold, reason: 'NO_EVIDENCE' }, rule('hold-the-rest', 31), { attestationReason: 'NO_EVIDENCE' }),
    },
    {
      device: camera,
      attestation: noEvidence('CANNOT_ATTEST', 'no TLS on port 8443'),
      admission: 'denied',
      enforcement: 'quarantined',
      presence: 'online',
      ...traffic,
      decision: decision(
        camera,
        { access: 'quarantine', admission: 'denied', reason: 'POLICY_DENY' },
        rule('cameras-nobody-asked-for', 22),
        { kind: 'camera' },
      ),
    },
    {
      device: clone,
      attestation: { status: 'none', assurance: 0, expected: false, checks: [] },
      admission: 'denied',
      enforcement: 'dropped',
      presence: 'online',
      ...traffic,
      decision: decision(
        clone,
        { access: 'quarantine', admission: 'denied', reason: 'MAC_CLONED' },
        { name: 'cloned MAC', at: 'built-in:clone' },
        {},
      ),
    },
    {
      device: stealth,
      group: twoPorts,
      attestation: { status: 'none', assurance: 0, expected: false, checks: [] },
      ...held,
      presence: 'silent',
      decision: decision(stealth, { ...hold, reason: 'STEALTH_DEVICE' }, { name: 'never announced', at: 'built-in:stealth' }, {}),
    },
    {
      device: hostile,
      attestation: noEvidence('NO_RESPONSE', 'timeout after 3 s'),
      ...held,
      decision: decision(
        hostile,
        { ...hold, reason: 'ZONE_DEFAULT' },
        { name: 'default of zone dock', at: 'built-in:zone-default' },
        { hostname: hostileName },
      ),
      sharesPortWith: 1,
      assuranceCap: 2,
    },
    {
      device: bought,
      attestation: attested('affirming', 5, 'AS-0999', 'NOT_EXPECTED'),
      ...held,
      decision: decision(bought, { ...hold, reason: 'NOT_EXPECTED' }, rule('signed-not-ours', 14), {
        attestation: 'affirming',
        assurance: 5,
        attestationReason: 'NOT_EXPECTED',
        serial: 'AS-0999',
      }),
    },
  ];
}
