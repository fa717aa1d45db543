import 'reflect-metadata';
import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { decodeCorim } from '../../gateway/codec/corim.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { makeDiceDevice, makeVendor } from '../vectors/pki.ts';
import { base64, keyPairs, makeSign1, spkiOf } from '../vectors/tokens.ts';
import { editsDecodeOrThrow } from './edits.ts';
import {
  bytes,
  comid,
  corim,
  dice,
  digests,
  environment,
  good,
  implementation,
  labels,
  measurement,
  plainTriple,
  psa1,
  psa2025,
  psaPart,
  read,
  readUnsigned,
  refusal,
  signed,
  tagged,
} from './corim-world.ts';
import { component, instance, judge, nonce, psaClaims, signer, verdict } from './token-world.ts';
import { spec, verifier } from './world.ts';
import { cost } from '../undisturbed.ts';

const psaClass = environment({ 0: tagged(560, implementation), 1: 'Acme Sensors' });
const psaTriple = [psaClass, [psaPart('BL', 0x11), psaPart('PRoT', 0x22)]];
const pem = `-----BEGIN PUBLIC KEY-----\n${base64(spkiOf(keyPairs.ES256.publicKey))}\n-----END PUBLIC KEY-----`;
const keyTriple = [
  environment({ 0: tagged(560, implementation), 1: 'Acme Sensors' }, { 1: tagged(550, Buffer.from(instance, 'hex')) }),
  [tagged(554, pem)],
];

describe('reference values of a CoRIM', () => {
  it('of DICE: vendor, model, layer, floor and digests', () =>
    expect(readUnsigned(good).sets).toMatchObject([
      {
        vendor: 'Acme Sensors',
        model: 'TempSense-2',
        components: [{ name: 'layer 1', layer: 1, minSvn: '4', versions: [{ version: '1.0', alg: 'sha-256', digest: '11'.repeat(32) }] }],
      },
    ]));
  it('an svn is exact, with tag 552 or bare, and a floor with 553', () => {
    const svnOf = (svn: unknown): unknown =>
      readUnsigned(corim([comid({ 0: [[environment(dice), [measurement({ 1: svn, 2: digests(1) })]]] })])).sets[0]?.components[0];
    expect(svnOf(tagged(552, 7))).toMatchObject({ svn: '7' });
    expect(svnOf(7)).toMatchObject({ svn: '7' });
    expect(svnOf(tagged(553, 7))).toMatchObject({ minSvn: '7' });
  });
  it('triples of one environment are alternatives, and layers belong together', () => {
    const layer = (n: number, ...fills: readonly number[]): unknown => [
      environment({ ...dice, 3: n }),
      fills.map(fill => measurement({ 2: digests(fill) }, `part-${fill}`)),
    ];
    const { sets } = readUnsigned(corim([comid({ 0: [layer(1, 1, 2), layer(1, 3, 4)] }), comid({ 0: [layer(2, 5, 6)] })]));
    expect(sets.map(s => s.components.map(c => c.key))).toEqual([
      ['part-1', 'part-2', 'part-5', 'part-6'],
      ['part-3', 'part-4', 'part-5', 'part-6'],
    ]);
  });
  it('alternatives that differ in their digest only are versions of one component', () => {
    const one = (fill: number, version: string): unknown => [
      environment(dice),
      [measurement({ 0: labels({ 0: version }), 2: digests(fill) })],
    ];
    const { sets } = readUnsigned(corim([comid({ 0: [one(1, '1.0'), one(2, '1.1'), one(3, '1.1')] })]));
    expect(sets).toHaveLength(1);
    expect(sets[0]?.components[0]?.versions.map(v => v.version)).toEqual(['1.0', '1.1', '1.1 (3)']);
  });
  it('a truncated digest beside a whole one is not compared', () => {
    const both = [
      [1, bytes(1)],
      [6, bytes(1, 4)],
    ];
    const { sets } = readUnsigned(corim([comid({ 0: [[environment(dice), [measurement({ 2: both })]]] })]));
    expect(sets[0]?.components[0]?.versions.map(v => v.alg)).toEqual(['sha-256']);
  });
  it('raw values with and without mask, flags, signers and registers', () => {
    const full = measurement(
      {
        2: digests(1),
        3: labels({ 0: true, 3: false }),
        4: tagged(563, [bytes(0x12, 2), bytes(0xf0, 2)]),
        13: [tagged(560, bytes(9))],
        14: new Map<number | string, unknown>([
          [0, digests(2)],
          ['my-ir', digests(3)],
          ['0', digests(4)],
        ]),
      },
      'boot',
    );
    expect(readUnsigned(corim([comid({ 0: [[environment({ ...dice, 4: 2 }), [full]]] })])).sets[0]?.components).toMatchObject([
      {
        key: 'boot',
        layer: 1,
        index: 2,
        vendorInfo: '1212',
        vendorInfoMask: 'f0f0',
        flags: { notConfigured: false, debug: false },
        signer: '09'.repeat(32),
      },
      { key: 'ir-0' },
      { key: 'ir-"0"' },
      { key: 'ir-my-ir' },
    ]);
  });
  it('what a class-id names, the Evidence must name: an EAT by its hwmodel', () =>
    expect(
      readUnsigned(corim([comid({ 0: [[environment({ 0: tagged(560, bytes(7, 4)) }), [measurement({ 2: digests(1) }, 'fw')]]] })])).sets,
    ).toMatchObject([{ vendor: '', model: '07070707', classId: '07070707', components: [{ key: 'fw' }] }]));

  const refused: readonly (readonly [string, Uint8Array, string])[] = [
    ['a profile that is not known', corim([comid({ 0: [plainTriple] })], { 3: tagged(32, 'tag:x') }), 'its profile "tag:x" is not known'],
    ['two profiles', corim([comid({ 0: [plainTriple] })], { 3: [psa1, psa2025] }), 'Cannot read CoRIM profiles: 2 of them'],
    ['a list of tags', encode(tagged(501, labels({ 0: 'a', 1: [tagged(508, new Uint8Array())] }))), 'it holds a tag 508'],
    ['conditional endorsements', corim([comid({ 0: [plainTriple], 10: [[]] })]), 'it holds conditional endorsements'],
    ['a series of them', corim([comid({ 0: [plainTriple], 8: [[]] })]), 'it holds conditional endorsement series'],
    ['triples of an unknown kind', corim([comid({ 0: [plainTriple], 42: [[]] })]), 'it holds triples of an unknown kind'],
    ['one instance', corim([comid({ 0: [[environment(dice, { 1: tagged(550, bytes(1, 17)) }), plainTriple[1]]] })]), 'for one instance'],
    ['a group', corim([comid({ 0: [[environment(dice, { 2: tagged(560, bytes(1)) }), plainTriple[1]]] })]), 'or a group'],
    ['a class without name', corim([comid({ 0: [[environment({ 1: 'Acme' }), plainTriple[1]]] })]), 'a class without model and id'],
    [
      'an authority',
      corim([comid({ 0: [[environment(dice), [new Map([...measurement({ 2: digests(1) }), [2, []]])]]] })]),
      'authorized-by',
    ],
    ['a serial number', corim([comid({ 0: [[environment(dice), [measurement({ 2: digests(1), 8: 'x' })]]] })]), 'measurement value 8'],
    ['a private value', corim([comid({ 0: [[environment(dice), [measurement({ 2: digests(1), [-1]: 1 })]]] })]), 'measurement value -1'],
    [
      'a flag beyond ours',
      corim([comid({ 0: [[environment(dice), [measurement({ 2: digests(1), 3: labels({ 8: true }) })]]] })]),
      'flag tcb',
    ],
    ['no digest', corim([comid({ 0: [[environment(dice), [measurement({ 0: labels({ 0: '1' }) })]]] })]), 'without digest'],
    ['truncated digests only', corim([comid({ 0: [[environment(dice), [measurement({ 2: [[6, bytes(1, 4)]] })]]] })]), 'unknown-6'],
    [
      'an algorithm twice',
      corim([
        comid({
          0: [
            [
              environment(dice),
              [
                measurement({
                  2: [
                    [1, bytes(1)],
                    [1, bytes(2)],
                  ],
                }),
              ],
            ],
          ],
        }),
      ]),
      'there twice',
    ],
    ['a key for a class', corim([comid({ 3: [[environment({ 1: 'Acme' }), [tagged(554, pem)]]] })]), 'a key for no UEID'],
    ['a key under conditions', corim([comid({ 3: [[...keyTriple, labels({ 0: 'x' })]] })]), 'under conditions'],
    ['a certificate as a key', corim([comid({ 3: [[keyTriple[0], [tagged(555, 'x')]]] })]), 'lists a certificate'],
    ['nothing that counts', corim([comid({ 1: [[]] })]), 'neither reference values nor keys'],
    [
      'a PSA class of 16 octets',
      corim([comid({ 0: [[environment({ 0: tagged(37, bytes(1, 16)) }), [psaPart('BL', 1)]]] })], { 3: psa2025 }),
      '32 octets',
    ],
    [
      'a PSA component without signer',
      corim([comid({ 0: [[psaClass, [measurement({ 2: digests(1) }, 'psa.software-component')]]] })], { 3: psa2025 }),
      'exactly one signer',
    ],
    [
      'a PSA component with an svn',
      corim([comid({ 0: [[psaClass, [measurement({ 1: 1, 2: digests(1), 13: [tagged(560, bytes(9))] }, 'psa.software-component')]]] })], {
        3: psa2025,
      }),
      'more than its profile',
    ],
    [
      'two PSA keys for one instance',
      corim([comid({ 3: [[keyTriple[0], [tagged(554, pem), tagged(554, pem)]]] })], { 3: psa2025 }),
      'or several',
    ],
  ];
  it.each(refused)('with %s is refused, since to ignore it could let more pass', (_, file, why) => {
    expect(refusal(() => readUnsigned(file))).toContain(why);
  });

  it('what only adds to a device is named, not used', () => {
    const [set] = readUnsigned(
      corim([comid({ 0: [plainTriple], 1: [[], []] }, { 3: [labels({ 0: 'acme/old', 1: 1 })] })], { 2: [labels({ 0: 'https://x' })] }),
    ).sets;
    expect(set?.notes).toEqual([
      '2 endorsed values are not used',
      '1 dependent manifests are not used',
      'says that it replaces tag acme/old',
    ]);
  });
  it('more than 256 ways of combining alternatives are refused', () => {
    const layer = (n: number): unknown[] =>
      Array.from({ length: 17 }, (_, i) => [environment({ ...dice, 3: n }), [psaPart('a', i), psaPart('b', i)]]);
    expect(refusal(() => readUnsigned(corim([comid({ 0: [...layer(1), ...layer(2)] })])))).toContain('more than 256 sets');
  });
  it('each truncation throws, and edits decode or throw DecodeError', () => {
    for (let i = 0; i < good.length; i++) expect(() => decodeCorim(good.subarray(0, i)), `${i} bytes`).toThrow(DecodeError);
    editsDecodeOrThrow(good, decodeCorim);
  });
});

describe('both PSA dialects judge a token', () => {
  const old = (name: string, fill: number): unknown =>
    measurement({ 2: digests(fill) }, tagged(601, labels({ 1: name, 4: '1.0', 5: bytes(0x99) })));
  const dialects = {
    [psa2025]: corim([comid({ 0: [psaTriple], 3: [keyTriple] })], { 3: tagged(32, psa2025) }),
    [psa1]: corim(
      [
        comid({
          0: [[environment({ 0: tagged(600, implementation), 1: 'Acme Sensors' }), [old('BL', 0x11), old('PRoT', 0x22)]]],
          // As the texts of that time have it: a map of key and chain, a list of profiles.
          3: [[keyTriple[0], [labels({ 0: pem })]]],
        }),
      ],
      { 3: [tagged(32, psa1)] },
    ),
  };
  const token = (changed: Readonly<Record<number, unknown>> = {}): Uint8Array => makeSign1(encode(psaClaims(changed)));
  it.each(Object.entries(dialects))('%s', (_, file) => {
    const { sets, keys: listed } = readUnsigned(file);
    expect(listed).toMatchObject([{ instance, classId: 'aa'.repeat(32), vendor: 'Acme Sensors' }]);
    const verdictOf = (bytesOf: Uint8Array): string => verdict(judge(bytesOf, { sets, keys: listed }));
    expect(verdictOf(token())).toBe('affirming');
    expect(verdictOf(token({ 2399: [component('BL', 0x11), component('PRoT', 0x23)] }))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdictOf(token({ 2399: [component('BL', 0x11)] }))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdictOf(token({ 2396: bytes(0xab) }))).toBe('contraindicated IDENTITY_MISMATCH');
    const otherSigner = sets.map(s => ({ ...s, components: s.components.map(c => ({ ...c, signer: signer.replaceAll('9', '8') })) }));
    expect(verdict(judge(token(), { sets: otherSigner, keys: listed }))).toBe('contraindicated DIGEST_UNKNOWN');
  });
});

describe('a CoRIM judges what its class names', () => {
  it('an EAT by its hwmodel, and holds a listed key to it', () => {
    const model = bytes(7, 4);
    const file = corim([
      comid({
        0: [[environment({ 0: tagged(560, model), 1: 'Acme Sensors' }), [measurement({ 2: digests(0x11) }, 'fw')]]],
        3: [
          [environment({ 0: tagged(560, model), 1: 'Acme Sensors' }, { 1: tagged(550, Buffer.from(instance, 'hex')) }), [tagged(554, pem)]],
        ],
      }),
    ]);
    const { sets, keys: listed } = readUnsigned(file);
    const eat = (fill: number, hwmodel: Uint8Array): string => {
      const measured = encode(labels({ 1: ['fw'], 2: [1, bytes(fill)] }));
      const token = labels({ 10: nonce, 256: Buffer.from(instance, 'hex'), 259: hwmodel, 273: [[295, measured]] });
      return verdict(judge(makeSign1(encode(token)), { mediaType: 'application/eat+cwt', sets, keys: listed }));
    };
    expect(eat(0x11, model)).toBe('affirming');
    expect(eat(0x12, model)).toBe('contraindicated DIGEST_UNKNOWN');
    expect(eat(0x11, bytes(8, 4))).toBe('contraindicated IDENTITY_MISMATCH');
  });

  it('a DICE chain by vendor, model and layer, with its floor, its exact version and its flags', async () => {
    const acme = await makeVendor({ name: 'Acme Sensors' });
    const { chain } = await makeDiceDevice(acme, spec);
    const judged = (svn: unknown, more: Readonly<Record<string, unknown>> = {}): string => {
      const values = { 1: svn, 2: [[1, Buffer.from(spec.digestHex, 'hex')]], ...more };
      const { sets } = readUnsigned(corim([comid({ 0: [[environment(dice), [measurement(values)]]] })]));
      return verdict(verifier([acme], { sets })(chain));
    };
    expect(judged(tagged(553, 5))).toBe('affirming');
    expect(judged(tagged(552, 5))).toBe('affirming');
    expect(judged(5)).toBe('affirming');
    expect(judged(tagged(553, 6))).toBe('contraindicated VERSION_DENIED');
    expect(judged(tagged(552, 4))).toBe('contraindicated VERSION_DENIED');
    expect(judged(4)).toBe('contraindicated VERSION_DENIED');
    expect(judged(tagged(553, 5), { 4: tagged(560, bytes(1, 2)) })).toBe('contraindicated DIGEST_UNKNOWN');
    expect(judged(tagged(553, 5), { 3: labels({ 3: true }) })).toBe('contraindicated DIGEST_UNKNOWN');
  });

  it('a DICE chain whatever its layer, where the environment names none, and not where it names another', async () => {
    const acme = await makeVendor({ name: 'Acme Sensors' });
    const { chain } = await makeDiceDevice(acme, spec);
    const judged = (of: Readonly<Record<number, unknown>>, digest = spec.digestHex): string => {
      const measured = measurement({ 2: [[1, Buffer.from(digest, 'hex')]] });
      const { sets } = readUnsigned(corim([comid({ 0: [[environment(of), [measured]]] })]));
      return verdict(verifier([acme], { sets })(chain));
    };
    const { 1: vendor, 2: model } = dice;
    expect(judged({ 1: vendor, 2: model })).toBe('affirming');
    expect(judged({ 1: vendor, 2: model }, '77'.repeat(32))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(judged({ 1: vendor, 2: model, 3: 9 })).toBe('contraindicated DIGEST_UNKNOWN');
  });
});

describe('a CoRIM as long as whole product lines make it', () => {
  const many = (n: number): Uint8Array =>
    comid({
      0: Array.from({ length: n }, (_, i) => [environment({ 1: 'Acme', 2: `Model ${i}` }), [measurement({ 2: digests(i % 256) }, 'fw')]]),
    });
  it('is read, all of it, in moments', () => {
    const file = signed(corim([many(1000), many(1000).slice()]));
    expect(file.length).toBeGreaterThan(2 * 65_536);
    expect(cost(() => expect(read(file).sets.length).toBeGreaterThanOrEqual(1000))).toBeLessThan(2_000);
  });
  it('has an end all the same: a megabyte, and as many parts', () => {
    expect(refusal(() => read(signed(corim([comid({ 0: [plainTriple] }, { 9: bytes(0, 1_048_576) })]))))).toContain('bytes');
    const parts = Array.from({ length: 131_073 }, () => 0);
    expect(() => decodeCorim(encode(tagged(501, parts)))).toThrow('more than 131072 items');
  });
});
