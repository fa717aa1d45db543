import { addressClass } from '../model/address-class.ts';
import type { Digest } from '../model/attestation.ts';
import type { DeviceView } from '../model/device.ts';
import { vendorShown } from '../model/vendor-shown.ts';

/** Raised when a field is removed or changes its meaning; new fields are added at the end. */
export const schemaVersion = 1;

/**
 * One device as every export shows it: flat, UTC RFC 3339 times, empty text where nothing is known. Text from the network is as it was
 * sent and untrusted; each format makes it harmless in its own way.
 */
export type ExportRecord = {
  readonly schema_version: number;
  readonly as_of: string;
  readonly asset_id: string;
  readonly hostname: string;
  readonly vendor: string;
  readonly model: string;
  readonly kind: string;
  readonly serial: string;
  readonly mac: string;
  readonly ip: readonly string[];
  readonly zone: string;
  readonly port: string;
  readonly vlan: number;
  readonly attestation: string;
  readonly assurance: string;
  readonly expected: boolean;
  readonly admission: string;
  readonly enforcement: string;
  readonly presence: string;
  readonly reason_code: string;
  readonly access: string;
  readonly policy_rule: string;
  readonly policy_rule_at: string;
  readonly policy_hash: string;
  /** Who allowed or blocked it, why, and until when; `for good` when it has no end. */
  readonly decided_by: string;
  readonly decision: string;
  readonly decided_at: string;
  readonly decided_until: string;
  readonly decided_reason: string;
  /** What the measured firmware is and should be, `sha-256:…` each. */
  readonly digest_alg: string;
  readonly digest_seen: readonly string[];
  readonly digest_expected: readonly string[];
  readonly method: string;
  readonly cert_subject: string;
  readonly cert_issuer: string;
  readonly device_key: string;
  readonly trust_anchor: string;
  readonly evidence: string;
  readonly last_attested: string;
  readonly evidence_expires: string;
  readonly services: readonly string[];
  readonly clone_of: string;
  readonly seen_by: string;
  readonly first_seen: string;
  readonly last_seen: string;
  /** `asset_id` of the device that several records count as; the own one where nothing else does. A link is no proof. */
  readonly device_id: string;
  /** Whether the hardware address is a vendor's, a program's, made up or that of a router group. */
  readonly address_class: string;
  /** A person's note. */
  readonly location: string;
  /** Where a listed switch says that it is plugged in; `switch_port_is`: edge, link or here. */
  readonly switch: string;
  readonly switch_address: string;
  readonly switch_chassis: string;
  readonly switch_port: string;
  readonly switch_port_alias: string;
  readonly switch_port_is: string;
  readonly switch_vlan: string;
  readonly switch_since: string;
};

const time = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString());
const digests = (list: readonly Digest[]): readonly string[] => list.map(({ alg, value }) => `${alg}:${value}`);
const algorithms = (list: readonly Digest[]): string => [...new Set(list.map(({ alg }) => alg))].join(';');

/** The canonical record of a device as it stands at `asOf`. */
export function exportRecord(view: DeviceView, asOf: number): ExportRecord {
  const { device, attestation, decision, person } = view;
  const { result } = attestation;
  const at = device.attachedTo;
  const identity = result?.identity;
  return {
    schema_version: schemaVersion,
    as_of: time(asOf),
    asset_id: device.id,
    hostname: device.fields.hostname?.value ?? '',
    vendor: identity?.vendor ?? vendorShown(device.fields) ?? '',
    model: identity?.model ?? device.fields.model?.value ?? '',
    kind: device.fields.kind?.value ?? '',
    serial: identity?.serial ?? '',
    mac: device.mac,
    ip: device.ips,
    zone: device.zone,
    port: device.port,
    vlan: device.vlan,
    attestation: attestation.status,
    assurance: `A${attestation.assurance}`,
    expected: attestation.expected,
    admission: view.admission,
    enforcement: view.enforcement,
    presence: view.presence,
    reason_code: decision.reason,
    access: decision.access,
    policy_rule: decision.rule.name,
    policy_rule_at: decision.rule.at,
    policy_hash: decision.policy,
    decided_by: person?.by ?? '',
    decision: person?.kind ?? '',
    decided_at: time(person?.at),
    decided_until: person === undefined ? '' : person.until === undefined ? 'for good' : time(person.until),
    decided_reason: person?.reason ?? '',
    digest_alg: algorithms([...(result?.digestsSeen ?? []), ...(result?.digestsExpected ?? [])]),
    digest_seen: digests(result?.digestsSeen ?? []),
    digest_expected: digests(result?.digestsExpected ?? []),
    method: result?.scheme ?? '',
    cert_subject: identity?.subject ?? '',
    cert_issuer: identity?.issuer ?? '',
    device_key: identity?.deviceKey ?? attestation.continuityKey ?? '',
    trust_anchor: identity?.anchor ?? '',
    evidence: result?.evidence ?? '',
    last_attested: time(result?.at),
    evidence_expires: time(result?.expires),
    services: device.services.map(({ service, name }) => (name === undefined ? service : `${service} ${name}`)),
    clone_of: device.cloneOf ?? '',
    seen_by: device.seenBy,
    first_seen: time(device.firstSeen),
    last_seen: time(view.lastSeen),
    device_id: view.group?.id ?? device.id,
    address_class: addressClass(device.mac),
    location: device.fields.location?.value ?? '',
    switch: at?.switchName ?? '',
    switch_address: at?.switchIp ?? '',
    switch_chassis: at?.chassis ?? '',
    switch_port: at?.port ?? '',
    switch_port_alias: at?.alias ?? '',
    switch_port_is: at?.how ?? '',
    switch_vlan: at?.vlan === undefined ? '' : String(at.vlan),
    switch_since: time(at?.at),
  };
}

/** The columns in their order: every record has exactly these. */
export const columns = [
  'schema_version',
  'as_of',
  'asset_id',
  'hostname',
  'vendor',
  'model',
  'kind',
  'serial',
  'mac',
  'ip',
  'zone',
  'port',
  'vlan',
  'attestation',
  'assurance',
  'expected',
  'admission',
  'enforcement',
  'presence',
  'reason_code',
  'access',
  'policy_rule',
  'policy_rule_at',
  'policy_hash',
  'decided_by',
  'decision',
  'decided_at',
  'decided_until',
  'decided_reason',
  'digest_alg',
  'digest_seen',
  'digest_expected',
  'method',
  'cert_subject',
  'cert_issuer',
  'device_key',
  'trust_anchor',
  'evidence',
  'last_attested',
  'evidence_expires',
  'services',
  'clone_of',
  'seen_by',
  'first_seen',
  'last_seen',
  'device_id',
  'address_class',
  'location',
  'switch',
  'switch_address',
  'switch_chassis',
  'switch_port',
  'switch_port_alias',
  'switch_port_is',
  'switch_vlan',
  'switch_since',
] as const satisfies readonly (keyof ExportRecord)[];
