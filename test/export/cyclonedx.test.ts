import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BomHead, cycloneDx } from '../../gateway/export/cyclonedx.ts';
import { type ExportRecord, exportRecord } from '../../gateway/export/record.ts';
import { fixtureViews } from '../api/fixture-views.ts';
import { bidiText, epoch, markupName } from '../api/fixture-words.ts';

const head: BomHead = {
  serial: '3e671687-395b-41f5-a30f-a58921a69b79',
  at: '2026-03-01T06:14:00.000Z',
  version: '0.1.0',
  policy: 'ab'.repeat(32),
};
const records = fixtureViews().map(view => exportRecord(view, epoch + 90_000));
type Json = Readonly<Record<string, unknown>>;
const textOf = (of: readonly ExportRecord[], about = head): string => [...cycloneDx(of, about)].join('');
const bom = (of: readonly ExportRecord[]): Json => JSON.parse(textOf(of)) as Json;

/** What CycloneDX 1.6 allows in the objects that we write (bom-1.6.schema.json, `additionalProperties: false`), by where they stand. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  '': ['$schema', 'bomFormat', 'specVersion', 'serialNumber', 'version', 'metadata', 'components', 'definitions', 'declarations'],
  metadata: ['timestamp', 'lifecycles', 'tools', 'properties'],
  lifecycles: ['phase', 'name', 'description'],
  tools: ['components', 'services'],
  components: ['type', 'bom-ref', 'manufacturer', 'name', 'version', 'description', 'hashes', 'components', 'properties'],
  manufacturer: ['bom-ref', 'name', 'address', 'url', 'contact'],
  hashes: ['alg', 'content'],
  properties: ['name', 'value'],
  definitions: ['standards'],
  standards: ['bom-ref', 'name', 'version', 'description', 'owner', 'requirements', 'levels', 'externalReferences', 'signature'],
  requirements: ['bom-ref', 'identifier', 'title', 'text', 'descriptions', 'openCre', 'parent', 'properties', 'externalReferences'],
  declarations: ['assessors', 'attestations', 'claims', 'evidence', 'targets', 'affirmation', 'signature'],
  assessors: ['bom-ref', 'thirdParty', 'organization'],
  organization: ['bom-ref', 'name', 'address', 'url', 'contact'],
  attestations: ['summary', 'assessor', 'map', 'signature'],
  map: ['requirement', 'claims', 'counterClaims', 'conformance', 'confidence'],
  conformance: ['score', 'rationale', 'mitigationStrategies'],
  claims: [
    'bom-ref',
    'target',
    'predicate',
    'mitigationStrategies',
    'reasoning',
    'evidence',
    'counterEvidence',
    'externalReferences',
    'signature',
  ],
  evidence: ['bom-ref', 'propertyName', 'description', 'data', 'created', 'expires', 'author', 'reviewer', 'signature'],
  data: ['name', 'contents', 'classification', 'sensitiveData', 'governance'],
  contents: ['attachment', 'url'],
  attachment: ['contentType', 'encoding', 'content'],
};
const hashes: Readonly<Record<string, number>> = {
  'SHA-1': 40,
  'SHA-256': 64,
  'SHA-384': 96,
  'SHA-512': 128,
  'SHA3-256': 64,
  'SHA3-384': 96,
  'SHA3-512': 128,
};

/** What breaks the shape: an unknown member, a name that names two things, a reference to nothing, a wrong word. */
function faults(document: Json): readonly string[] {
  const found: string[] = [];
  const [refs, links] = [new Map<string, number>(), new Set<string>()];
  const look = (value: unknown, at: string): void => {
    if (Array.isArray(value)) return value.forEach(each => look(each, at));
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (allowed[at]?.includes(name) !== true) found.push(`${at}.${name}`);
      if (name === 'bom-ref') refs.set(String(member), (refs.get(String(member)) ?? 0) + 1);
      if (['target', 'assessor', 'requirement'].includes(name)) links.add(String(member));
      const isLinks = Array.isArray(member) && member.every(each => typeof each === 'string');
      if (isLinks && ['claims', 'counterClaims', 'evidence'].includes(name)) for (const each of member) links.add(String(each));
      else if (['created', 'expires', 'timestamp'].includes(name) && Number.isNaN(Date.parse(String(member))))
        found.push(`${at}.${name} is no time`);
      else if (name === 'type' && !['device', 'firmware', 'application'].includes(String(member))) found.push(`type ${String(member)}`);
      else if (name === 'score' && !(Number(member) >= 0 && Number(member) <= 1)) found.push(`score ${String(member)}`);
      else look(member, name);
    }
    if (at === 'hashes' && 'alg' in value && 'content' in value && String(value.content).length !== hashes[String(value.alg)])
      found.push(`hash ${JSON.stringify(value)}`);
    if (at === 'components' && !('type' in value && 'name' in value && value.name !== '')) found.push('a component without type or name');
  };
  look(document, '');
  for (const [ref, times] of refs) if (times > 1) found.push(`${ref} twice`);
  for (const link of links) if (!refs.has(link)) found.push(`${link} leads nowhere`);
  return found;
}

describe('the inventory as CycloneDX', () => {
  it('is of the shape of version 1.6: known members, unique names, each reference leads somewhere', () => {
    expect(faults(bom(records))).toEqual([]);
    expect(faults(bom([]))).toEqual([]);
    expect(faults({ ...bom(records), gadgets: [] })).toEqual(['.gadgets']);
    expect(bom(records)['serialNumber']).toMatch(/^urn:uuid:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  });

  it('has a device for each row, with what it measured as firmware inside', () => {
    const components = bom(records)['components'] as readonly Json[];
    expect(components.map(each => each['bom-ref'])).toEqual(records.map(({ asset_id }) => `device:${asset_id}`));
    expect(components[0]).toMatchObject({
      type: 'device',
      name: 'TS-4',
      manufacturer: { name: 'Acme' },
      components: [{ type: 'firmware', hashes: [{ alg: 'SHA-256' }], properties: [{ name: 'sallyport:attestation', value: 'affirming' }] }],
    });
    expect(components[0]?.['properties']).toEqual(
      expect.arrayContaining([
        { name: 'cdx:device:serialNumber', value: 'AS-0017' },
        { name: 'cdx:device:macAddress', value: '02:00:5e:10:00:01' },
      ]),
    );
  });

  it('claims what was proved and no more: accepted firmware for, failed Evidence against, of who showed none nothing', () => {
    const own = (id: string, more: Partial<ExportRecord>): ExportRecord => ({
      ...(records[0] ?? expect.fail('no record')),
      asset_id: id,
      ...more,
    });
    const declared = bom([
      own('good', {}),
      own('identity', { assurance: 'A3', digest_seen: [] }),
      own('doubtful', { attestation: 'warning', assurance: 'A4' }),
      own('failed', { attestation: 'contraindicated' }),
      own('silent', { attestation: 'none', last_attested: '' }),
    ])['declarations'] as { readonly attestations: readonly Json[]; readonly claims: readonly { readonly predicate: string }[] };
    expect(declared.attestations[0]).toEqual({
      summary: 'Of 5 devices 4 showed Evidence, and the firmware of 1 is proved and accepted',
      assessor: 'assessor:gateway',
      map: [
        {
          requirement: 'requirement:firmware-attested',
          claims: ['claim:good'],
          counterClaims: ['claim:doubtful', 'claim:failed'],
          conformance: { score: 0.25, rationale: 'the firmware of 1 of 4 devices that showed Evidence' },
        },
      ],
    });
    expect(declared.claims.map(({ predicate }) => predicate)).toEqual([
      'Its firmware is proved and accepted',
      'It proved who it is; its firmware is not proved',
      'Its Evidence is authentic, and something speaks against it',
      'Its Evidence failed',
    ]);
  });

  it('of nobody’s proof says no score, and keeps a digest that CycloneDX has no name for', () => {
    const silent = records.map(record => ({ ...record, last_attested: '' }));
    expect(JSON.stringify(bom(silent)['declarations'])).not.toContain('score');
    const odd = bom([
      { ...(records[0] ?? expect.fail('no record')), digest_seen: ['sm3:aabb', 'sha-256:zz', `sha-384:${'ab'.repeat(48)}`] },
    ]);
    expect(faults(odd)).toEqual([]);
    expect(JSON.stringify(odd['components'])).toMatch(
      /"sallyport:digest","value":"sm3:aabb".*"sallyport:digest","value":"sha-256:zz".*SHA-384/,
    );
  });

  it('hostile text stays a value, and no hidden character stands in the file', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(bidiText, markupName, '","bom-ref":"device:d2', '\u202e', '\ud800'),
    );
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const text = textOf(
          records.map(record => ({
            ...record,
            hostname: a,
            vendor: b,
            model: a,
            kind: b,
            services: [a, b],
            location: b,
            decided_reason: a,
          })),
          { ...head, policy: a },
        );
        expect(faults(JSON.parse(text) as Json)).toEqual([]);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/u);
      }),
      { numRuns: 30 },
    );
  });
});
