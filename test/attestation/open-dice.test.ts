import { encode } from 'cborg';
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AttestationResult, ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { messageEvidence, sha256 } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { sequence } from '../vectors/der-encode.ts';
import { extension, type InputSpec, makeOpenDiceChain, type OpenDiceChain, padded, sha512, type Stage } from '../vectors/open-dice.ts';
import { makeVendor, type Vendor } from '../vectors/pki.ts';
import { base64, result, verifier } from './world.ts';

let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme' });
});

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sha = (alg: 'sha256' | 'sha512', bytes: Uint8Array): Uint8Array => new Uint8Array(createHash(alg).update(bytes).digest());
const configuration = encode(new Map<number, unknown>([[-70002, 'boot'], [-70003, 'v7'], [-70005, 9]])); // biome-ignore format: one map
const code = padded(sha('sha256', Buffer.from('first')));
const first: InputSpec = { code };
const second: InputSpec = { code: sha512('second'), config: { descriptor: configuration } };

const component = (layer: number, key: string, alg: string, digest: Uint8Array): ReferenceSet['components'][number] => ({
  name: `${key} ${layer}`,
  layer,
  key,
  versions: [{ version: '1', alg, digest: hexOf(digest) }],
});
const ofFirst = [
  component(1, 'code', 'sha-256', code.subarray(0, 32)),
  component(1, 'config', 'sha-512', sha('sha512', new Uint8Array(64))),
  component(1, 'authority', 'sha-512', sha512('authority')),
];
const ofSecond = [
  component(2, 'boot code', 'sha-512', sha512('second')),
  component(2, 'boot config', 'sha-512', sha('sha512', configuration)),
  component(2, 'boot authority', 'sha-512', sha512('authority')),
];
const set: ReferenceSet = { id: 'x', vendor: 'Acme', model: 'open-dice', components: [...ofFirst, ...ofSecond] };

const forms = ['x509', 'cbor'] as const;
/** UDS certificate in X.509, two stages and the leaf in these forms. */
const stages = (
  one: Stage['form'],
  two: Stage['form'],
  leaf: Stage['form'],
  edits: { readonly one?: InputSpec; readonly two?: InputSpec } = {},
): readonly Stage[] => [
  { form: 'x509', kind: 'uds' },
  { form: one, kind: 'cdi', curve: 'ed25519', input: { ...first, ...edits.one } },
  { form: two, kind: 'cdi', curve: 'P-384', input: { ...second, ...edits.two } },
  { form: leaf, kind: 'leaf' },
];

type Options = {
  readonly vendors?: readonly Vendor[];
  readonly sets?: readonly ReferenceSet[];
  readonly freshness?: Freshness;
  readonly now?: number;
};
function judge(
  bytes: Uint8Array,
  handshake: Uint8Array | undefined,
  { vendors = [acme], sets = [set], freshness, now }: Options = {},
): ChallengeOutcome {
  const { trust } = prepareTrust({ anchors: vendors.map(v => ({ name: v.name, certificate: base64(v.anchorDer) })), referenceSets: sets });
  const evidence = messageEvidence('application/vnd.sallyport.open-dice-chain', bytes, handshake === undefined ? [] : [handshake]);
  const fresh: Freshness = freshness ?? { kind: 'handshake', protocol: 'TLSv1.3', resumed: false };
  const scheme = schemeFor(evidence.mediaType);
  if (scheme === undefined) throw new Error('no scheme');
  return scheme.judge(evidence, { trust, keys: new KeyCache(), now: now ?? Date.now(), freshness: fresh, ttlSeconds: 600 });
}
const judged = (chain: OpenDiceChain, options: Options = {}): AttestationResult => result(judge(chain.bytes, chain.handshake, options));
const failure = (r: AttestationResult) => ({
  status: r.status,
  reason: r.reason,
  check: r.checks.find(c => c.outcome === 'failed')?.check,
});

describe('a chain of Open DICE', () => {
  for (const one of forms)
    for (const two of forms)
      for (const leaf of forms)
        it(`of stages in ${one} and ${two} and a leaf in ${leaf} affirms: every measurement of the path counts`, () => {
          const r = judged(makeOpenDiceChain(acme, stages(one, two, leaf)));
          expect([r.status, r.reason, r.assurance]).toEqual(['affirming', undefined, 5]);
          expect(r.digestsSeen).toHaveLength(6);
        });

  it('in X.509 alone is judged the same as the chain of a handshake', () => {
    const chain = makeOpenDiceChain(acme, stages('x509', 'x509', 'x509'));
    expect(result(verifier([acme], { sets: [set] })(chain.certificates))).toMatchObject({ status: 'affirming', assurance: 5 });
  });

  it('says of whom it speaks: the id of the UDS, the key of the UDS and of the leaf; the model is not invented', () => {
    const chain = makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor'));
    const uds = decodeCertificate(chain.certificates[3] ?? new Uint8Array());
    const { identity } = judged(chain);
    expect(identity).toMatchObject({
      subject: uds.subject.text,
      deviceKey: sha256(uds.spki),
      leafKey: sha256(decodeCertificate(chain.handshake).spki),
    });
    expect(identity?.serial).toBe(uds.subject.attributes[0]?.value);
    expect(identity?.model).toBeUndefined();
  });

  it('whose UDS certificate is in CBOR too hangs under an anchor that has the name alone', async () => {
    const name = [{ CN: ['Acme_Root'] }];
    const root = await makeVendor({ name: 'Acme', edit: plan => ({ ...plan, subject: name, issuer: name }) });
    const chain = makeOpenDiceChain(root, [{ form: 'cbor', kind: 'uds', iss: 'Acme_Root' }, ...stages('cbor', 'cbor', 'cbor').slice(1)]);
    const key = sha256(decodeCertificate(root.anchorDer).spki);
    const r = judged(chain, { vendors: [root], sets: [{ ...set, vendor: '', anchors: [key] }] });
    expect([r.reason, r.checks.find(c => c.check === 'chain')?.outcome]).toEqual([undefined, 'passed']);
    expect(r.status).toBe('affirming');
  });

  it('is matched under the profile that its outermost stage names', () => {
    const chain = makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor', { one: { profile: 'acme.sensor' } }));
    expect(judged(chain).reason).toBe('REFERENCE_MISSING');
    expect(judged(chain, { sets: [{ ...set, model: 'acme.sensor' }] }).status).toBe('affirming');
  });

  for (const form of forms) {
    it(`with another code, configuration or authority in ${form} is contraindicated`, () => {
      for (const two of [
        { code: sha512('other') },
        { config: { descriptor: encode(new Map<number, unknown>([[-70002, 'boot'], [-70005, 9], [1, 1]])) } }, // biome-ignore format: one map
        { authority: sha512('other') },
      ])
        expect(failure(judged(makeOpenDiceChain(acme, stages(form, form, form, { two }))))).toEqual({
          status: 'contraindicated',
          reason: 'DIGEST_UNKNOWN',
          check: 'reference',
        });
    });

    it(`in mode debug or recovery in ${form} is contraindicated; of no mode or one that nobody knows is not configured`, () => {
      for (const mode of [2, 3])
        expect(failure(judged(makeOpenDiceChain(acme, stages(form, form, form, { one: { mode } })))).reason).toBe('DEBUG_ENABLED');
      for (const mode of [0, 4, 127]) {
        const r = judged(makeOpenDiceChain(acme, stages(form, form, form, { one: { mode } })));
        expect([r.status, r.reason, r.checks.find(c => c.check === 'mode')?.seen]).toEqual(['warning', 'DEBUG_ENABLED', 'notConfigured']);
      }
    });

    it(`whose security version in ${form} is below the floor is contraindicated`, () => {
      const floor = (minSvn: string) => [{ ...set, components: set.components.map(c => (c.key === 'boot code' ? { ...c, minSvn } : c)) }];
      const chain = makeOpenDiceChain(acme, stages(form, form, form));
      expect(judged(chain, { sets: floor('9') }).status).toBe('affirming');
      expect(failure(judged(chain, { sets: floor('10') })).reason).toBe('VERSION_DENIED');
    });
  }

  it('leaves no measurement out: a stage that reference values do not name, or one that is not there, is contraindicated', () => {
    const chain = makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor'));
    expect(judged(chain, { sets: [{ ...set, components: ofFirst }] }).reason).toBe('DIGEST_UNKNOWN');
    const short = makeOpenDiceChain(
      acme,
      stages('cbor', 'x509', 'cbor').filter((_, i) => i !== 2),
    );
    expect(judged(short).reason).toBe('DIGEST_UNKNOWN');
  });

  it('with open debug ports in the 64-byte configuration is in debug mode, whatever its mode says', () => {
    const inline = Uint8Array.of(0x81, 0x01, ...new Uint8Array(62));
    const chain = makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor', { one: { config: { inline } } }));
    const components = set.components.map(c => (c.key === 'config' ? component(1, 'config', 'sha-512', sha('sha512', inline)) : c));
    expect(judged(chain, { sets: [{ ...set, components }] }).reason).toBe('DEBUG_ENABLED');
  });
});

describe('possession and freshness of a chain of Open DICE', () => {
  it('a chain that somebody else hands over is contraindicated: another key signed the handshake', () => {
    const [seen, own] = [makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor')), makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor'))];
    expect(failure(result(judge(seen.bytes, own.handshake)))).toEqual({
      status: 'contraindicated',
      reason: 'HANDSHAKE_NOT_FRESH',
      check: 'chain',
    });
  });

  it('a good chain that nobody asked for is none, and one without a handshake has failed', () => {
    const chain = makeOpenDiceChain(acme, stages('cbor', 'cbor', 'cbor'));
    expect(result(judge(chain.bytes, undefined, { freshness: { kind: 'none' } }))).toMatchObject({
      status: 'none',
      reason: 'EVIDENCE_NOT_FRESH',
    });
    expect(result(judge(chain.bytes, undefined)).reason).toBe('HANDSHAKE_NOT_FRESH');
    const resumed: Freshness = { kind: 'handshake', protocol: 'TLSv1.3', resumed: true };
    expect(judged(chain, { freshness: resumed }).reason).toBe('HANDSHAKE_NOT_FRESH');
  });
});

describe('a wrong chain of Open DICE', () => {
  const wrong: readonly (readonly [string, () => OpenDiceChain, string])[] = [
    ['by a root that we do not trust', () => makeOpenDiceChain(otherRoot(), stages('cbor', 'x509', 'cbor')), 'SIGNATURE_INVALID'],
    ['whose leaf is a stage: a CDI key is for certifying only', () => makeOpenDiceChain(acme, stages('cbor', 'cbor', 'cbor').slice(0, 3)), 'KEY_USAGE_WRONG'],
    ['in which a leaf in CBOR signed a stage', () => makeOpenDiceChain(acme, [udsStage, leafStage, cdiStage, leafStage]), 'CERT_NOT_CA'],
    ['in which a stage in CBOR names another issuer', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, iss: 'ab'.repeat(20) }, leafStage]), 'CHAIN_INCOMPLETE'],
    ['that has ended by its CWT', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, claims: new Map([[4, 1]]) }, leafStage]), 'CERT_EXPIRED'],
    ['that is not valid yet by its CWT', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, claims: new Map([[5, 9_999_999_999]]) }, leafStage]), 'CERT_NOT_YET_VALID'],
    ['with an unknown critical extension', () => makeOpenDiceChain(acme, [{ ...udsStage, extensions: [unknownExtension] }, cdiStage, leafStage]), 'CRITICAL_EXTENSION_UNKNOWN'],
    ['with a header that must be understood', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, header: new Map([[2, [4]]]) }, leafStage]), 'EVIDENCE_MALFORMED'],
    ['with an input but no code hash', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, claims: new Map([[-4670545, undefined]]) }, leafStage]), 'EVIDENCE_MALFORMED'],
    ['with a configuration that is not what was hashed', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, input: { config: { descriptor: configuration, hash: sha512('x') } } }, leafStage]), 'EVIDENCE_MALFORMED'],
    ['with a code hash of 20 bytes', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, input: { code: new Uint8Array(20) } }, leafStage]), 'EVIDENCE_MALFORMED'],
    ['with a key that is kept for another algorithm', () => makeOpenDiceChain(acme, [udsStage, { ...cdiStage, claims: new Map([[-4670552, encode(new Map([[1, 1], [3, -7], [-1, 6]]))]]) }, leafStage]), 'EVIDENCE_MALFORMED'],
  ]; // biome-ignore format: a table
  const udsStage: Stage = { form: 'x509', kind: 'uds' };
  const cdiStage: Stage = { form: 'cbor', kind: 'cdi', input: first };
  const leafStage: Stage = { form: 'cbor', kind: 'leaf' };
  const unknownExtension = extension('1.2.3.4', true, sequence());
  let other: Vendor | undefined;
  const otherRoot = (): Vendor => {
    if (other === undefined) throw new Error('not made');
    return other;
  };
  beforeAll(async () => {
    other = await makeVendor({ name: 'Acme' });
  });
  for (const [name, make, reason] of wrong)
    it(`${name}: ${reason}`, () => {
      expect(judged(make())).toMatchObject({ status: 'contraindicated', reason });
    });

  it('of ML-DSA is none with its reason; a chain that is wrong for another reason is no better for having one of it, a good one no worse', () => {
    const post: Stage = { ...cdiStage, header: new Map([[1, -49]]) };
    const r = judged(makeOpenDiceChain(acme, [udsStage, post, leafStage]));
    expect([r.status, r.reason, r.assurance, r.vector, r.identity]).toEqual(['none', 'ALGORITHM_REFUSED', 0, {}, undefined]);
    const odd = makeOpenDiceChain(acme, [udsStage, post]).certificates[0] ?? new Uint8Array();
    const append = (chain: OpenDiceChain): OpenDiceChain => ({ ...chain, bytes: new Uint8Array(Buffer.concat([chain.bytes, odd])) });
    expect(judged(append(makeOpenDiceChain(otherRoot(), stages('cbor', 'x509', 'cbor')))).status).toBe('contraindicated');
    expect(judged(append(makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor')))).status).toBe('affirming');
    const weak: Stage = { ...cdiStage, header: new Map([[1, -65535]]) };
    expect(judged(makeOpenDiceChain(acme, [udsStage, weak, leafStage]))).toMatchObject({
      status: 'contraindicated',
      reason: 'ALGORITHM_REFUSED',
    });
  });

  it('with anything before, between or after its certificates cannot be read, nor one of 11 certificates', () => {
    const chain = makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor'));
    const [leaf = new Uint8Array(), ...rest] = chain.certificates;
    for (const bytes of [
      Buffer.concat([Buffer.of(0), chain.bytes]),
      Buffer.concat([chain.bytes, Buffer.of(0)]),
      Buffer.concat([leaf, Buffer.of(0xd2), ...rest]),
      Buffer.concat([Buffer.of(0x84), chain.bytes]),
      Buffer.concat(Array.from({ length: 11 }, () => leaf)),
      new Uint8Array(),
      Buffer.alloc(65_537, 0x30),
    ])
      expect(failure(result(judge(new Uint8Array(bytes), chain.handshake)))).toEqual({
        status: 'contraindicated',
        reason: 'EVIDENCE_MALFORMED',
        check: 'readable',
      });
  });

  it('cut off at any byte never affirms', () => {
    const chain = makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor'));
    for (let n = 0; n < chain.bytes.length; n++)
      expect(result(judge(chain.bytes.subarray(0, n), chain.handshake)).status, `${n} bytes`).toBe('contraindicated');
  });
});

describe('mutation', () => {
  const flips = function* (bytes: Uint8Array): Generator<readonly [number, Uint8Array]> {
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const changed = new Uint8Array(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      yield [bit, changed];
    }
  };

  it('no flip of a bit of a good mixed chain affirms', () => {
    const chain = makeOpenDiceChain(acme, stages('cbor', 'x509', 'cbor'));
    expect(judged(chain).status).toBe('affirming');
    for (const [bit, changed] of flips(chain.bytes))
      expect(result(judge(changed, chain.handshake)).status, `bit ${bit}`).toBe('contraindicated');
  });

  it('no flip of a bit of a bad chain makes it better', () => {
    const chain = makeOpenDiceChain(acme, stages('x509', 'cbor', 'cbor', { two: { code: sha512('bad'), mode: 2 } }));
    expect(judged(chain).status).toBe('contraindicated');
    for (const [bit, changed] of flips(chain.bytes))
      expect(result(judge(changed, chain.handshake)).status, `bit ${bit}`).toBe('contraindicated');
  });
});
