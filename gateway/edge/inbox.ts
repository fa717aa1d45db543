import { z } from 'zod';
import { checkNames, evidenceMediaTypes } from '../model/attestation.ts';
import { attestationStatuses } from '../model/axes.ts';
import { transportFailures } from '../model/attestation.ts';
import { actionNames, bridgeProtocols, descriptionsOf, identifierSchemes, inventoryOf, printSchemes } from '../model/fact.ts';
import { maxShownBytes, maxShownMessages, probeOutcomes } from '../model/probe.ts';
import { reasonCodes } from '../model/reason.ts';
import { switchCaps } from '../model/switch.ts';
import {
  type FromBrowser,
  type FromChallenger,
  type FromEnforcer,
  type FromProber,
  type FromSensor,
  type FromSwitchReader,
} from './messages.ts';
import { maxEvidenceBytes } from './challenge/wire.ts';
import { maxKeptBytes } from './store/revocation-store.ts';

/** The shapes that the gateway believes of its less trusted processes. Text is capped; more fields than known are dropped. */
const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
const ip = z.union([z.ipv4(), z.ipv6()]);
const port = z.string().regex(/^[\w.-]{1,15}$/);
const vlan = z.number().int().min(0).max(4095);
const millis = z.number().int().min(0).max(8.64e15);
const count = z.number().int().min(0);
const hex = z
  .string()
  .regex(/^[0-9a-f]*$/)
  .max(1024);
const text = z.string().max(1024);
const pid = z.number().int();
const epoch = z.string().max(64);
const bridgeId = z.object({ priority: z.number().int().min(0).max(65535), extension: z.number().int().min(0).max(4095), mac });

const fact = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('seen') }),
  z.object({ kind: z.literal('address'), ip }),
  z.object({ kind: z.literal('management-address'), ip }),
  z.object({ kind: z.literal('hostname'), name: text }),
  z.object({ kind: z.literal('vendor-class'), text }),
  z.object({ kind: z.literal('dhcp-parameters'), options: z.array(z.number().int().min(0).max(255)).max(255) }),
  z.object({ kind: z.literal('dhcp-client-id'), id: hex }),
  z.object({ kind: z.literal('asks-address'), ip }),
  z.object({ kind: z.literal('relay-agent'), circuit: text.optional(), remote: text.optional() }),
  z.object({ kind: z.literal('inventory'), of: z.enum(inventoryOf), text }),
  z.object({ kind: z.literal('dhcp-lease'), ip, server: ip, router: ip.optional() }),
  z.object({ kind: z.literal('dhcp-server'), ip }),
  z.object({ kind: z.literal('mud-url'), url: text }),
  z.object({
    kind: z.literal('service'),
    protocol: z.enum(['tcp', 'udp']),
    port: z.number().int().min(0).max(65535),
    name: text.optional(),
  }),
  z.object({ kind: z.literal('model'), text }),
  z.object({ kind: z.literal('claimed-mac'), mac, ip }),
  z.object({ kind: z.literal('protocol'), name: z.string().max(40) }),
  z.object({ kind: z.enum(['maker', 'firmware', 'serial', 'device-kind']), text }),
  z.object({ kind: z.literal('description'), text, of: z.enum(descriptionsOf).optional() }),
  z.object({ kind: z.literal('identifier'), scheme: z.enum(identifierSchemes), value: text }),
  z.object({ kind: z.literal('print'), scheme: z.enum(printSchemes), value: text }),
  z.object({ kind: z.literal('certificate'), role: z.enum(['server', 'client']), subject: text, issuer: text, key: hex }),
  z.object({ kind: z.literal('uses-server'), service: z.enum(['dns', 'ntp', 'dhcp', 'mqtt', 'syslog', 'radius']), ip }),
  z.object({
    kind: z.literal('neighbour'),
    protocol: z.enum(['lldp', 'cdp', 'profinet']),
    chassis: text,
    portId: text,
    name: text.optional(),
  }),
  z.object({
    kind: z.literal('router'),
    protocol: z.enum(['ra', 'irdp', 'redirect', 'vrrp', 'hsrp', 'glbp', 'carp']),
    detail: text,
    ip: ip.optional(),
    mac: mac.optional(),
    owner: ip.optional(),
    isPreferred: z.literal(true).optional(),
  }),
  z.object({
    kind: z.literal('bridge'),
    protocol: z.enum(bridgeProtocols),
    detail: text,
    tree: z.object({ root: bridgeId, bridge: bridgeId }).optional(),
  }),
  z.object({ kind: z.literal('member'), group: ip }),
  z.object({ kind: z.literal('asks'), protocol: z.enum(['tls', 'http']), name: text }),
  z.object({ kind: z.literal('answers-for'), protocol: z.enum(['llmnr', 'mdns', 'nbns']), name: text }),
  z.object({ kind: z.literal('acted'), action: z.enum(actionNames), target: text, detail: text }),
  z.object({ kind: z.literal('behind'), ip }),
  z.object({ kind: z.literal('contested'), ip, mac }),
  z.object({ kind: z.literal('turned'), sign: z.enum(['ttl', 'source']), from: text, to: text, times: z.number().int().min(1).max(255) }),
  z.object({ kind: z.literal('reaches'), vlan }),
  z.object({
    kind: z.literal('talks-to'),
    ip,
    protocol: z.number().int().min(0).max(255),
    port: z.number().int().min(0).max(65535),
    ownPort: z.number().int().min(0).max(65535),
    began: z.enum(['here', 'there', 'unknown']),
  }),
  z.object({ kind: z.literal('resolves'), name: text, ip }),
]);
const observation = z.object({ at: millis, port, vlan, mac, collector: z.string().max(40), frame: count, fact });
const sighting = z.object({ port, vlan, mac, packets: count, bytes: count, unicast: count.optional(), firstAt: millis, lastAt: millis });
const malformed = z.object({ at: millis, port, vlan, mac, collector: z.string().max(40), message: text, count });

const fromSensor = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), role: z.literal('sensor'), epoch, pid }),
  z.object({ type: z.literal('observations'), observations: z.array(observation).max(100_000) }),
  z.object({ type: z.literal('sightings'), sightings: z.array(sighting).max(100_000) }),
  z.object({ type: z.literal('malformed'), malformed: z.array(malformed).max(10_000) }),
  z.object({ type: z.literal('overflow'), port, count, what: text }),
  z.object({ type: z.literal('port'), port, state: z.enum(['up', 'down', 'healed', 'gone']), detail: text }),
  z.object({ type: z.literal('counters'), port, frames: count, identityFrames: count, dropped: count }),
]);

const fromEnforcer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), role: z.literal('enforcer'), epoch, pid }),
  z.object({ type: z.literal('enforcement'), state: z.enum(['applied', 'mismatch', 'failed']), ruleSet: hex, detail: text, at: millis }),
  z.object({ type: z.literal('forwarding-entry'), mac, port, vlan }),
  z.object({ type: z.literal('clone-drops'), port, frames: count }),
  z.object({ type: z.literal('lane'), id: z.string().max(80), open: z.boolean(), detail: text }),
]);

const digest = z.object({ alg: z.string().max(40), value: hex });
const reason = z.enum(reasonCodes as [(typeof reasonCodes)[number], ...(typeof reasonCodes)[number][]]);
const check = z.object({
  check: z.enum(checkNames),
  outcome: z.enum(['passed', 'failed', 'warned', 'not-evaluated']),
  code: reason.optional(),
  detail: z.string().max(4096),
  expected: z.string().max(4096).optional(),
  seen: z.string().max(4096).optional(),
});
const identity = z.object({
  serial: text.optional(),
  subject: z.string().max(4096),
  issuer: z.string().max(4096),
  deviceKey: hex,
  leafKey: hex,
  anchor: text,
  vendor: text.optional(),
  model: text.optional(),
  version: text.optional(),
  svn: text.optional(),
  notAfter: z.number(),
});
const counter = z.number().int().min(0).max(0xffff_ffff);
const started = z.object({ before: millis, after: millis.optional() });
const quote = z.object({
  ak: hex,
  clock: z.string().regex(/^\d{1,20}$/),
  resetCount: counter,
  restartCount: counter,
  since: z.enum(['first', 'running', 'resumed', 'rebooted']),
  at: millis.optional(),
  started: started.optional(),
  ima: z.object({ bank: z.string().max(10), value: hex, entries: counter, policy: hex.optional() }).optional(),
});
const result = z.object({
  at: millis,
  expires: millis,
  scheme: z.string().max(40),
  status: z.enum(attestationStatuses),
  assurance: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
  vector: z.record(z.string().max(40), z.number().int().min(-128).max(127)),
  reason: reason.optional(),
  checks: z.array(check).max(40),
  identity: identity.optional(),
  digestsSeen: z.array(digest).max(200),
  digestsExpected: z.array(digest).max(200),
  evidence: hex,
  referenceSets: z.array(text).max(50),
  started: started.optional(),
  quote: quote.optional(),
});
const outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('appraised'), result, evidence: z.array(hex).max(20) }),
  z.object({
    kind: z.literal('no-evidence'),
    leafKey: hex.optional(),
    subject: z.string().max(4096).optional(),
    checks: z.array(check).max(40),
  }),
  z.object({ kind: z.literal('transport-failure'), failure: z.enum(transportFailures), detail: text }),
]);
const evidence = z.object({
  mediaType: z.enum(evidenceMediaTypes),
  bytes: z.string().max(Math.ceil(maxEvidenceBytes / 3) * 4),
  certificates: z.array(z.string().max(200_000)).max(12),
});
const fromChallenger = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), role: z.literal('challenger'), epoch, pid, fault: text.exactOptional() }),
  z.object({ type: z.literal('beat') }),
  z.object({ type: z.literal('outcome'), id: z.string().max(80), outcome, evidence: evidence.exactOptional() }),
  z.object({
    type: z.literal('enrolment'),
    id: z.string().max(80),
    enrolment: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('challenged'), blob: z.string().max(8_192), tag: hex.length(64), ek: hex.length(64) }),
        z.object({ kind: z.literal('refused'), code: reason, detail: z.string().max(4096) }),
      ])
      .exactOptional(),
  }),
  z.object({
    type: z.literal('learned-revocation'),
    kind: z.enum(['crl', 'ocsp']),
    der: z.string().max(Math.ceil(maxKeptBytes / 3) * 4),
    dropped: z.array(hex.length(64)).max(64),
    news: z.object({ anchor: text, issuer: text, revoked: count }).exactOptional(),
  }),
]);

const fromBrowser = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), role: z.literal('browser'), epoch, pid }),
  z.object({ type: z.literal('beat') }),
  z.object({ type: z.literal('hint'), ip, name: z.string().max(255).optional(), services: z.array(z.string().max(80)).max(64) }),
]);

const shown = z.object({ template: z.string().max(80), bytes: hex.max(2 * maxShownBytes) });
const probeOutcome = z.object({
  kind: z.enum(probeOutcomes),
  startedAt: millis,
  endedAt: millis,
  sent: count,
  received: count,
  detail: text,
  messages: z.array(shown).max(maxShownMessages).exactOptional(),
});
const fromProber = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), role: z.literal('prober'), epoch, pid }),
  z.object({ type: z.literal('beat') }),
  z.object({ type: z.literal('outcome'), id: z.string().max(80), outcome: probeOutcome }),
]);

const name = z.string().max(64);
const switchPort = z.number().int().min(0).max(0xffff_ffff);
const switchTables = z.object({
  name,
  description: name,
  chassis: name,
  own: z.array(mac).max(switchCaps.neighbours),
  ports: z.array(z.object({ port: switchPort, name, alias: name.exactOptional() })).max(switchCaps.ports),
  entries: z.array(z.object({ mac, port: switchPort, vlan: vlan.exactOptional() })).max(switchCaps.entries),
  neighbours: z.array(z.object({ port: switchPort, chassis: name, name, isBridge: z.boolean() })).max(switchCaps.neighbours),
  truncated: z.array(name).max(64),
  skipped: count,
});
const fromSwitchReader = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), role: z.literal('switch-reader'), epoch, pid }),
  z.object({ type: z.literal('beat') }),
  z.object({
    type: z.literal('switch'),
    switchIp: z.ipv4(),
    reading: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('read'), tables: switchTables }),
      z.object({ kind: z.enum(['silent', 'refused', 'failed']), detail: z.string().max(300) }),
    ]),
  }),
]);

/** Messages by the process that sends them. */
export type Senders = {
  sensor: FromSensor;
  enforcer: FromEnforcer;
  challenger: FromChallenger;
  browser: FromBrowser;
  prober: FromProber;
  'switch-reader': FromSwitchReader;
};

/** Checks the shape of a message; undefined with a word to `refuse` when it is not one. A process that sends such is broken or taken over. */
export function receive<R extends keyof Senders>(role: R, value: unknown, refuse: (why: string) => void): Senders[R] | undefined {
  const schemas = { sensor: fromSensor, enforcer: fromEnforcer, challenger: fromChallenger, browser: fromBrowser, prober: fromProber };
  const schema = { ...schemas, 'switch-reader': fromSwitchReader }[role];
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Senders[R];
  const issue = parsed.error.issues[0];
  refuse(`Cannot read a message of the ${role}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.slice(0, 300));
  return undefined;
}
