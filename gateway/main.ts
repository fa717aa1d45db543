import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAttestationListener } from './api/attestation-listener.ts';
import { type Accounts, parseAccounts } from './api/accounts.ts';
import { describeEvent } from './api/describe.ts';
import { createPage } from './api/server.ts';
import { wouldAdmit } from './edge/anchor-preview.ts';
import { bridgeAddress, endsOn, listenOn, networksOf } from './edge/bridge-address.ts';
import { broughtTrust } from './edge/brought-trust.ts';
import { ChallengeDispatcher } from './edge/challenge/dispatcher.ts';
import { JudgeAgain } from './edge/challenge/judge-again.ts';
import { sendClient, sendOpcUaIssuer } from './edge/challenge/send-client.ts';
import { greetChallenger, sendTrust } from './edge/challenge/send-trust.ts';
import { receive } from './edge/inbox.ts';
import { LiveSite } from './edge/live-site.ts';
import { NeighbourTable } from './edge/neighbour-table.ts';
import type {
  FromBrowser,
  FromEnforcer,
  FromSensor,
  ToChallenger,
  ToEnforcer,
  ToProber,
  ToSensor,
  ToSwitchReader,
} from './edge/messages.ts';
import { startSyslog } from './edge/notify/syslog.ts';
import { ProbeDispatcher } from './edge/probe/dispatcher.ts';
import { SwitchPoller } from './edge/probe/switch-poller.ts';
import { projectFile } from './edge/project-files.ts';
import { watchForeignPorts, watchOwnAddresses } from './edge/own-addresses.ts';
import { type OtherRole, roleChannel, supervisorOf } from './edge/role-channel.ts';
import { callRole } from './edge/role-link.ts';
import { Runner } from './edge/runner.ts';
import { Registrar } from './edge/registrar.ts';
import { ServedAttestation } from './edge/served-attestation.ts';
import { CrlFiles } from './edge/store/crl-files.ts';
import { JournalStore } from './edge/store/journal-store.ts';
import { JsonFile } from './edge/store/json-file.ts';
import { pageCertificate } from './edge/store/page-certificate.ts';
import { watchPolicies } from './edge/store/policy-files.ts';
import { hashOfTrust, PolicyKeeper } from './edge/store/policy-keeper.ts';
import { SignerDoubts } from './edge/signer-doubts.ts';
import { openReferencesOfSite } from './edge/store/reference-files.ts';
import { RevocationStore } from './edge/store/revocation-store.ts';
import { settingsToRun } from './edge/store/settings.ts';
import { pkcs11Signer } from './edge/store/pkcs11-signer.ts';
import { fileSigner, lazySigner } from './edge/store/signing-key.ts';
import { readTrust } from './edge/store/trust-files.ts';
import { TrustDesk } from './edge/trust-desk.ts';
import { version } from './edge/version.ts';
import { Gateway } from './gateway.ts';
import { Inventory } from './inventory/inventory.ts';
import { VendorTable } from './inventory/vendor.ts';
import type { Input } from './model/machine.ts';
import type { TrustMaterial } from './model/trust.ts';
import { visibleText } from './model/visible-text.ts';

/** The gateway process: wires the machine to the store, the other processes, the page and the attestation listener. No privilege. */
const log = (line: string): void =>
  void process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), process: 'gateway', line })}\n`);
const now = (): number => Date.now();
const flag = { type: 'boolean', default: false } as const;
const { values } = parseArgs({ options: { data: { type: 'string' }, browser: flag, switches: flag } });
const folder = values.data ?? '/var/lib/sallyport';

const { settings: read, problems } = await settingsToRun(folder, log);
if (read === undefined) throw new Error(problems.join('\n'));
// The credentials of switches go to their poller and nowhere else.
const { switches = [], ...settings } = read;
const keeper = await PolicyKeeper.open(folder, settings, log);
const vendors = new VendorTable(readFileSync(projectFile('dist/oui.bin')));
const address = settings.network.kind === 'bridge' ? bridgeAddress(settings.network.bridge, settings.network.ip) : undefined;

const store = new JournalStore(folder, (state, detail) => {
  site.storage(state, detail);
  input({ kind: 'noted', event: { kind: 'storage', state, detail } });
});
const inventory = store.restored.snapshot === undefined ? new Inventory() : Inventory.from(store.restored.snapshot);
for (const event of store.restored.events) inventory.apply(event);
const machineSite = { settings, vendorOf: (mac: string) => vendors.lookup(mac), ...(address === undefined ? {} : { gateway: address }) };
const gateway = new Gateway(machineSite, keeper.policy, inventory);

const channel = <T>(role: OtherRole, take: (value: unknown) => void) => roleChannel<T>(role, take, log);
const toSensor = callRole<ToSensor>(supervisorOf('sensor'), {
  take: value => {
    site.processHeard('sensor');
    const message = receive('sensor', value, log);
    if (message !== undefined) fromSensor(message);
  },
  problem: what => log(`sensor: ${what}`),
  alone: () => process.exit(0),
});
const toEnforcer = channel<ToEnforcer>('enforcer', value => {
  site.processHeard('enforcer');
  const message = receive('enforcer', value, log);
  if (message !== undefined) fromEnforcer(message);
});
/** What the challenger fetched about revocation, and where it may fetch nothing from. */
const kept = new RevocationStore(folder, log);
const forbidden = { management: switches.map(({ ip }) => ip), lan: address === undefined ? [] : networksOf(address) };
const toChallenger = channel<ToChallenger>('challenger', value => {
  site.processHeard('challenger');
  const message = receive('challenger', value, log);
  if (message?.type === 'outcome') dispatcher.answered(message);
  else if (message?.type === 'enrolment') registrar.answered(message.id, message.enrolment);
  else if (message?.type === 'learned-revocation') {
    void kept.keep(message.kind, Buffer.from(message.der, 'base64'), message.dropped, now());
    if (message.news !== undefined) input({ kind: 'noted', event: { kind: 'revocation-news', ...message.news } });
  } else if (message?.type === 'hello') {
    site.processHeard('challenger', message.pid);
    site.processSays('challenger', visibleText(message.fault ?? ''));
    dispatcher.lost('challenger');
    registrar.lost();
    if (settings.challengeClient !== undefined) sendClient(toChallenger, settings.challengeClient, log);
    void sendOpcUaIssuer(toChallenger, { folder, zones: settings.zones, now: now() }, log);
    greetChallenger(toChallenger, {
      forbidden,
      kept: kept.all(),
      trust: materialInForce(),
      enrolled: inventory.enrolments.all(),
      now: now(),
    });
  }
});
const toProber =
  settings.network.kind === 'listen'
    ? () => false
    : channel<ToProber>('prober', value => {
        site.processHeard('prober');
        const message = receive('prober', value, log);
        if (message?.type === 'outcome') probeDispatcher.answered(message.id, message.outcome);
        else if (message?.type === 'hello') {
          site.processHeard('prober', message.pid);
          probeDispatcher.lost('prober');
        }
      });
if (values.browser)
  channel('browser', value => {
    const message = receive('browser', value, log);
    if (message?.type === 'hello') site.processHeard('browser', message.pid);
    else if (message?.type === 'hint') fromBrowser(message);
  });

if (values.switches) {
  const poller = new SwitchPoller(switches, {
    send: message => void toSwitchReader(message),
    done: (switchIp, reading) => {
      input({ kind: 'switch-tables', switchIp, reading });
      site.processSays('switch-reader', poller.faults);
    },
  });
  const toSwitchReader = channel<ToSwitchReader>('switch-reader', value => {
    const message = receive('switch-reader', value, log);
    if (message?.type === 'hello') site.processHeard('switch-reader', message.pid);
    if (message !== undefined) poller.heard(message);
  });
  setInterval(() => poller.tick(now()), 1_000);
}

const dispatcher = new ChallengeDispatcher({
  endsTo: ip => address && endsOn(address, ip),
  now,
  builtAt: statSync(import.meta.filename).mtimeMs,
  toEnforcer,
  toChallenger,
  keepEvidence: evidence => store.keepEvidence(evidence, now()),
  done: (challenge, outcome) => input({ kind: 'challenge-outcome', challenge, outcome }),
});
const probeDispatcher = new ProbeDispatcher({
  own: address,
  now,
  toEnforcer,
  toProber,
  done: (id, outcome) => input({ kind: 'probe-outcome', id, outcome }),
});
const judgeAgain = new JudgeAgain({
  kept: id => store.evidence(id),
  judge: judgement => dispatcher.judge(judgement),
  done: ({ device, evidence }, outcome) => input({ kind: 'judged-again', device, evidence, outcome }),
});
const runner = new Runner(gateway, {
  now,
  append: (at, events, matters) => store.append(at, events, matters),
  enforce: (ruleSet, hash) => void toEnforcer({ type: 'enforce', ruleSet, hash }),
  challenge: challenge => dispatcher.start(challenge),
  probe: order => probeDispatcher.start(order),
  stopProbes: ids => probeDispatcher.stop(ids),
  resync: () => void toSensor({ type: 'resync' }),
  handOverTrust,
  judgeAgain: order => judgeAgain.start(order),
  changed: events => {
    site.changed(events);
    if (events.some(({ kind }) => kind === 'key-forgotten')) toChallenger({ type: 'enrolled', keys: inventory.enrolments.all() });
  },
  refused: (count, why) => log(`${why} (${count} events)`),
});
const input = (one: Input): void => runner.input(one);

function fromSensor(message: FromSensor): void {
  switch (message.type) {
    case 'hello':
      return site.processHeard('sensor', message.pid);
    case 'observations':
      return input({ kind: 'observed', observations: message.observations });
    case 'sightings':
      return input({ kind: 'sighted', sightings: message.sightings });
    case 'malformed':
      return input({ kind: 'malformed', malformed: message.malformed });
    case 'overflow':
      return input({ kind: 'overflowed', port: message.port, count: message.count, what: message.what });
    case 'port':
      site.heard(message);
      return input({ kind: 'port-state', port: message.port, state: message.state, detail: message.detail });
    case 'counters':
      return site.heard(message);
  }
}

/** A hint names a device that has no name yet, under the browser's own name as source; what the capture shows replaces it. */
function fromBrowser({ ip, name }: Extract<FromBrowser, { readonly type: 'hint' }>): void {
  const device = site.deviceByIp(ip)?.device;
  if (device === undefined || name === undefined || device.fields.hostname !== undefined) return;
  const { mac, port, vlan } = device;
  const fact = { kind: 'hostname', name: visibleText(name) } as const;
  input({ kind: 'observed', observations: [{ at: now(), port, vlan, mac, collector: 'mdns-browser', frame: 0, fact }] });
}

function fromEnforcer(message: FromEnforcer): void {
  switch (message.type) {
    case 'hello': {
      site.processHeard('enforcer', message.pid);
      dispatcher.lost('enforcer');
      probeDispatcher.lost('enforcer');
      return runner.enforceAgain();
    }
    case 'enforcement':
      site.enforcement(message.state, message.detail, message.at);
      return input({ kind: 'enforcement-state', state: message.state, ruleSet: message.ruleSet, detail: message.detail });
    case 'forwarding-entry':
      return input({ kind: 'forwarding-entry', mac: message.mac, port: message.port, vlan: message.vlan });
    case 'clone-drops':
      return site.cloneDrops(message.port, message.frames);
    case 'lane':
      dispatcher.laneAnswered(message.id, message.open, message.detail);
      return probeDispatcher.laneAnswered(message.id, message.open, message.detail);
  }
}

const site = new LiveSite({
  settings,
  version,
  gateway,
  store,
  now,
  command: (by, reason, command) => runner.command(by, reason, command),
  note: event => input({ kind: 'noted', event }),
  trust: new TrustDesk(
    () => keeper.trust,
    inventory.anchors,
    {
      records: () => inventory.records(),
      evidence: id => store.evidence(id),
      judge: judgement => dispatcher.judge(judgement),
      wouldAdmit: (device, outcome, at) => wouldAdmit(gateway, device, outcome, at),
      ttlSecondsOf: name => settings.zones.find(zone => zone.name === name)?.evidenceTtlSeconds ?? 3600,
      now,
    },
    () => inventory.enrolments.all(),
  ),
  openReferences: (name, bytes, signature) => openReferencesOfSite(settings.policyFolders, name, bytes, signature, now(), brought.anchors),
});

const showProblems = (): void =>
  site.policy(keeper.policy.hash, [...problems, ...keeper.problems], [...keeper.notes, ...signerDoubts.notes]);

function usePolicy(): void {
  void runner.run(gateway.usePolicy(keeper.policy, keeper.files, now()));
  showProblems();
}

const [crlFiles, signerDoubts] = [new CrlFiles(), new SignerDoubts()];
let brought = broughtTrust(inventory.anchors, { anchors: [], verifiers: [] }, true); // what a restart found is on disk
/** What judges now: the files, with what was said of the reference values in them, and those that people brought. */
function materialInForce(): TrustMaterial {
  const { sets, keys } = gateway.references.effective(now());
  const all = [...(keeper.trust.keys ?? []), ...keys];
  return { ...keeper.trust, referenceSets: sets, ...(all.length === 0 ? {} : { keys: all }) };
}

/** Enrols keys of TPMs. What counts is on its way to the journal before the challenger knows it; it admits nobody by itself. */
const registrar = new Registrar({
  at: ip => attesting.at(ip),
  send: toChallenger,
  mayEnrol: (...key) => inventory.enrolments.mayEnrol(...key),
  enrolled: () => inventory.enrolments.all(),
  enrol: key => {
    input({ kind: 'noted', event: { kind: 'key-enrolled', device: key.device, key } });
    toChallenger({ type: 'enrolled', keys: inventory.enrolments.all() });
  },
  now,
});

let handedOver = '';
/** The challenger first, then the machine: whoever was judged under other anchors and reference values is challenged anew, and judged by the new ones. */
function handOverTrust(): void {
  const material = materialInForce();
  const hash = hashOfTrust(material);
  if (hash === handedOver) return;
  handedOver = hash;
  sendTrust(toChallenger, material);
  const referenceSets = material.referenceSets.filter(({ standing }) => standing === undefined).map(({ id }) => id);
  input({ kind: 'noted', event: { kind: 'trust-loaded', hash, anchors: material.anchors.map(({ name }) => name), referenceSets } });
}

/** Anchors and reference values are read again every few seconds. */
function useTrust(): void {
  brought = broughtTrust(inventory.anchors, brought, store.isIdle);
  const read = readTrust(settings.policyFolders, now(), crlFiles, brought);
  const isOther = signerDoubts.look(inventory.references.signed(), read, keeper.takeTrust(read, brought) !== undefined);
  showProblems();
  if (!isOther) return;
  input({ kind: 'references', sets: keeper.trust.referenceSets, doubts: signerDoubts.all });
  handOverTrust();
}

input({ kind: 'noted', event: { kind: 'started', version, source: 'live' } });
usePolicy();
useTrust();
watchPolicies(settings.policyFolders, () => {
  if (keeper.reload()) return usePolicy();
  showProblems();
  if (keeper.problems.length > 0) input({ kind: 'noted', event: { kind: 'policy-refused', problems: keeper.problems } });
});
setInterval(useTrust, 3_000);
setInterval(() => {
  input({ kind: 'tick' });
  site.lookForSilence();
}, 1000);

/** A start folds the Events since the last snapshot, so there is one every so many Events: taken when all that the state says is committed. */
const eventsPerSnapshot = 5000;
let snapshotAt = store.restored.snapshotAt;
setInterval(() => {
  if (store.head.seq - snapshotAt < eventsPerSnapshot || !store.isIdle) return;
  snapshotAt = store.head.seq;
  store.saveSnapshot(inventory.snapshot()).catch((error: Error) => log(error.message));
}, 10_000);

const certificate = await pageCertificate(folder, settings.page.host, now());
const accounts = new JsonFile<Accounts>(join(folder, 'accounts.json'), { parse: parseAccounts, warn: log });
const neighbours = settings.network.kind === 'bridge' ? new NeighbourTable(settings.network.bridge, now) : undefined;
/** A key that somebody may have read signs nothing; the rest goes on. */
const { signingKey } = settings;
const signer = lazySigner(folder, signingKey === undefined ? fileSigner : () => pkcs11Signer(signingKey));
const page = await createPage(site, {
  certificate,
  accounts,
  ears: { signer, build: version },
  uiFolder: projectFile('ui/dist'),
  controlSocket: join(folder, 'control.sock'),
  pageSocket: join(folder, 'page.sock'),
  log,
});
const attesting = new ServedAttestation({
  serving: gateway.serving,
  stateOf: id => gateway.view(id, now())?.attestation,
  neighbourAt: ip => neighbours?.at(ip),
  judge: judgement => dispatcher.judge(judgement),
  keepEvidence: evidence => store.keepEvidence(evidence, now()),
  input,
  ...{ signer, now, version, log },
});
/** Where the listener stands on the bridge, devices without IPv4 reach it there too. */
const also = address?.ip === settings.attestation.host ? listenOn(address) : [];
await createAttestationListener(site, attesting, { log, registering: registrar, also });
process.stdout.write(`page: ${page.url}\npage certificate sha-256: ${certificate.fingerprint}\n`);
if (page.setupCode !== undefined) process.stdout.write(`one-time code: ${page.setupCode}\n`);
process.stdout.write(`journal head: ${store.head.seq} ${store.head.hash}\n`);

const { syslog: targets = [] } = settings;
if (targets.length > 0) site.processHeard('syslog');
const syslog = await startSyslog({
  ...{ targets, folder, version, store, describe: describeEvent, log, now },
  say: problem => site.processSays('syslog', problem),
});

/** A clean end commits what waits and leaves a snapshot; after anything else the journal alone restores the same state. */
async function stop(): Promise<void> {
  await syslog.stop();
  await store.saveSnapshot(inventory.snapshot()).catch((error: Error) => log(error.message));
  await store.close();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
watchOwnAddresses(address, how => (log(`The bridge has other addresses, so the gateway starts anew: ${how}`), void stop()));
watchForeignPorts(settings.network, what => site.processSays('enforcer', what));
