import { badge } from '../model/axes.ts';
import type { DeviceView } from '../model/device.ts';
import type { Event } from '../model/event.ts';
import { whySentence } from '../policy/explain.ts';
import type { DeviceDetail, DeviceRow, Proof } from './contract.ts';
import { describeEvent, describeFact } from './describe.ts';

/** The part of an object whose values are set, so that optional fields are absent and never undefined. */
type Set<T> = { [K in keyof T]: Exclude<T[K], undefined> };
function set<T extends object>(values: T): Partial<Set<T>> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Set<T>>;
}

/** A device as a row of the list. */
export function deviceRow(view: DeviceView): DeviceRow {
  const { device, attestation, decision } = view;
  const axes = { attestation: attestation.status, admission: view.admission, enforcement: view.enforcement, presence: view.presence };
  return {
    id: device.id,
    badge: badge(axes),
    ...axes,
    assurance: attestation.assurance,
    expected: attestation.expected,
    reason: decision.reason,
    rule: decision.rule,
    mac: device.mac,
    ips: device.ips,
    port: device.port,
    vlan: device.vlan,
    zone: device.zone,
    seenBy: device.seenBy,
    firstSeen: device.firstSeen,
    lastSeen: view.lastSeen,
    ...set({
      until: decision.until,
      hostname: device.fields.hostname?.value,
      vendor: device.fields.vendor?.value ?? attestation.result?.identity?.vendor,
      model: device.fields.model?.value ?? attestation.result?.identity?.model,
      kind: device.fields.kind?.value,
      serial: attestation.result?.identity?.serial,
      cloneOf: device.cloneOf,
    }),
  };
}

/** A device with all that the page shows of it. `timeline` is oldest first, as the journal gives it. */
export function deviceDetail(view: DeviceView, timeline: readonly Event[]): DeviceDetail {
  const { device, attestation, decision } = view;
  return {
    row: deviceRow(view),
    why: whySentence(view),
    checks: attestation.checks,
    decision: { access: decision.access, policy: decision.policy, ...set({ until: decision.until, evidence: decision.evidence }) },
    bindings: device.bindings,
    fields: Object.entries(device.fields).map(([name, field]) => ({ name, ...field })),
    services: device.services,
    facts: device.facts.map(({ collector, frame, at, fact }) => ({ collector, frame, at, text: describeFact(fact) })),
    packets: view.packets,
    bytes: view.bytes,
    timeline: timeline.map(({ seq, at, body }) => ({ seq, at, kind: body.kind, text: describeEvent(body) })).toReversed(),
    ...set({
      person: view.person,
      proof: proofOf(view),
      challengedAt: attestation.challengedAt,
      lastFailure: attestation.lastFailure,
      excusable: attestation.status === 'contraindicated' ? attestation.reason : undefined,
    }),
  };
}

function proofOf({ attestation: { result } }: DeviceView): Proof | undefined {
  if (result === undefined) return undefined;
  const { at, expires, scheme, status, assurance, digestsSeen, digestsExpected, evidence, referenceSets } = result;
  return {
    at,
    expires,
    scheme,
    status,
    assurance,
    digestsSeen,
    digestsExpected,
    evidence,
    referenceSets,
    ...set({ reason: result.reason, identity: result.identity }),
  };
}
