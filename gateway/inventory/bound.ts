import { type OwnIp6, ownFor } from '../codec/ip6.ts';
import type { DeviceId, Hex, Ip, Mac, Millis } from '../model/address.ts';
import type { AttestationResult, AttestedIdentity, ChallengeOutcome, Check } from '../model/attestation.ts';
import type { AttestationState, Device } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import { visibleText } from '../model/visible-text.ts';
import { outranks } from './address-owner.ts';
import { foldOutcome } from './fold-attestation.ts';
import { withBaseline } from './baseline.ts';
import type { Inventory } from './inventory.ts';
import { relink } from './linking.ts';
import type { DeviceRecord } from './record.ts';
import { restartOf } from './restart.ts';
import { kinOf } from './memory.ts';
import type { Proof } from './proofs.ts';
import { silentMs } from './view.ts';
import { isHostOf } from './zone.ts';

/** Whether the list of expected devices says that whoever proved this belongs at the port where the record is. */
export type IsPlaced = (record: DeviceRecord, identity: AttestedIdentity) => boolean;

/** By less than affirming Evidence nobody is let in, and two interfaces of one device may well show one key; but no two machines have one TPM. */
const countsFor = (result: AttestationResult | undefined): boolean =>
  result?.status === 'affirming' || (result?.quote !== undefined && result.status !== 'contraindicated');

/** Other records, at another MAC or port, whose result is not over and shows the same device key: a copy of the key, or a relay. */
const rivalsOf = (inventory: Inventory, here: Device, key: Hex, now: Millis): readonly DeviceRecord[] =>
  [...inventory.records()].filter(
    ({ device, attestation: { result } }) =>
      device.id !== here.id &&
      !(device.mac === here.mac && device.port === here.port) &&
      countsFor(result) &&
      result?.identity?.deviceKey === key &&
      now < result.expires,
  );

/**
 * How well a device with this key is placed where it is: by the list; by a person who approved this key there; by one who approved whoever is there, which
 * may be the relay of a device that is placed better; or not at all.
 */
function placing(record: DeviceRecord, identity: AttestedIdentity, isPlaced: IsPlaced, now: Millis): 0 | 1 | 2 | 3 {
  if (isPlaced(record, identity)) return 3;
  const { person } = record;
  if (person?.kind !== 'approval' || (person.until !== undefined && now >= person.until)) return 0;
  if (person.deviceKey === undefined) return 1;
  return person.deviceKey === identity.deviceKey ? 2 : 0;
}

const at = ({ device: { mac, port } }: DeviceRecord): string => `${mac} on ${port}`;

/**
 * The check that only the inventory can make: the reply came from the bound MAC, port and address, and no other device proved the same device key. Where
 * two did, a genuine chain relayed by a rogue or a copied key, the one that is placed better is believed; if neither is, nobody can tell, and both fail.
 */
function boundCheck(record: DeviceRecord, isLosing: boolean, rival: DeviceRecord | undefined): Check {
  if (rival === undefined)
    return { check: 'bound', outcome: 'passed', detail: `answered from ${at(record)}; no other device proved this key` };
  if (!isLosing)
    return { check: 'bound', outcome: 'passed', detail: `answered from ${at(record)}, where it belongs; another showed its key` };
  return {
    check: 'bound',
    outcome: 'failed',
    code: 'KEY_SEEN_ELSEWHERE',
    detail: 'another device proved the same device key',
    expected: `only ${at(rival)} (${rival.device.id})`,
    seen: at(record),
  };
}

/** The Event of an outcome: the whole of it, or one short line when it says again what was judged last. */
function attestedEvent(
  last: AttestationState,
  device: DeviceId,
  challenge: string,
  outcome: ChallengeOutcome,
  checks: readonly Check[],
  asleep: boolean,
): EventBody {
  if (outcome.kind === 'appraised' && last.result !== undefined && last.lastFailure === undefined) {
    const { at: _at, expires, ...now } = outcome.result;
    const { at: _before, expires: _ended, ...before } = last.result;
    const own = JSON.stringify(last.checks) === JSON.stringify([...outcome.result.checks, ...checks]);
    if (own && JSON.stringify(now) === JSON.stringify(before)) return { kind: 'attested-again', device, challenge, expires };
  }
  return { kind: 'attested', device, challenge, outcome, checks, ...(asleep && outcome.kind === 'transport-failure' ? { asleep } : {}) };
}

/** Once, when it first did not attest. */
const kinAlarm = ({ device: { id, mac, port, fields } }: DeviceRecord, kin: Proof): EventBody => ({
  kind: 'alarm',
  alarm: 'model-attests-elsewhere',
  actor: mac,
  port,
  device: id,
  victim: kin.device,
  detail: `says that it is ${visibleText(fields.model?.value ?? '').slice(0, 80)} and does not attest; ${kin.mac} is one and did`,
});

/** Who else showed this key, who of them loses by that, and what it says of the record: nothing but `bound`. */
function boundBy(inventory: Inventory, isPlaced: IsPlaced, record: DeviceRecord, outcome: ChallengeOutcome, now: Millis) {
  const identity = outcome.kind === 'appraised' ? outcome.result.identity : undefined;
  const rivals =
    identity === undefined || outcome.kind !== 'appraised' || !countsFor(outcome.result)
      ? []
      : rivalsOf(inventory, record.device, identity.deviceKey, now);
  // What both proved is one key's identity, so the list is asked by the newer for each.
  const places = new Map(
    [record, ...rivals].map(one => [one, identity === undefined ? 0 : placing(one, identity, isPlaced, now)] as const),
  );
  const best = Math.max(...places.values());
  const placed = best === 0 ? [] : [record, ...rivals].filter(one => places.get(one) === best);
  const isLosing = (one: DeviceRecord): boolean => placed.length !== 1 || placed[0] !== one;
  const rival = rivals.find(one => placed.includes(one)) ?? rivals[0];
  const checks: readonly Check[] =
    outcome.kind !== 'appraised'
      ? []
      : identity === undefined
        ? [{ check: 'bound', outcome: 'not-evaluated', detail: 'not evaluated, because an earlier check failed' }]
        : [boundCheck(record, isLosing(record), rival)];
  return { rivals, isLosing, checks };
}

/** Where attestation would stand, were this the outcome now. Changes nothing. */
export const attestationIf = (
  inventory: Inventory,
  isPlaced: IsPlaced,
  record: DeviceRecord,
  outcome: ChallengeOutcome,
  now: Millis,
): AttestationState => {
  const whole = withBaseline(outcome, record.attestation.baseline);
  const { checks } = boundBy(inventory, isPlaced, record, whole, now);
  return foldOutcome(record.attestation, { kind: 'attested', device: record.device.id, challenge: 'preview', outcome: whole, checks }, now);
};

/** Folds an outcome in, with what follows from it: for the device, and for whoever showed the same key before. */
export function attestedEvents(
  inventory: Inventory,
  isPlaced: IsPlaced,
  device: DeviceId,
  challenge: string,
  judged: ChallengeOutcome,
  now: Millis,
  emit: (now: Millis, event: EventBody) => void,
): void {
  const record = inventory.get(device);
  if (record === undefined) return;
  const outcome = withBaseline(judged, record.attestation.baseline);
  const { rivals, isLosing, checks } = boundBy(inventory, isPlaced, record, outcome, now);
  const hadFailed = record.attestation.reason !== undefined;
  const asleep = now - record.seen.lastAt > silentMs;
  emit(now, attestedEvent(record.attestation, device, challenge, outcome, checks, asleep));
  const restart = restartOf(inventory, device, outcome);
  if (restart !== undefined) emit(now, restart);
  const kin = outcome.kind === 'appraised' || hadFailed ? undefined : kinOf(inventory, record.device);
  if (kin !== undefined && inventory.proofs.of(record.device.mac) === undefined) emit(now, kinAlarm(record, kin));
  for (const one of rivals) {
    const { result, checks: known } = one.attestation;
    if (result === undefined || !isLosing(one) || known.some(({ code }) => code === 'KEY_SEEN_ELSEWHERE')) continue;
    const seen = boundCheck(one, true, record);
    emit(now, {
      kind: 'attested',
      device: one.device.id,
      challenge,
      outcome: { kind: 'appraised', result, evidence: [result.evidence] },
      checks: [seen],
    });
  }
  relink(inventory, device, event => emit(now, event));
}

/** The bridge's own addresses, and the hosts behind the uplinks with theirs. */
type Around = {
  readonly gateway: { readonly ip: Ip; readonly prefix: string; readonly ip6?: readonly OwnIp6[] };
  readonly upstream: ReadonlyMap<Ip, Mac>;
};

/**
 * True iff the device may be asked, and may hand in, at this address of its own: a host address on one of the gateway's own prefixes that neither an admitted
 * device with a better claim nor a host behind the uplinks uses. A clone never may: its answer could only be the genuine one's.
 */
function mayAnswerAt(inventory: Inventory, record: DeviceRecord, ip: Ip, { gateway, upstream }: Around): boolean {
  const { id, mac, cloneOf } = record.device;
  const isOnLink = ip.includes(':') ? ownFor(ip, gateway.ip6 ?? []) !== undefined : ip !== gateway.ip && isHostOf(ip, gateway.prefix);
  if (cloneOf !== undefined || !isOnLink || (upstream.get(ip) ?? mac) !== mac) return false;
  return !inventory.withIp(ip).some(other => other.device.id !== id && other.decision?.access === 'admit' && outranks(other, record, ip));
}

/**
 * The address at which a device may be asked: its newest of IPv4, else its newest of IPv6. After a failure the next one is tried: temporary addresses come and
 * go (RFC 8981), and not every server listens at each.
 */
export function askableAt(
  inventory: Inventory,
  record: DeviceRecord,
  gateway: Around['gateway'] | undefined,
  upstream: Around['upstream'],
  failures = 0,
): Ip | undefined {
  if (gateway === undefined) return undefined;
  const mayAnswer = (ip: Ip): boolean => mayAnswerAt(inventory, record, ip, { gateway, upstream });
  const is6 = (ip: Ip): boolean => ip.includes(':');
  const ip4 = record.device.ips.findLast(ip => !is6(ip) && mayAnswer(ip));
  const ip6 = record.device.ips.filter(ip => is6(ip) && mayAnswer(ip)).toReversed();
  const all = ip4 === undefined ? ip6 : [ip4, ...ip6];
  return all[failures % all.length];
}

/** The device that speaks from an address; undefined where none may, or where several claim it and nobody knows whose it is. */
export function askerAt(inventory: Inventory, ip: Ip, gateway: Around['gateway'], upstream: Around['upstream']): DeviceRecord | undefined {
  const found = inventory.withIp(ip).filter(record => mayAnswerAt(inventory, record, ip, { gateway, upstream }));
  return found.length === 1 ? found[0] : undefined;
}
