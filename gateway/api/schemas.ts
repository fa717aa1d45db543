import { z } from 'zod';
import { addressClasses } from '../model/address-class.ts';
import { checkNames } from '../model/attestation.ts';
import { admissions, attestationStatuses, badges, enforcements, presences } from '../model/axes.ts';
import { gapKinds, maxNamed, portRoles } from '../model/coverage.ts';
import { accesses } from '../model/decision.ts';
import { resultFreshnesses, settableFields } from '../model/device.ts';
import { signNames } from '../model/link.ts';
import { probeModes, probeNames, probeOutcomes } from '../model/probe.ts';
import { shows } from '../model/notable.ts';
import { userRoles } from '../model/person.ts';
import { reasonCodes } from '../model/reason.ts';
import {
  maxApprovalHours,
  maxFieldLength,
  maxPauseMinutes,
  maxProbeMinutes,
  maxTokenHours,
  maxWaiverHours,
  passwordLength,
  problemCodes,
  reasonLength,
} from './contract.ts';
import type {
  ApproveBody,
  ArmProbesBody,
  LinkBody,
  NeverProbeBody,
  PauseBody,
  QuarantineBody,
  ReasonBody,
  SetFieldBody,
  SetupBody,
  SignInBody,
  StopProbesBody,
  WaiveBody,
  ZoneModeBody,
} from './contract.ts';

/** Schemas of what crosses the API: bodies are checked by them, and the OpenAPI document is made of all of them. Unknown fields are refused. */
const millis = z.int().min(0).describe('Milliseconds since 1970-01-01 UTC');
const hex = z.string().regex(/^[0-9a-f]*$/);
const reasonCode = z.enum(reasonCodes);
const assurance = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]);

export const reason = z.string().trim().min(reasonLength.min).max(reasonLength.max).describe('Why; kept in the journal');
const approvalHours = z.number().positive().max(maxApprovalHours);
const waiverHours = z.number().positive().max(maxWaiverHours);

export const approveBody = z.union([
  z.strictObject({ hours: approvalHours, reason }),
  z.strictObject({ until: millis, reason }),
  z.strictObject({ forGood: z.literal(true), reason }),
]) satisfies z.ZodType<ApproveBody>;
export const waiveBody = z.union([
  z.strictObject({ hours: waiverHours, excuses: reasonCode, reason }),
  z.strictObject({ until: millis, excuses: reasonCode, reason }),
]) satisfies z.ZodType<WaiveBody>;
export const reasonBody = z.strictObject({ reason }) satisfies z.ZodType<ReasonBody>;
export const quarantineBody = z.strictObject({
  reason,
  alone: z.literal(true).optional().describe('Only this interface, not the others of the same device'),
}) satisfies z.ZodType<QuarantineBody>;
export const linkBody = z.strictObject({
  other: z.string().max(32).describe('Id of the other device'),
  reason,
}) satisfies z.ZodType<LinkBody>;
const field = z.enum(settableFields);
const fieldValue = z.string().trim().min(1).max(maxFieldLength).describe('Stands until somebody unlocks it, whatever is observed');
export const setFieldBody = z.union([
  z.strictObject({ field, value: fieldValue, reason }),
  z.strictObject({ field, unlock: z.literal(true), reason }),
]) satisfies z.ZodType<SetFieldBody>;
export const pauseBody = z.strictObject({ minutes: z.number().positive().max(maxPauseMinutes), reason }) satisfies z.ZodType<PauseBody>;
export const zoneModeBody = z.strictObject({ mode: z.enum(['observe', 'enforce']), reason }) satisfies z.ZodType<ZoneModeBody>;
export const armProbesBody = z.strictObject({
  mode: z.enum(['broadcast', 'known-devices']),
  minutes: z.number().positive().max(maxProbeMinutes),
  wide: z.boolean().exactOptional(),
  reason,
}) satisfies z.ZodType<ArmProbesBody>;
export const stopProbesBody = z.strictObject({ zone: z.string().max(64).exactOptional(), reason }) satisfies z.ZodType<StopProbesBody>;
export const neverProbeBody = z.strictObject({ on: z.boolean(), reason }) satisfies z.ZodType<NeverProbeBody>;

const user = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,31}$/)
  .describe('A name of lower-case letters, digits, dot, dash or underscore, beginning with a letter');
const password = z.string().min(passwordLength.min).max(passwordLength.max);
export const setupBody = z.strictObject({ code: z.string().max(64), user, password }) satisfies z.ZodType<SetupBody>;
const role = z.enum(userRoles);
export const inviteBody = z.strictObject({ user, role, reason });
export const roleBody = z.strictObject({ role, reason });
export const tokenBody = z.strictObject({ name: user, role, hours: z.number().positive().max(maxTokenHours), reason });
export const signInBody = z.strictObject({
  user: z.string().max(64),
  password: z.string().max(passwordLength.max),
}) satisfies z.ZodType<SignInBody>;

const rule = z.object({ name: z.string(), at: z.string().describe('file:line, or built-in:step') });
export const deviceRow = z.object({
  id: z.string(),
  badge: z.enum(badges),
  attestation: z.enum(attestationStatuses),
  assurance,
  expected: z.boolean(),
  admission: z.enum(admissions),
  enforcement: z.enum(enforcements),
  presence: z.enum(presences),
  reason: reasonCode,
  rule,
  until: millis.optional(),
  by: z.string().optional().describe('Who approved, waived or blocked it'),
  hostname: z.string().optional(),
  vendor: z.string().optional(),
  model: z.string().optional(),
  kind: z.string().optional(),
  serial: z.string().optional(),
  mac: z.string(),
  addressClass: z.enum(addressClasses),
  group: z.string().optional().describe('Id of the device that several rows count as'),
  interfaces: z.int().optional(),
  standsIn: z.int().optional().describe('Claims of addresses that are not taken as its own'),
  ips: z.array(z.string()),
  port: z.string(),
  vlan: z.int(),
  zone: z.string(),
  seenBy: z.enum(['announcement', 'frames', 'forwarding-table']),
  cloneOf: z.string().optional(),
  sharesPortWith: z.int().optional().describe('How many other addresses share the port; absent when none does'),
  assuranceCap: assurance.optional().describe('Nothing above it holds for frames of this address, because others share its port'),
  firstSeen: millis,
  lastSeen: millis,
  attachedTo: z
    .object({
      switchIp: z.string(),
      switchName: z.string(),
      chassis: z.string(),
      port: z.string(),
      alias: z.string().optional(),
      vlan: z.int().optional(),
      how: z.enum(['edge', 'link', 'here']).describe('a port for devices, one to another switch, or one to this box'),
      addresses: z.int().describe('how many addresses the port has'),
      at: millis,
    })
    .optional()
    .describe('where a listed switch says that it is plugged in'),
});
export const deviceList = z.object({ seq: z.int(), rows: z.array(deviceRow) });

const digest = z.object({ alg: z.string(), value: hex });
const check = z.object({
  check: z.enum(checkNames),
  outcome: z.enum(['passed', 'failed', 'warned', 'not-evaluated']),
  code: reasonCode.optional(),
  detail: z.string(),
  expected: z.string().optional(),
  seen: z.string().optional(),
});
const identity = z.object({
  serial: z.string().optional(),
  subject: z.string(),
  issuer: z.string(),
  deviceKey: hex,
  leafKey: hex,
  anchor: z.string(),
  vendor: z.string().optional(),
  model: z.string().optional(),
  version: z.string().optional(),
  svn: z.string().optional(),
  notAfter: millis,
});
const person = z.object({
  kind: z.enum(['approval', 'waiver', 'block']),
  by: z.string(),
  reason: z.string(),
  at: millis,
  until: millis.optional(),
  deviceKey: z.string().optional(),
  excuses: reasonCode.optional(),
});
const proof = z.object({
  at: millis,
  expires: millis,
  scheme: z.string(),
  status: z.enum(attestationStatuses),
  assurance,
  reason: reasonCode.optional(),
  identity: identity.optional(),
  digestsSeen: z.array(digest),
  digestsExpected: z.array(digest),
  evidence: hex,
  referenceSets: z.array(z.string()),
});
const said = { value: z.string(), source: z.string(), at: millis, frame: z.int() };
const evidence = z.object({
  sign: z.enum(signNames),
  value: z.string(),
  against: z.string().optional(),
  frames: z.tuple([z.int(), z.int()]),
  text: z.string(),
});
const linkedRow = z.object({
  row: deviceRow,
  links: z.array(
    z.object({
      between: z.tuple([z.string(), z.string()]),
      at: millis,
      evidence: z.array(evidence),
      score: z.int().optional(),
      by: z.string().optional(),
      reason: z.string().optional(),
    }),
  ),
});
const probeName = z.enum(probeNames);
const probeOutcome = z.object({
  kind: z.enum(probeOutcomes),
  startedAt: millis,
  endedAt: millis,
  sent: z.int(),
  received: z.int(),
  detail: z.string(),
  messages: z.array(z.object({ template: z.string(), bytes: hex })).optional(),
});
const probeOrder = z.object({
  id: z.string(),
  probe: probeName,
  zone: z.string(),
  armedBy: z.string(),
  target: z.object({ device: z.string(), mac: z.string(), ip: z.string(), port: z.string(), vlan: z.int(), service: z.int() }).optional(),
  ports: z.array(z.string()).optional(),
  prefix: z.string().optional(),
});
const grant = z.object({ on: z.boolean(), by: z.string(), reason: z.string(), at: millis });
const zoneProbing = z.object({
  zone: z.string(),
  mode: z.enum(probeModes),
  by: z.string(),
  reason: z.string().optional(),
  until: millis.optional(),
  wide: z.literal(true).optional(),
});
const ceased = z.object({
  device: z.string(),
  mac: z.string(),
  port: z.string(),
  zone: z.string(),
  probe: probeName,
  at: millis,
  until: millis,
});
export const probingState = z.object({
  zones: z.array(zoneProbing),
  running: z.array(z.object({ order: probeOrder, since: millis })),
  ceased: z.array(ceased),
  ceasedKinds: z.array(z.object({ zone: z.string(), probe: probeName })),
  backOffs: z.array(z.object({ mac: z.string(), port: z.string(), until: millis })),
  never: z.array(grant.extend({ mac: z.string(), port: z.string() })),
  recent: z.array(z.object({ order: probeOrder, outcome: probeOutcome })),
});
const deviceProbing = z.object({
  never: grant.optional(),
  proposal: z.string().optional(),
  ceasedUntil: millis.optional(),
  backOffUntil: millis.optional(),
  asked: z.array(z.object({ probe: probeName, at: millis, kind: z.enum(probeOutcomes) })),
});

export const deviceDetail = z.object({
  row: deviceRow,
  why: z.string(),
  checks: z.array(check),
  decision: z.object({ access: z.enum(accesses), until: millis.optional(), policy: hex, evidence: hex.optional() }),
  person: person.optional(),
  proof: proof.optional(),
  challengedAt: millis.optional(),
  lastVerified: millis.optional(),
  measured: z.string().optional(),
  freshness: z.enum(resultFreshnesses).optional(),
  lastFailure: z.object({ at: millis, code: reasonCode, detail: z.string() }).optional(),
  excusable: reasonCode.optional(),
  bindings: z.array(
    z.object({ mac: z.string(), port: z.string(), vlan: z.int(), ip: z.string().optional(), from: millis, until: millis.optional() }),
  ),
  fields: z.array(z.object({ name: z.string(), ...said, locked: z.literal(true).optional(), observed: z.object(said).optional() })),
  linked: z.array(linkedRow),
  virtualOf: z.array(z.string()),
  services: z.array(z.object({ service: z.string(), name: z.string().optional() })),
  facts: z.array(z.object({ collector: z.string(), frame: z.int(), at: millis, text: z.string() })),
  packets: z.int(),
  bytes: z.int(),
  probing: deviceProbing.optional(),
  timeline: z.array(z.object({ seq: z.int(), at: millis, kind: z.string(), text: z.string() })),
});

export const journal = z.object({
  rows: z.array(
    z.object({ seq: z.int(), at: millis, group: z.enum(shows), kind: z.string(), device: z.string().optional(), text: z.string() }),
  ),
  older: z.boolean(),
});

export const health = z.object({
  version: z.string(),
  startedAt: millis,
  zones: z.array(z.object({ name: z.string(), mode: z.enum(['observe', 'enforce']), devices: z.int() })),
  pausedUntil: millis.optional(),
  enforcement: z.object({ state: z.enum(['none', 'applied', 'mismatch', 'failed']), detail: z.string(), at: millis }),
  processes: z.array(z.object({ role: z.string(), alive: z.boolean(), pid: z.int().optional(), detail: z.string() })),
  ports: z.array(
    z.object({
      port: z.string(),
      state: z.enum(['up', 'down', 'healed', 'gone', 'unknown']),
      frames: z.int(),
      dropped: z.int(),
      cloneDrops: z.int(),
      detail: z.string(),
    }),
  ),
  journal: z.object({ events: z.int(), head: hex, storage: z.enum(['ok', 'full']), detail: z.string() }),
  policy: z.object({ hash: hex, problems: z.array(z.string()), notes: z.array(z.string()) }),
  probes: z
    .object({ zones: z.array(zoneProbing), running: z.int() })
    .describe('Zones that are armed for probes; empty when nothing is asked'),
});

export const coverage = z.object({
  ports: z.array(z.object({ port: z.string(), role: z.enum(portRoles), addresses: z.int() })),
  vlans: z.array(z.object({ vlan: z.int(), addresses: z.int(), talking: z.int() })),
  gaps: z.array(
    z.object({
      kind: z.enum(gapKinds),
      port: z.string().optional(),
      vlan: z.int().optional(),
      count: z.int(),
      devices: z.array(z.string()).max(maxNamed),
      notSeen: z.string(),
      toDo: z.string(),
    }),
  ),
});

export const sessionState = z.union([
  z.object({ state: z.literal('setup') }),
  z.object({ state: z.literal('signed-out') }),
  z.object({ state: z.literal('signed-in'), user: z.string(), role }),
]);
export const users = z.object({
  accounts: z.array(z.object({ user: z.string(), role, createdAt: millis })),
  invited: z.array(z.object({ user: z.string(), role })),
  tokens: z.array(z.object({ name: z.string(), role, by: z.string(), createdAt: millis, until: millis, usedAt: millis.optional() })),
});
export const invited = z.object({ user: z.string(), role, code: z.string() });
export const tokenMade = z.object({ name: z.string(), role, until: millis, token: z.string() });
export const problem = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(problemCodes)),
});
