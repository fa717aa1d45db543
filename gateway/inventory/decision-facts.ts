import type { Millis } from '../model/address.ts';
import type { Assurance, AttestationStatus } from '../model/axes.ts';
import type { AttestationState, Device } from '../model/device.ts';
import type { Decision, DecisionFacts, ExpectedPlace } from '../model/decision.ts';
import type { ReasonCode } from '../model/reason.ts';
import { usualConfirmations, type ZoneSettings } from '../model/settings.ts';
import type { Remembered } from './memory.ts';
import type { DeviceRecord } from './record.ts';

/** True iff the last result ended, and the zone's grace with it: the admission that it gave is lost. */
const isExpired = ({ attestation: { result } }: Pick<DeviceRecord, 'attestation'>, zone: ZoneSettings, now: Millis): boolean =>
  result !== undefined && now >= result.expires + zone.graceSeconds * 1000;

/**
 * Everything `decide` looks at, for one device now. `place` comes from the expectation list; undefined: nobody expects it. Good Evidence of an expected
 * device counts as a warning unless the list binds it to the port that it came from: it may have come from elsewhere, through a relay. `remembered`: who
 * attested before and is this device. `agedTo`: up to when its result has aged.
 */
export function decisionFacts(
  record: DeviceRecord,
  zone: ZoneSettings,
  place: ExpectedPlace | undefined,
  now: Millis,
  remembered?: Remembered,
  agedTo = now,
): DecisionFacts {
  const { device, person } = record;
  const attestation = believed(record.attestation, zone, now);
  const { vendor, kind, model, hostname } = device.fields;
  // A contraindicated result never ages into a better one: it stands until a newer result replaces it.
  const expired = attestation.status !== 'contraindicated' && isExpired({ attestation }, zone, agedTo);
  const isUnplaced = !expired && attestation.status === 'affirming' && place !== undefined && place !== 'here';
  const status: AttestationStatus = expired ? 'none' : isUnplaced ? 'warning' : attestation.status;
  const reason: ReasonCode | undefined = expired
    ? attestation.stoppedAt === undefined
      ? 'EVIDENCE_EXPIRED'
      : 'ATTESTATION_STOPPED'
    : isUnplaced
      ? 'LOCATION_NOT_PROVEN'
      : unproved(attestation, zone, remembered);
  const { identity, started } = attestation.result ?? {};
  return {
    zone: zone.name,
    mac: device.mac,
    port: device.port,
    vlan: device.vlan,
    services: device.services.map(({ service }) => service),
    announced: device.seenBy === 'announcement',
    cloned: device.cloneOf !== undefined,
    attestation: status,
    assurance: status === 'none' ? rung(expired ? 0 : attestation.assurance, device) : attestation.assurance,
    expected: place !== undefined,
    now,
    ...(place === undefined ? {} : { place }),
    ...(remembered === undefined || remembered.as === 'kin' ? {} : { hasAttested: true }),
    ...(vendor === undefined ? {} : { vendor: vendor.value }),
    ...(kind === undefined ? {} : { kind: kind.value }),
    ...(model === undefined ? {} : { model: model.value }),
    ...(hostname === undefined ? {} : { hostname: hostname.value }),
    ...(reason === undefined ? {} : { attestationReason: reason }),
    ...(started === undefined ? {} : { started }),
    ...(identity?.serial === undefined ? {} : { serial: identity.serial }),
    ...(identity === undefined ? {} : { deviceKey: identity.deviceKey }),
    ...(person === undefined ? {} : { person }),
  };
}

/** What counts of it now: before unlisted firmware was seen often enough, that is what stood before, until the grace is over. */
function believed(state: AttestationState, zone: ZoneSettings, now: Millis): AttestationState {
  const { unconfirmed, reason: _, ...rest } = state;
  if (unconfirmed === undefined || unconfirmed.count >= (zone.confirmations ?? usualConfirmations)) return state;
  const { until, status, assurance, reason } = unconfirmed;
  if (status === 'none' || now >= until + zone.graceSeconds * 1000)
    return { ...rest, status: 'none', assurance: 0, reason: state.reason ?? 'DIGEST_UNKNOWN' };
  return { ...rest, status, assurance, ...(reason === undefined ? {} : { reason }) };
}

/** What is said of it beside its status. That one cannot attest who did so before is not true, whatever it answers now, or if nobody asks it here. */
function unproved(
  { status, reason, result }: AttestationState,
  { challenge }: ZoneSettings,
  remembered?: Remembered,
): ReasonCode | undefined {
  const isAsked = reason !== undefined && saysNothing.has(reason);
  if (status === 'none' && remembered?.as === 'kin' && isAsked) return 'MODEL_ATTESTS_ELSEWHERE';
  if (status === 'none' && remembered !== undefined && remembered.as !== 'kin' && (isAsked || (result === undefined && !challenge)))
    return 'ATTESTATION_STOPPED';
  return reason ?? (result === undefined ? 'AWAITING_CHALLENGE' : undefined);
}

/** It says itself what it runs or which it is: for drift, never as proof. A person's word is not its own. */
const saysOfItself = ({ fields: { firmware, serial, model } }: Device): boolean =>
  [firmware, serial, model].some(field => field !== undefined && (field.locked !== true || field.observed !== undefined));

const rung = (proved: Assurance, device: Device): Assurance => (proved === 0 && saysOfItself(device) ? 1 : proved);

const saysNothing: ReadonlySet<ReasonCode> = new Set(['CANNOT_ATTEST', 'NO_EVIDENCE', 'NO_RESPONSE']);

/** True iff nothing that people or the network would notice differs; the facts' instant does not count. */
export function isSameDecision(a: Decision | undefined, b: Decision): boolean {
  return a !== undefined && tellingParts(a) === tellingParts(b);
}

const tellingParts = ({ access, admission, reason, rule, until, facts }: Decision): string =>
  JSON.stringify([
    access,
    admission,
    reason,
    rule.name,
    rule.at,
    until,
    facts.zone,
    facts.attestation,
    facts.assurance,
    facts.expected,
    facts.place,
    facts.hasAttested,
    facts.attestationReason,
  ]);
