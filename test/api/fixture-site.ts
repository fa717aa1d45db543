import { coverageOf } from '../../gateway/inventory/coverage.ts';
import type { PastInventory } from '../../gateway/export/past.ts';
import type { ReferenceKey } from '../../gateway/attestation/reference-values.ts';
import type { DeviceView, SettableField } from '../../gateway/model/device.ts';
import type { Event } from '../../gateway/model/event.ts';
import type { Command } from '../../gateway/model/machine.ts';
import { notableKinds, shows } from '../../gateway/model/notable.ts';
import type { ProbingState } from '../../gateway/model/probe.ts';
import type { Settings } from '../../gateway/model/settings.ts';
import type { CommandAnswer, Health, Site } from '../../gateway/api/site.ts';
import { decided, dockOff, personOf, probed, released } from './fixture-person.ts';
import type { FileList } from '../../gateway/model/trust.ts';
import { fixtureTrust, isAboutTrust } from './fixture-trust.ts';
import { fixtureViews } from './fixture-views.ts';
import { epoch, key } from './fixture-words.ts';

/** The device as it is then, and the Events of it. */
export type ChallengeAnswer = { readonly view: DeviceView; readonly events: readonly Event['body'][] };

export type FixtureSite = Site & {
  readonly commands: { readonly by: string; readonly reason: string; readonly command: Command }[];
  readonly notes: { readonly user: string; readonly from: string }[];
  /** Makes the next command answer this instead. */
  refuseNext(answer: Extract<CommandAnswer, { ok: false }>): void;
  /** Keys that may sign reference values. */
  readonly trusted: ReferenceKey[];
  readonly fileLists: FileList[];
  /** Whom an anchor that is staged would let in. */
  readonly newlyAdmitted: string[];
  readonly stageAt: (name: string, sha256: string, at: number) => void;
  /** What the journal tells of the past; set by the test. */
  pastIs(made: PastInventory): void;
  /** The instants of which somebody asked. */
  readonly askedOf: number[];
  /** What happened on the site, oldest first. */
  readonly happened: Event[];
  happens(body: Event['body'], at?: number): void;
  forget(id: string): void;
  add(view: DeviceView): void;
  /** Tells the subscribers that all devices changed. */
  touch(): void;
  /** What comes of the next challenges, one after the other; of those after them nothing. */
  answerNext(...answers: readonly ChallengeAnswer[]): void;
};

/** A small site in memory. Commands change it as the machine would. */
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
  let past: PastInventory = { kind: 'made', records: [], head: { seq: 0, hash: key(0) } };
  const askedOf: number[] = [];
  const happened: Event[] = [];
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

  const trust = fixtureTrust();

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
    happened,
    happens: (body, at = epoch + happened.length * 1000) => {
      happened.push({ seq: happened.length + 1, at, prev: key(1), hash: key(2), body });
    },
    events: (after, limit) => happened.filter(event => event.seq > after).slice(0, limit),
    journal: (show, before, limit) => {
      const kinds: readonly string[] = show === undefined ? shows.flatMap(each => notableKinds[each]) : notableKinds[show];
      const found = happened.filter(({ seq, body: { kind } }) => seq < before && kinds.includes(kind)).toReversed();
      return { events: found.slice(0, limit), older: found.length > limit };
    },
    askedOf,
    past: at => {
      askedOf.push(at);
      return Promise.resolve(past);
    },
    pastIs: made => {
      past = made;
    },
    devices: () => [...devices.values()],
    device: id => devices.get(id),
    deviceByIp: ip => [...devices.values()].find(view => view.device.ips.includes(ip)),
    timeline: (id, limit) => (timelines.get(id) ?? []).slice(-limit),
    health: () => ({
      ...health(devices.size, pausedUntil),
      ...(happened.length === 0 ? {} : { journal: { events: happened.length, head: key(2), storage: 'ok', detail: '' } }),
      probes: { zones: probing.zones.filter(({ mode }) => mode !== 'off'), running: probing.running.length },
    }),
    probes: () => probing,
    ...trust.site,
    trusted: trust.trusted,
    fileLists: trust.fileLists,
    newlyAdmitted: trust.newlyAdmitted,
    stageAt: trust.stageAt,
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
    command: (by, reason, command) => {
      commands.push({ by, reason, command });
      const refused = refusal;
      refusal = undefined;
      if (refused !== undefined) return Promise.resolve(refused);
      if (isAboutTrust(command)) return trust.say(by, reason, command);
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
    noteUser: body => {
      happened.push({ seq: happened.length + 1, at: epoch, prev: key(1), hash: key(2), body });
    },
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
