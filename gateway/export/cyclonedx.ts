import { visibleJson } from '../model/visible-text.ts';
import type { ExportRecord } from './record.ts';

/** What the document says of itself. `serial`: a random UUID; `at`: RFC 3339; `version`: of the program; `policy`: hash of what decided. */
export type BomHead = { readonly serial: string; readonly at: string; readonly version: string; readonly policy: string };

const assessor = 'assessor:gateway';
const requirement = 'requirement:firmware-attested';
/** Names of digests as CycloneDX spells them (1.6, `hash-alg`); others stand in a property. */
const algorithms: Readonly<Record<string, string>> = {
  'sha-1': 'SHA-1',
  'sha-256': 'SHA-256',
  'sha-384': 'SHA-384',
  'sha-512': 'SHA-512',
  'sha3-256': 'SHA3-256',
  'sha3-384': 'SHA3-384',
  'sha3-512': 'SHA3-512',
};
const hashLengths: ReadonlySet<number> = new Set([32, 40, 64, 96, 128]);
/** Measurements of one device that are listed. */
const maxFirmware = 64;

/**
 * The inventory as a CycloneDX 1.6 document in JSON, piece by piece: a component of type `device` each, with what it measured as components of type `firmware`
 * inside; and, as declarations, what each proved: a claim where its firmware is accepted, a counter-claim where not, with the hash of the Evidence.
 * A measurement is what a device said in Evidence; `sallyport:attestation` says what came of it. Who showed no Evidence has no claim.
 */
export function* cycloneDx(records: readonly ExportRecord[], { serial, at, version, policy }: BomHead): Generator<string> {
  const metadata = {
    timestamp: at,
    lifecycles: [{ phase: 'discovery' }],
    tools: { components: [{ type: 'application', name: 'sallyport', version }] },
    properties: properties({ 'sallyport:policy': policy }),
  };
  yield `{"$schema":"http://cyclonedx.org/schema/bom-1.6.schema.json","bomFormat":"CycloneDX","specVersion":"1.6",`;
  yield `"serialNumber":"urn:uuid:${serial}","version":1,"metadata":${visibleJson(metadata)},"components":`;
  yield* list(records.map(component));
  const proved = records.filter(isProved);
  const [good, bad] = [proved.filter(isAffirmed), proved.filter(isCountered)];
  yield `,"definitions":${visibleJson({ standards: [standard(policy)] })},"declarations":{"assessors":`;
  yield visibleJson([{ 'bom-ref': assessor, thirdParty: false, organization: { name: 'Sallyport gateway of the site' } }]);
  yield `,"attestations":${visibleJson([
    {
      summary: `Of ${records.length} devices ${proved.length} showed Evidence, and the firmware of ${good.length} is proved and accepted`,
      assessor,
      map: [
        {
          requirement,
          ...(good.length === 0 ? {} : { claims: good.map(claimRef) }),
          ...(bad.length === 0 ? {} : { counterClaims: bad.map(claimRef) }),
          // Of nobody nothing can be said.
          ...(proved.length === 0
            ? {}
            : {
                conformance: {
                  score: good.length / proved.length,
                  rationale: `the firmware of ${good.length} of ${proved.length} devices that showed Evidence`,
                },
              }),
        },
      ],
    },
  ])},"claims":`;
  yield* list(proved.map(claim));
  yield ',"evidence":';
  yield* list(proved.map(evidence));
  yield '}}\n';
}

function* list(values: Iterable<object>): Generator<string> {
  let before = '[';
  for (const value of values) {
    yield `${before}${visibleJson(value)}`;
    before = ',\n';
  }
  yield before === '[' ? '[]' : ']';
}

const isProved = ({ last_attested, attestation }: ExportRecord): boolean => last_attested !== '' && attestation !== 'none';
/** A5: what it measures is as a signed reference value lists it. Below that its identity may be proved, its firmware is not. */
const isAffirmed = ({ attestation, assurance }: ExportRecord): boolean => attestation === 'affirming' && assurance === 'A5';
const isCountered = ({ attestation }: ExportRecord): boolean => attestation !== 'affirming';
const claimRef = ({ asset_id }: ExportRecord): string => `claim:${asset_id}`;

/** Empty values say nothing, and stay away. */
const properties = (values: Readonly<Record<string, string>>): readonly { readonly name: string; readonly value: string }[] =>
  Object.entries(values).flatMap(([name, value]) => (value === '' ? [] : [{ name, value }]));

function component(record: ExportRecord): object {
  const { asset_id: id, hostname, model, kind, vendor } = record;
  const measured = record.digest_seen.slice(0, maxFirmware).map((digest, n) => firmware(record, digest, n + 1));
  return {
    type: 'device',
    'bom-ref': `device:${id}`,
    ...(vendor === '' ? {} : { manufacturer: { name: vendor } }),
    // What it is, not what it calls itself; the name that it gives is a property.
    name: model || kind || 'unknown device',
    ...(measured.length === 0 ? {} : { components: measured }),
    properties: properties({
      'cdx:device:serialNumber': record.serial,
      'cdx:device:macAddress': record.mac,
      'cdx:device:function': kind,
      'sallyport:assetId': id,
      'sallyport:hostname': hostname,
      'sallyport:ip': record.ip.join(' '),
      'sallyport:zone': record.zone,
      'sallyport:port': record.port,
      'sallyport:vlan': String(record.vlan),
      'sallyport:switch': record.switch === '' ? '' : `${record.switch} ${record.switch_port}`.trim(),
      'sallyport:location': record.location,
      'sallyport:services': record.services.join('; '),
      'sallyport:attestation': record.attestation,
      'sallyport:assurance': record.assurance,
      'sallyport:admission': record.admission,
      'sallyport:enforcement': record.enforcement,
      'sallyport:reasonCode': record.reason_code,
      'sallyport:rule': `${record.policy_rule} ${record.policy_rule_at}`.trim(),
      'sallyport:decidedBy': record.decided_by,
      'sallyport:decidedUntil': record.decided_until,
      'sallyport:deviceKey': record.device_key,
      'sallyport:firstSeen': record.first_seen,
      'sallyport:lastSeen': record.last_seen,
    }),
  };
}

/** `sha-256:91c4…`: what it measured, whatever that is. */
function firmware({ asset_id: id, attestation }: ExportRecord, digest: string, n: number): object {
  const [, alg = '', content = ''] = /^([^:]+):([0-9a-f]+)$/i.exec(digest) ?? [];
  const known = algorithms[alg];
  const isHash = known !== undefined && hashLengths.has(content.length);
  return {
    type: 'firmware',
    'bom-ref': `firmware:${id}:${n}`,
    name: `measured firmware ${n}`,
    ...(isHash ? { hashes: [{ alg: known, content }] } : {}),
    properties: properties({ 'sallyport:attestation': attestation, ...(isHash ? {} : { 'sallyport:digest': digest }) }),
  };
}

const standard = (policy: string): object => ({
  'bom-ref': 'standard:policy',
  name: 'Sallyport policy of the site',
  ...(policy === '' ? {} : { version: policy }),
  requirements: [
    {
      'bom-ref': requirement,
      identifier: 'firmware-attested',
      title: 'The firmware of a device is proved and accepted',
      text: 'The Evidence of the device is authentic and fresh, and what it measures is listed as good by a signed reference value of the site.',
    },
  ],
});

function predicate(record: ExportRecord): string {
  if (isAffirmed(record)) return 'Its firmware is proved and accepted';
  if (record.attestation === 'affirming') return 'It proved who it is; its firmware is not proved';
  return record.attestation === 'warning' ? 'Its Evidence is authentic, and something speaks against it' : 'Its Evidence failed';
}

const claim = (record: ExportRecord): object => ({
  'bom-ref': claimRef(record),
  target: `device:${record.asset_id}`,
  predicate: predicate(record),
  reasoning: `${record.reason_code}, assurance ${record.assurance}, by ${record.method || 'Evidence'}${record.trust_anchor === '' ? '' : `, vouched for by ${record.trust_anchor}`}; rule ${record.policy_rule} (${record.policy_rule_at})`,
  evidence: [`evidence:${record.asset_id}`],
});

const evidence = (record: ExportRecord): object => ({
  'bom-ref': `evidence:${record.asset_id}`,
  propertyName: 'sallyport:evidence',
  data: [
    {
      name: `Evidence of ${record.asset_id}, kept by the gateway`,
      contents: { attachment: { contentType: 'text/plain', content: `sha-256:${record.evidence}` } },
    },
  ],
  created: record.last_attested,
  ...(record.evidence_expires === '' ? {} : { expires: record.evidence_expires }),
});
