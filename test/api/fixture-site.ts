import { type ReferenceKey, ReferenceFileError } from '../../gateway/attestation/reference-values.ts';
import { openReferences } from '../../gateway/edge/store/reference-files.ts';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import { referenceCommand } from '../../gateway/inventory/reference-command.ts';
import { referenceList } from '../../gateway/inventory/reference-list.ts';
import { References } from '../../gateway/inventory/references.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import type { ReferenceCommand } from '../../gateway/model/machine.ts';
import { coverageOf } from '../../gateway/inventory/coverage.ts';
import type { Check } from '../../gateway/model/attestation.ts';
import type { Assurance } from '../../gateway/model/axes.ts';
import type { Decision } from '../../gateway/model/decision.ts';
import type { Device, DeviceView, PersonDecision, SettableField } from '../../gateway/model/device.ts';
import type { Event } from '../../gateway/model/event.ts';
import type { DeviceGroup } from '../../gateway/model/link.ts';
import type { Command } from '../../gateway/model/machine.ts';
import type { ReasonCode } from '../../gateway/model/reason.ts';
import type { ProbingState } from '../../gateway/model/probe.ts';
import type { Settings } from '../../gateway/model/settings.ts';
import type { AnchorPreview, ShownAnchor } from '../../gateway/model/trust.ts';
import type { CommandAnswer, Health, Site } from '../../gateway/api/site.ts';

/** A small site in memory: one device of each sort that the demo shows, and a hostile one. Commands change it as the machine would. */
export const epoch = Date.UTC(2026, 2, 1, 6, 14, 0);
const seen = 'd02f9c1b77e0a4558b1c62e39a0d4417c3f7b8e25d90166fa3e4c8b70b2955a1';
const known = '91c4a2f0be55d1733c9f08a6b2d417e96f0c52ab7d8834e1906bcd5af213e07b';
const key = (n: number) => n.toString(16).padStart(2, '0').repeat(32);

export const hostileName = `=cmd|' /C calc'!A0`;
export const markupName = '<img src=x onerror=alert(1)>';
export const bidiText = 'cam\u202Egpj.exe\u0000\u0007\r\n';

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
const passed = (check: Check['check'], detail: string): Check => ({ check, outcome: 'passed', detail });
const skipped = (check: Check['check'], why: string): Check => ({ check, outcome: 'not-evaluated', detail: `not evaluated (${why})` });
const upToBound: readonly Check[] = [
  passed('answered', 'TLS 1.3 on port 8443, 14 ms'),
  passed('fresh', 'the handshake is ours and proves possession of the alias key'),
  passed('readable', '3 certificates, 2 measurements'),
  passed('chain', 'alias → DeviceID CA → Acme Sensors Root (anchor acme-root)'),
  passed('identity', 'DICE DeviceID of serial AS-0017'),
  passed('bound', 'answered from its own address on its own port'),
];

function attested(
  status: 'affirming' | 'contraindicated',
  assurance: Assurance,
  serial: string,
  reason?: ReasonCode,
): DeviceView['attestation'] {
  const bad = reason === 'DIGEST_UNKNOWN';
  const checks: Check[] = bad
    ? [
        ...upToBound,
        passed('measured', 'layer 0 firmware, layer 1 application'),
        {
          check: 'reference',
          outcome: 'failed',
          code: 'DIGEST_UNKNOWN',
          detail: 'the firmware of layer 1 is in no signed list of Acme TS-4',
          expected: `sha-256:${known}`,
          seen: `sha-256:${seen}`,
        },
        skipped('version', 'reference failed'),
        skipped('mode', 'reference failed'),
        skipped('expected', 'reference failed'),
      ]
    : [
        ...upToBound,
        passed('measured', 'layer 0 firmware, layer 1 application'),
        passed('reference', 'all 2 components match acme-ts4.json#1'),
        passed('version', 'security version 4 is at least 3'),
        passed('mode', 'secured, not debug'),
        reason === undefined
          ? passed('expected', 'serial listed in policies/expected/warehouse.yaml')
          : { check: 'expected', outcome: 'warned', code: 'NOT_EXPECTED', detail: 'nobody listed this serial or key', seen: serial },
      ];
  return {
    status,
    assurance,
    expected: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    checks,
    challengedAt: epoch + 3000,
    result: {
      at: epoch + 3100,
      expires: epoch + 3_603_100,
      scheme: 'dice-x509',
      status,
      assurance,
      vector: bad ? { executables: 96 } : { executables: 2 },
      ...(bad ? { reason: 'DIGEST_UNKNOWN' as const } : {}),
      checks,
      identity: {
        serial,
        subject: `CN=TS-4 ${serial}`,
        issuer: 'CN=Acme Sensors Root',
        deviceKey: key(serial.length + Number(bad)),
        leafKey: key(5),
        anchor: 'acme-root',
        vendor: 'Acme',
        model: 'TS-4',
        version: '4.2.1',
        svn: '4',
        notAfter: epoch + 9e10,
      },
      digestsSeen: [{ alg: 'sha-256', value: bad ? seen : known }],
      digestsExpected: [{ alg: 'sha-256', value: known }],
      evidence: key(7),
      referenceSets: [`acme-ts4.json#1 sha256:${key(3)}`],
    },
  };
}

const noEvidence = (reason: ReasonCode, detail: string): DeviceView['attestation'] => ({
  status: 'none',
  assurance: reason === 'NO_EVIDENCE' ? 2 : 0,
  expected: false,
  reason,
  challengedAt: epoch + 3000,
  checks: [
    reason === 'NO_EVIDENCE' ? passed('answered', 'TLS 1.3 on port 8443') : { check: 'answered', outcome: 'warned', code: reason, detail },
    skipped('fresh', detail),
    skipped('chain', detail),
    skipped('reference', detail),
  ],
});

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

/** The device as it is then, and the Events of it. */
export type ChallengeAnswer = { readonly view: DeviceView; readonly events: readonly Event['body'][] };

export type FixtureSite = Site & {
  readonly commands: { readonly by: string; readonly reason: string; readonly command: Command }[];
  readonly notes: { readonly user: string; readonly from: string }[];
  /** Makes the next command answer this instead. */
  refuseNext(answer: Extract<CommandAnswer, { ok: false }>): void;
  /** Keys that may sign reference values. */
  readonly trusted: ReferenceKey[];
  forget(id: string): void;
  add(view: DeviceView): void;
  /** Tells the subscribers that all devices changed. */
  touch(): void;
  /** What comes of the next challenges, one after the other; of those after them nothing. */
  answerNext(...answers: readonly ChallengeAnswer[]): void;
};

export function fixtureSite(
  views: readonly DeviceView[] = fixtureViews(),
  page: Settings['page'] = { host: '127.0.0.1', port: 0 },
): FixtureSite {
  const devices = new Map(views.map(view => [view.device.id, view]));
  const listeners = new Set<(changed: readonly string[]) => void>();
  const timelines = new Map<string, Event[]>();
  const commands: FixtureSite['commands'] = [];
  const notes: FixtureSite['notes'] = [];
  let probing: ProbingState = { zones: [dockOff], running: [], ceased: [], ceasedKinds: [], backOffs: [], never: [], recent: [] };
  const answers: ChallengeAnswer[] = [];
  let refusal: Extract<CommandAnswer, { ok: false }> | undefined;
  let pausedUntil: number | undefined;
  let seq = 100;

  const record = (id: string, body: Event['body']) => {
    seq += 1;
    const events = timelines.get(id) ?? [];
    events.push({ seq, at: epoch + seq * 1000, prev: key(1), hash: key(2), body });
    timelines.set(id, events);
  };
  for (const { device: d, decision: now } of views) {
    record(d.id, { kind: 'device-found', device: d.id, mac: d.mac, port: d.port, vlan: d.vlan, zone: d.zone, seenBy: d.seenBy, frame: 1 });
    record(d.id, { kind: 'decided', device: d.id, decision: now });
  }
  for (const link of views.find(({ device: d }) => d.id === 'd7')?.group?.links ?? [])
    record('d7', { kind: 'devices-linked', device: link.a, other: link.b, group: link.b, evidence: link.evidence, score: 100 });
  const tell = (ids: readonly string[]) => {
    for (const listener of listeners) listener(ids);
  };
  const decide = (view: DeviceView, by: string, reason: string, command: Extract<Command, { device: string }>) => {
    const person = personOf(by, reason, command);
    const next = person === undefined ? released(view, views) : decided(view, person);
    devices.set(view.device.id, next);
    if (person !== undefined) record(view.device.id, { kind: 'person-decided', device: view.device.id, person });
    else if (command.kind === 'release') record(view.device.id, { kind: 'person-released', device: view.device.id, by, reason });
    tell([view.device.id]);
  };

  const ungroup = (id: string) => {
    const view = devices.get(id);
    if (view === undefined) return;
    const { group: _, ...own } = view;
    devices.set(id, own);
    tell([id]);
  };
  const setField = (view: DeviceView, by: string, name: SettableField, value: string | undefined) => {
    const old = view.device.fields[name];
    const field =
      value === undefined
        ? old?.observed
        : { value, source: by, at: epoch, frame: 0, locked: true as const, ...(old === undefined ? {} : { observed: old }) };
    const { [name]: _, ...fields } = view.device.fields;
    const next = field === undefined ? fields : { ...fields, [name]: field };
    devices.set(view.device.id, { ...view, device: { ...view.device, fields: next } });
    tell([view.device.id]);
  };

  const preview: AnchorPreview = { newlyAdmitted: ['d3'], judged: 2, untold: 1 };
  const anchors: readonly ShownAnchor[] = [
    { name: 'acme.device-ca.pem', sha256: 'a1'.repeat(32), subject: 'O=Acme', uses: ['identity'], state: 'in-force', from: 'file' },
    {
      name: 'omron',
      sha256: 'b2'.repeat(32),
      subject: `O=Omron, CN=${bidiText}`,
      uses: ['identity'],
      expires: epoch + 86_400_000 * 36_500,
      state: 'staged',
      from: 'people',
      staged: { by: 'local:ann', at: epoch, reason: 'new drives' },
    },
  ];
  // The real book, whose events are folded by the real inventory.
  const book = new Inventory();
  const apply = (body: EventBody): void => book.apply({ at: epoch, body });
  const references = new References({
    inventory: book,
    zoneOf: () => {
      throw new Error('no device leans on anything here');
    },
    emit: (_, body) => apply(body),
    attested: () => {},
    effect: () => {},
  });
  const trusted: ReferenceKey[] = [];
  const say = (by: string, reason: string, command: ReferenceCommand): Promise<CommandAnswer> => {
    const answer = referenceCommand(book, { by, reason, now: Date.now() }, command);
    if ('problem' in answer) return Promise.resolve({ ok: false, ...answer });
    for (const event of answer.events) apply(event);
    return Promise.resolve({ ok: true });
  };

  return {
    settings: {
      dataFolder: '/nowhere',
      policyFolders: [],
      network: { kind: 'listen', ports: ['p1'] },
      page,
      attestation: { host: '127.0.0.1', port: 0 },
      zones: [
        {
          name: 'dock',
          mode: 'enforce',
          challenge: true,
          challengePorts: [8443],
          evidenceTtlSeconds: 3600,
          graceSeconds: 60,
          otherwise: 'hold',
        },
        {
          name: 'office',
          mode: 'observe',
          default: true,
          challenge: false,
          challengePorts: [8443],
          evidenceTtlSeconds: 3600,
          graceSeconds: 60,
          otherwise: 'admit',
        },
      ],
      browseMdns: false,
    },
    commands,
    notes,
    devices: () => [...devices.values()],
    device: id => devices.get(id),
    deviceByIp: ip => [...devices.values()].find(view => view.device.ips.includes(ip)),
    timeline: (id, limit) => (timelines.get(id) ?? []).slice(-limit),
    health: () => ({
      ...health(devices.size, pausedUntil),
      probes: { zones: probing.zones.filter(({ mode }) => mode !== 'off'), running: probing.running.length },
    }),
    probes: () => probing,
    trust: {
      anchors: () => anchors,
      preview: sha256 => Promise.resolve(anchors.some(a => a.sha256 === sha256 && a.state === 'staged') ? preview : undefined),
    },
    coverage: () =>
      coverageOf(
        [...devices.values()].map(({ device: d, lastSeen, packets, bytes }) => ({
          device: d.id === 'd9' ? { ...d, port: 'p8' } : d,
          seen: { lastAt: lastSeen, packets, bytes },
        })),
        {
          network: { kind: 'bridge', bridge: 'br0', ports: ['p1', 'p8'], uplinks: ['up'], ip: '10.20.4.1', dhcpServers: [] },
          kindOf: ({ fields }) => fields.kind?.value,
        },
      ),
    references: () => referenceList(book, references, Date.now()),
    reference: key => references.get(key),
    trusted,
    addReferences: (by, reason, { file, content, signature }) => {
      try {
        const { sets, keys } = openReferences(file, content, { keys: trusted, maps: [] }, signature);
        return say(by, reason, { kind: 'reference-add', file, sets, keys });
      } catch (error) {
        if (!(error instanceof ReferenceFileError)) throw error;
        return Promise.resolve({ ok: false, status: 400, problem: error.message });
      }
    },
    command: (by, reason, command) => {
      commands.push({ by, reason, command });
      const refused = refusal;
      refusal = undefined;
      if (refused !== undefined) return Promise.resolve(refused);
      if (isAboutReferences(command)) return say(by, reason, command);
      probing = probed(probing, by, reason, command);
      if (command.kind === 'pause') pausedUntil = command.until;
      if (command.kind === 'resume') pausedUntil = undefined;
      if ('device' in command) {
        const view = devices.get(command.device);
        if (view === undefined) return Promise.resolve({ ok: false, status: 404, problem: 'Cannot find the device' });
        const answer = command.kind === 'challenge' ? answers.shift() : undefined;
        if (answer !== undefined) devices.set(command.device, answer.view);
        for (const body of answer?.events ?? []) record(command.device, body);
        if (command.kind === 'unlink') for (const id of view.group?.members ?? []) ungroup(id);
        else if (command.kind === 'set-field') setField(view, by, command.field, command.value);
        else if (command.kind === 'never-probe')
          devices.set(command.device, { ...view, probing: { never: { on: command.on, by, reason, at: epoch }, asked: [] } });
        else if (command.kind !== 'challenge' && command.kind !== 'probe' && command.kind !== 'link') decide(view, by, reason, command);
      }
      tell([]);
      return Promise.resolve({ ok: true });
    },
    note: (user, from) => void notes.push({ user, from }),
    subscribe: listener => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    refuseNext: answer => {
      refusal = answer;
    },
    forget: id => {
      devices.delete(id);
      tell([id]);
    },
    add: view => {
      devices.set(view.device.id, view);
      tell([view.device.id]);
    },
    touch: () => tell([...devices.keys()]),
    answerNext: (...given) => void answers.push(...given),
  };
}

const isAboutReferences = (command: Command): command is ReferenceCommand => command.kind.startsWith('reference-');

function personOf(by: string, reason: string, command: Command): PersonDecision | undefined {
  const at = epoch + 70_000;
  if (command.kind === 'approve')
    return { kind: 'approval', by, reason, at, ...(command.until === undefined ? {} : { until: command.until }) };
  if (command.kind === 'waive') return { kind: 'waiver', by, reason, at, until: command.until, excuses: command.excuses };
  return command.kind === 'quarantine' ? { kind: 'block', by, reason, at } : undefined;
}

function decided(view: DeviceView, person: PersonDecision): DeviceView {
  const blocked = person.kind === 'block';
  const admission = blocked ? 'blocked' : person.kind === 'waiver' ? 'waived' : 'approved';
  return {
    ...view,
    admission,
    enforcement: blocked ? 'quarantined' : 'open',
    person,
    decision: {
      ...view.decision,
      access: blocked ? 'quarantine' : 'admit',
      admission,
      reason: blocked ? 'BLOCKED' : person.kind === 'waiver' ? 'WAIVED' : 'APPROVED',
      rule: { name: person.kind, at: `built-in:${person.kind}` },
      ...(person.until === undefined ? {} : { until: person.until }),
    },
  };
}

const released = (view: DeviceView, views: readonly DeviceView[]): DeviceView =>
  views.find(({ device: d }) => d.id === view.device.id) ?? view;

const dockOff = { zone: 'dock', mode: 'off', by: 'settings' } as const;
function probed(probing: ProbingState, by: string, reason: string, command: Command): ProbingState {
  if (command.kind === 'stop-probes') return { ...probing, zones: [dockOff] };
  if (command.kind !== 'arm-probes') return probing;
  const { zone, mode, until } = command;
  return { ...probing, zones: [{ zone, mode, by, reason, until }] };
}

const health = (devices: number, pausedUntil: number | undefined): Omit<Health, 'probes'> => ({
  version: '0.1.0-test',
  startedAt: epoch,
  zones: [
    { name: 'dock', mode: 'enforce', devices },
    { name: 'office', mode: 'observe', devices: 0 },
  ],
  ...(pausedUntil === undefined ? {} : { pausedUntil }),
  enforcement: { state: 'applied', detail: 'nftables on br-dock, 9 devices, read back', at: epoch + 50_000 },
  processes: [
    { role: 'sensor', alive: true, pid: 11, detail: '' },
    { role: 'enforcer', alive: true, pid: 12, detail: '' },
    { role: 'challenger', alive: true, pid: 13, detail: '' },
  ],
  ports: [
    { port: 'p1', state: 'up', frames: 10_412, dropped: 0, cloneDrops: 0, detail: '' },
    { port: 'p2', state: 'healed', frames: 991, dropped: 3, cloneDrops: 41, detail: 'link was down for 2 s' },
  ],
  journal: { events: 214, head: key(2), storage: 'ok', detail: '' },
  policy: { hash: key(9), problems: [], notes: [] },
});
