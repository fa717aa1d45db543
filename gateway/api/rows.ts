import { addressClass } from '../model/address-class.ts';
import { badge } from '../model/axes.ts';
import type { DeviceView } from '../model/device.ts';
import type { Event } from '../model/event.ts';
import { vendorShown } from '../model/vendor-shown.ts';
import { whySentence } from '../policy/explain.ts';
import type { DeviceDetail, DeviceRow, LinkedRow, Proof } from './contract.ts';
import { describeEvent, describeEvidence, describeFact } from './describe.ts';
import { measuredText } from './measured-text.ts';

/** The part of an object whose values are set, so that optional fields are absent and never undefined. */
type Set<T> = { [K in keyof T]: Exclude<T[K], undefined> };
function set<T extends object>(values: T): Partial<Set<T>> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Set<T>>;
}

type Draft = { -readonly [K in keyof DeviceRow]: DeviceRow[K] };

/** A device as a row of the list. Written out field by field: ten thousand of them are made while a page waits. */
export function deviceRow(view: DeviceView): DeviceRow {
  const { device, attestation, decision, admission, enforcement, presence } = view;
  const { fields } = device;
  const identity = attestation.result?.identity;
  const row: Draft = {
    id: device.id,
    badge: badge({ attestation: attestation.status, admission, enforcement, presence }),
    attestation: attestation.status,
    assurance: attestation.assurance,
    expected: attestation.expected,
    admission,
    enforcement,
    presence,
    reason: decision.reason,
    rule: decision.rule,
    mac: device.mac,
    addressClass: addressClass(device.mac),
    ips: device.ips,
    port: device.port,
    vlan: device.vlan,
    zone: device.zone,
    seenBy: device.seenBy,
    firstSeen: device.firstSeen,
    lastSeen: view.lastSeen,
  };
  if (device.attachedTo !== undefined) row.attachedTo = device.attachedTo;
  // What the chain proved goes before what the address or the words of the device make it look like.
  const vendor = identity?.vendor ?? vendorShown(fields);
  const model = identity?.model ?? fields.model?.value;
  if (decision.until !== undefined) row.until = decision.until;
  if (view.person !== undefined && (admission === 'approved' || admission === 'waived' || admission === 'blocked')) row.by = view.person.by;
  if (fields.hostname !== undefined) row.hostname = fields.hostname.value;
  if (vendor !== undefined) row.vendor = vendor;
  if (model !== undefined) row.model = model;
  if (fields.kind !== undefined) row.kind = fields.kind.value;
  if (identity?.serial !== undefined) row.serial = identity.serial;
  if (device.cloneOf !== undefined) row.cloneOf = device.cloneOf;
  if (device.standsIn !== undefined) row.standsIn = device.standsIn.count;
  if (view.group !== undefined) [row.group, row.interfaces] = [view.group.id, view.group.members.length];
  if (view.sharesPortWith !== undefined) row.sharesPortWith = view.sharesPortWith;
  if (view.assuranceCap !== undefined) row.assuranceCap = view.assuranceCap;
  return row;
}

/** A device with all that the page shows of it. `timeline` is oldest first, as the journal gives it; `others` are its other interfaces. */
export function deviceDetail(view: DeviceView, timeline: readonly Event[], others: readonly DeviceView[] = []): DeviceDetail {
  const { device, attestation, decision } = view;
  return {
    row: deviceRow(view),
    why: whySentence(view),
    checks: attestation.checks,
    decision: { access: decision.access, policy: decision.policy, ...set({ until: decision.until, evidence: decision.evidence }) },
    bindings: device.bindings,
    fields: Object.entries(device.fields).map(([name, field]) => ({ name, ...field })),
    linked: others.map(other => linkedRow(view, other)),
    virtualOf: view.virtualOf ?? [],
    services: device.services,
    facts: device.facts.map(({ collector, frame, at, fact }) => ({ collector, frame, at, text: describeFact(fact) })),
    packets: view.packets,
    bytes: view.bytes,
    timeline: timeline.map(({ seq, at, body }) => ({ seq, at, kind: body.kind, text: describeEvent(body) })).toReversed(),
    ...set({
      person: view.person,
      probing: view.probing,
      proof: proofOf(view),
      challengedAt: attestation.challengedAt,
      lastVerified: attestation.lastVerified,
      measured: attestation.startedAgo && measuredText(attestation.startedAgo),
      freshness: attestation.freshness,
      lastFailure: attestation.lastFailure,
      excusable: attestation.status === 'contraindicated' || attestation.reason === 'ATTESTATION_STOPPED' ? attestation.reason : undefined,
    }),
  };
}

/** Another interface, with what ties it to this one; where they were never tied to each other, with what ties it to the device. */
function linkedRow({ device: { id }, group }: DeviceView, other: DeviceView): LinkedRow {
  const about = (group?.links ?? []).filter(({ a, b }) => a === other.device.id || b === other.device.id);
  const direct = about.filter(({ a, b }) => a === id || b === id);
  const links = (direct.length > 0 ? direct : about).map(({ a, b, at, evidence, score, by, reason }) => ({
    between: [a, b] as const,
    at,
    evidence: evidence.map(one => ({ ...one, text: describeEvidence(one) })),
    ...set({ score, by, reason }),
  }));
  return { row: deviceRow(other), links };
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
