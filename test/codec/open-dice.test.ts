import { encode } from 'cborg';
import fc from 'fast-check';
import 'reflect-metadata';
import { beforeAll, describe, expect, it } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { configurationDigest, configurationOf, decodeOpenDiceInput, digestOf } from '../../gateway/codec/open-dice.ts';
import { decodeCborCertificate } from '../../gateway/codec/open-dice-cwt.ts';
import { ecdsaSignature, publicKeyOf } from '../../gateway/codec/open-dice-key.ts';
import { octets, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { type InputSpec, makeOpenDiceChain, openDiceInput, padded, sha512, type Stage } from '../vectors/open-dice.ts';
import { makeVendor, type Vendor } from '../vectors/pki.ts';

let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme' });
});

const normal = { notConfigured: false, notSecure: false, debug: false, recovery: false };
const read = (spec: InputSpec) => decodeOpenDiceInput(openDiceInput(spec));
const cborOf = (stage: Partial<Stage>): Uint8Array =>
  makeOpenDiceChain(acme, [{ form: 'cbor', kind: 'cdi', input: {}, ...stage }]).certificates[0] ?? new Uint8Array();

describe('OpenDiceInput', () => {
  it('has its mode as INTEGER and as ENUMERATED; a mode that nobody knows is not configured', () => {
    for (const modeTag of [0x0a, 0x02] as const) {
      expect(read({ mode: 1, modeTag }).flags).toEqual(normal);
      expect(read({ mode: 2, modeTag }).flags).toEqual({ ...normal, debug: true });
      expect(read({ mode: 3, modeTag }).flags).toEqual({ ...normal, recovery: true });
      for (const mode of [0, 4, 255]) expect(read({ mode, modeTag }).flags).toEqual({ ...normal, notConfigured: true });
    }
  });

  it('has inputs of 64 bytes, in which a shorter hash has zeros behind it; all zeros stay what they are', () => {
    expect(digestOf(padded(sha512('a').subarray(0, 32)))).toEqual({
      alg: 'sha-256',
      value: Buffer.from(sha512('a').subarray(0, 32)).toString('hex'),
    });
    expect(digestOf(padded(sha512('a').subarray(0, 48))).alg).toBe('sha-384');
    expect(digestOf(sha512('a'))).toEqual({ alg: 'sha-512', value: Buffer.from(sha512('a')).toString('hex') });
    expect(digestOf(new Uint8Array(64))).toEqual({ alg: 'sha-512', value: '00'.repeat(64) });
    for (const size of [0, 20, 33, 63, 65]) expect(() => read({ code: new Uint8Array(size) }), `${size}`).toThrow(DecodeError);
    for (const size of [0, 31, 128]) expect(() => read({ authority: new Uint8Array(size) }), `${size}`).toThrow(DecodeError);
  });

  it('has 64 bytes of configuration as they are, or a descriptor that is what was hashed', () => {
    const descriptor = utf8('anything');
    const hashed = read({ config: { descriptor } });
    expect(configurationDigest(hashed)).toEqual({ alg: 'sha-512', value: Buffer.from(hashed.configurationHash ?? []).toString('hex') });
    expect(configurationOf(hashed)).toEqual({ debugPorts: false });
    expect(() => read({ config: { descriptor, hash: sha512('another') } })).toThrow(/is not its hash/);
    expect(() => read({ config: { inline: new Uint8Array(63) } })).toThrow(/without a hash/);
  });

  it('reads the 64-byte layout where its reserved bytes are zero', () => {
    const inline = (edit: (bytes: Uint8Array) => void): Uint8Array => {
      const bytes = new Uint8Array(64);
      edit(bytes);
      return bytes;
    };
    const of = (edit: (bytes: Uint8Array) => void) => configurationOf(read({ config: { inline: inline(edit) } }));
    expect(of(() => undefined)).toEqual({ debugPorts: false });
    expect(of(b => b.set([0x81, 0, 0, 1, 2]))).toEqual({ debugPorts: false, version: '258' });
    expect(of(b => b.set([0x81, 4]))).toEqual({ debugPorts: true });
    // Another layout: nothing may be read out of it.
    expect(of(b => b.set([1, 1, 1, 1, 1, 1]))).toEqual({ debugPorts: false });
    expect(of(b => b.fill(7, 32))).toEqual({ debugPorts: false });
  });

  it('reads a configuration in CBOR: component name and version, and a security version of any size', () => {
    const of = (entries: readonly (readonly [number, unknown])[]) =>
      configurationOf(read({ config: { descriptor: encode(new Map(entries)) } }));
    const name = [-70002, 'boot'] as const;
    expect(of([name, [-70003, 7], [-70005, 2n ** 60n]])).toEqual({ debugPorts: false, component: 'boot', version: '7', svn: 2n ** 60n });
    expect(of([name, [-70003, 'v7']])).toEqual({ debugPorts: false, component: 'boot', version: 'v7' });
    // One that breaks the form says nothing: its digest still counts, and a floor refuses what states no version.
    expect(of([name, [-70005, -1]])).toEqual({ debugPorts: false });
    expect(of([[-70002, 5]])).toEqual({ debugPorts: false });
  });

  it('refuses a required field that is missing, fields out of order, more inside a field, and long ones', () => {
    const hash = (tag: number) => tlv(tag, octets(new Uint8Array(64)));
    const mode = tlv(0xa6, tlv(0x0a, Uint8Array.of(1)));
    const good = [hash(0xa0), hash(0xa3), hash(0xa4), mode];
    expect(decodeOpenDiceInput(sequence(...good)).flags).toEqual(normal);
    for (let i = 0; i < good.length; i++)
      expect(() => decodeOpenDiceInput(sequence(...good.filter((_, j) => j !== i))), `${i}`).toThrow(DecodeError);
    for (const bad of [
      [hash(0xa3), hash(0xa0), hash(0xa4), mode],
      [...good, mode],
      [hash(0xa0), hash(0xa3), hash(0xa4), tlv(0xa6, tlv(0x0a, Uint8Array.of(1)), tlv(0x0a, Uint8Array.of(2)))],
      [hash(0xa0), hash(0xa3), hash(0xa4), tlv(0xa6, tlv(0x04, Uint8Array.of(1)))],
      [...good, tlv(0xa7, tlv(0x0c, new Uint8Array(65).fill(0x41)))],
      [hash(0xa0), tlv(0xa1, octets(new Uint8Array(4097))), hash(0xa3), hash(0xa4), mode],
    ])
      expect(() => decodeOpenDiceInput(sequence(...bad))).toThrow(DecodeError);
  });

  it('cut off at any byte throws', () => {
    const whole = openDiceInput({ config: { descriptor: utf8('x') }, profile: 'acme' });
    for (let n = 0; n < whole.length; n++) expect(() => decodeOpenDiceInput(whole.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
  });
});

describe('a CBOR certificate', () => {
  it('has the name of its subject and issuer as X.509 of the profile has it: an id in serialNumber, else CN', () => {
    const { certificate } = decodeCborCertificate(cborOf({ iss: 'Acme Root' }));
    expect(certificate.issuer.text).toBe('CN=Acme Root');
    expect(certificate.subject.text).toMatch(/^serialNumber=[0-9a-f]{40}$/);
    expect(decodeCborCertificate(cborOf({ iss: 'ABCD' })).certificate.issuer.text).toBe('CN=ABCD');
  });

  it('of any curve has its key; without dates it has no end', () => {
    for (const curve of ['ed25519', 'P-256', 'P-384', 'P-521'] as const) {
      const { certificate } = decodeCborCertificate(cborOf({ curve }));
      expect(certificate.key).toEqual(curve === 'ed25519' ? { kind: 'ed25519' } : { kind: 'ec', curve });
      expect([certificate.notBefore, new Date(certificate.notAfter).toISOString()]).toEqual([0, '9999-12-31T23:59:59.000Z']);
    }
  });

  it('has key usage from the low end: 0x20 certifies, 0x01 signs', () => {
    const usage = (kind: Stage['kind']) => decodeCborCertificate(cborOf({ kind })).certificate;
    expect(usage('cdi')).toMatchObject({ basicConstraints: { ca: true }, keyUsage: { keyCertSign: true, digitalSignature: false } });
    expect(usage('leaf')).toMatchObject({ basicConstraints: { ca: false }, keyUsage: { keyCertSign: false, digitalSignature: true } });
  });

  it('without measurements has no input; with some of the required ones it cannot be read', () => {
    const uds: Partial<Stage> = { form: 'cbor', kind: 'uds' };
    expect(
      decodeCborCertificate(makeOpenDiceChain(acme, [{ form: 'cbor', kind: 'uds' }]).certificates[0] ?? new Uint8Array()).input,
    ).toBeUndefined();
    for (const label of [-4670545, -4670548, -4670549, -4670551])
      expect(() => decodeCborCertificate(cborOf({ ...uds, claims: new Map([[label, undefined]]) })), `${label}`).toThrow(DecodeError);
  });

  it('is refused with a claim of a wrong type, a missing name, key or usage, or a name that is empty or long', () => {
    for (const [label, value] of [
      [1, 5],
      [1, ''],
      [1, 'x'.repeat(65)],
      [2, undefined],
      [4, 'soon'],
      [4, -1],
      [5, 2 ** 52],
      [-4670545, 'text'],
      [-4670551, Uint8Array.of(1, 2)],
      [-4670551, 1],
      [-4670552, undefined],
      [-4670552, Uint8Array.of(0xa0)],
      [-4670553, undefined],
      [-4670553, new Uint8Array()],
      [-4670554, 'x'.repeat(65)],
    ] as const)
      expect(
        () => decodeCborCertificate(cborOf({ claims: new Map<number, unknown>([[label, value]]) })),
        `${label}: ${String(value)}`,
      ).toThrow(DecodeError);
  });

  it('is untagged, has an empty unprotected header, four elements and no header that it does not need', () => {
    const good = cborOf({});
    const tagged = Uint8Array.of(0xd2, ...good);
    const more = Uint8Array.of(...good, 0);
    for (const bad of [tagged, more, Uint8Array.of(0x85, ...good.subarray(1), 0x40)])
      expect(() => decodeCborCertificate(bad)).toThrow(DecodeError);
    expect(good[5]).toBe(0xa0);
    for (const other of [0x80, 0xa1, 0xf6, 0x40]) expect(() => decodeCborCertificate(good.with(5, other))).toThrow(DecodeError);
    for (const label of [2, 3, 33]) expect(() => decodeCborCertificate(cborOf({ header: new Map([[label, [1]]]) }))).toThrow(DecodeError);
    expect(decodeCborCertificate(cborOf({ header: new Map([[4, Uint8Array.of(1)]]) })).certificate.key.kind).toBe('ec');
  });

  it('cut off at any byte throws, and edited anywhere is read or throws DecodeError', () => {
    const whole = cborOf({ input: { config: { descriptor: encode(new Map([[-70002, 'a']])) }, profile: 'android.16' } });
    for (let n = 0; n < whole.length; n++) expect(() => decodeCborCertificate(whole.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
    const edit = fc.record({ at: fc.nat(), remove: fc.integer({ min: 0, max: 4 }), insert: fc.uint8Array({ maxLength: 4 }) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), edits => {
        const changed = edits.reduce((bytes, { at, remove, insert }) => {
          const i = at % (bytes.length + 1);
          return Uint8Array.of(...bytes.subarray(0, i), ...insert, ...bytes.subarray(i + remove));
        }, whole);
        try {
          decodeCborCertificate(changed);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
      { numRuns: 3000, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
    );
  });
});

describe('a COSE_Key', () => {
  const key = (...entries: readonly (readonly [number, number | boolean | Uint8Array | readonly number[]])[]) =>
    publicKeyOf(new Map(entries)).key;
  const point = new Uint8Array(32);
  it('is refused when private, for another algorithm, not for verifying, compressed or of a wrong size', () => {
    const ec = [[1, 2], [-1, 1], [-2, point], [-3, point]] as const; // biome-ignore format: one key
    expect(key(...ec)).toEqual({ kind: 'ec', curve: 'P-256' });
    expect(() => key(...ec, [-4, point])).toThrow(/private/);
    expect(() => key(...ec, [3, -35])).toThrow(/algorithm/);
    expect(() => key(...ec, [4, [1]])).toThrow(/key_ops/);
    expect(() => key([1, 2], [-1, 1], [-2, point], [-3, true])).toThrow(DecodeError);
    expect(() => key([1, 2], [-1, 2], [-2, point], [-3, point])).toThrow(DecodeError);
    expect(() => key([1, 1], [-1, 6], [-2, new Uint8Array(31)])).toThrow(DecodeError);
  });

  it('of a kind that we do not know is said to be other, never guessed', () => {
    expect(key([1, 7], [3, -49])).toMatchObject({ kind: 'other' });
    expect(key([1, 2], [-1, 8])).toMatchObject({ kind: 'other' });
    expect(key([1, 1], [-1, 7])).toMatchObject({ kind: 'other' });
  });
});

describe('an ECDSA signature of COSE', () => {
  it('becomes minimal DER, and is refused in another length', () => {
    const proof = new Uint8Array(64);
    proof[31] = 0x80;
    proof[63] = 1;
    expect(Buffer.from(ecdsaSignature(proof, 32)).toString('hex')).toBe('300702020080020101');
    expect(Buffer.from(ecdsaSignature(new Uint8Array(64), 32)).toString('hex')).toBe('3006020100020100');
    for (const size of [0, 63, 65, 96]) expect(() => ecdsaSignature(new Uint8Array(size), 32)).toThrow(DecodeError);
  });
});
