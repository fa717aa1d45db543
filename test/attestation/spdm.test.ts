import { describe, expect, it } from 'vitest';
import { bitBytes, integerBytes, octets, oid, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { alternativeNames, ca, certificate, extension, name, purposes, usage } from '../vectors/path-pki.ts';
import { type asym, usualFlags } from '../vectors/spdm-responder.ts';
import { checksOf } from './world.ts';
import {
  answers,
  deviceCa,
  exchange,
  good,
  info,
  judge,
  keys,
  leafDer,
  marks,
  nonce,
  now,
  referenceSet,
  rootDer,
  sha256,
  verdict,
  withKey,
} from './spdm-world.ts';

const versions = [0x11, 0x12, 0x13] as const;
const only = (version: number) => ({ ...good, versions: [0x10, version] });
const changed = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at < 0 ? copy.length + at : at] = (copy.at(at) ?? 0) ^ 1;
  return copy;
};

describe('measurements of SPDM', () => {
  it.each(versions)('of version 0x%s are affirming when signed, fresh and known', version => {
    const r = judge(exchange(only(version)));
    expect(verdict(r)).toBe('affirming');
    expect(r.assurance).toBe(5);
    expect(checksOf(r).every(c => c.endsWith('passed'))).toBe(true);
    expect(r.identity).toMatchObject({ vendor: 'Acme Edge', model: 'Gate-7', serial: 'G7-0001', version: '7.2.0', svn: '7' });
    expect(r.checks.find(c => c.check === 'identity')).toMatchObject({ detail: 'CN=Gate-7 G7-0001', seen: 'G7-0001' });
  });

  it('take the highest version that both speak', () => {
    expect(exchange(good)[1]?.request[0]).toBe(0x13);
  });

  it.each<keyof typeof asym>(['p256', 'p384', 'p521', 'ed25519', 'rsa2048', 'pss2048', 'pss3072'])(
    'are checked with a leaf of %s',
    kind => {
      for (const hash of [0, 1, 2] as const) expect(verdict(judge(exchange({ ...only(0x12), ...withKey(kind), hash })))).toBe('affirming');
    },
  );

  it('of 1.1 without a challenge are a warning: nothing says which versions the device would have had', () => {
    const r = judge(exchange({ ...only(0x11), flags: usualFlags & ~4 }));
    expect(verdict(r)).toBe('warning PROFILE_VIOLATED');
    expect(verdict(judge(exchange({ ...only(0x12), flags: usualFlags & ~4 })))).toBe('affirming');
  });

  it('that nobody signs are not asked for: a challenge alone proves who it is and no more', () => {
    const r = judge(exchange({ ...good, flags: 0x02 | 0x04 | 0x08 }));
    expect([verdict(r), r.assurance]).toEqual(['warning NO_MEASUREMENTS', 3]);
  });

  it('that wait first are the same', () => {
    expect(verdict(judge(exchange({ ...good, notReady: 1 })))).toBe('affirming');
    expect(() => exchange({ ...good, notReady: 3 })).toThrow('asked for time more than 8 times');
  });

  it('read from a file are never more than none', () => {
    expect(verdict(judge(exchange(), { freshness: { kind: 'none' } }))).toBe('none EVIDENCE_NOT_FRESH');
  });

  it('that answer another challenge, a spent or an ended one are contraindicated', () => {
    expect(verdict(judge(exchange(), { freshness: answers(new Uint8Array(32).fill(1)) }))).toBe('contraindicated NONCE_MISMATCH');
    expect(verdict(judge(exchange(), { freshness: answers(nonce, { spent: true }) }))).toBe('contraindicated NONCE_REUSED');
    expect(verdict(judge(exchange(), { freshness: answers(nonce, { expires: now - 1 }) }))).toBe('contraindicated NONCE_EXPIRED');
  });

  it('replayed from an earlier exchange are contraindicated, whichever parts are old', () => {
    const [fresh, old] = [exchange(), exchange(good, new Uint8Array(32).fill(9))];
    expect(verdict(judge([...fresh.slice(0, -1), ...old.slice(-1)]))).toBe('contraindicated NONCE_MISMATCH');
    expect(verdict(judge([...fresh.slice(0, -2), ...old.slice(-2)]))).toBe('contraindicated NONCE_MISMATCH');
    const mixed = [...fresh.slice(0, -1), { request: fresh.at(-1)?.request ?? nonce, response: old.at(-1)?.response ?? nonce }];
    expect(verdict(judge(mixed))).toBe('contraindicated SIGNATURE_INVALID');
  });
});

describe('a hostile responder', () => {
  it('that signs with another key is contraindicated', () => {
    for (const version of versions)
      expect(verdict(judge(exchange({ ...only(version), key: keys.other.privateKey })))).toBe('contraindicated SIGNATURE_INVALID');
  });

  it('that signs measurements as a challenge is contraindicated: a signature is good for one purpose', () => {
    const prefix = (version: number, purpose: string): Buffer =>
      Buffer.concat([Buffer.from(`dmtf-spdm-v1.${version}.*`.repeat(4)), Buffer.alloc(36 - purpose.length), Buffer.from(purpose)]);
    const hashed = (b: Uint8Array): Buffer => Buffer.from(sha256(b), 'hex');
    const signs = (version: number, purpose: string) => (_: string, transcript: Uint8Array) =>
      new Uint8Array(Buffer.concat([prefix(version, purpose), hashed(transcript)]));
    const flags = usualFlags & ~4;
    expect(verdict(judge(exchange({ ...only(0x12), flags, signs: signs(2, 'responder-measurements signing') })))).toBe('affirming');
    expect(verdict(judge(exchange({ ...only(0x12), flags, signs: signs(2, 'responder-challenge_auth signing') })))).toBe(
      'contraindicated SIGNATURE_INVALID',
    );
    expect(verdict(judge(exchange({ ...only(0x12), flags, signs: signs(3, 'responder-measurements signing') })))).toBe(
      'contraindicated SIGNATURE_INVALID',
    );
    expect(verdict(judge(exchange({ ...only(0x12), flags, signs: (_, transcript) => transcript })))).toBe(
      'contraindicated SIGNATURE_INVALID',
    );
  });

  it('or somebody between that hides the newer versions is found out by the signature', () => {
    const twist = { version: () => Uint8Array.of(0x10, 0x04, 0, 0, 0, 1, 0, 0x11) };
    // The device signs the VERSION that it sent, and not the one that arrived.
    const honest = exchange({ ...only(0x11) });
    const [first, ...rest] = honest;
    expect(verdict(judge([{ request: first?.request ?? nonce, response: twist.version() }, ...rest]))).toBe(
      'contraindicated SIGNATURE_INVALID',
    );
    const [latest] = exchange(good);
    expect(verdict(judge([latest ?? { request: nonce, response: nonce }, ...rest]))).toBe('contraindicated PROFILE_VIOLATED');
  });

  it('that changes what was agreed after it is found out', () => {
    for (const version of versions)
      for (const at of [1, 2]) {
        const pairs = exchange(only(version));
        const spoilt = pairs.map((p, i) => (i === at ? { ...p, response: changed(p.response, 6) } : p));
        expect(verdict(judge(spoilt)), `${version} ${at}`).toMatch(/^contraindicated/);
      }
  });

  it('that swaps the chain for another good one is contraindicated', () => {
    const other = leafDer({ keys: keys.other });
    expect(verdict(judge(exchange({ ...good, chain: [rootDer, deviceCa(), other] })))).toBe('contraindicated SIGNATURE_INVALID');
    const [a, b] = [exchange(good), exchange({ ...good, chain: [rootDer, deviceCa({ serial: 77 }), leafDer()] })];
    const certificates = (pairs: typeof a) => pairs.filter(p => p.request[1] === 0x82 || p.request[1] === 0x81);
    const rest = (pairs: typeof a, after: boolean) =>
      pairs.filter(p => (after ? [0x83, 0xe0] : [0x84, 0xe1, 0xe3]).includes(p.request[1] ?? 0));
    expect(verdict(judge([...rest(a, false), ...certificates(b), ...rest(a, true)]))).toBe('contraindicated PROFILE_VIOLATED');
  });

  it('that says something and gives another digest of its chain is contraindicated', () => {
    expect(verdict(judge(exchange({ ...good, twist: { digests: r => changed(r, -1) } })))).toBe('contraindicated PROFILE_VIOLATED');
    const body = { unsigned: (n: string, b: Uint8Array) => (n === 'challengeAuth' ? changed(b, 5) : b) };
    expect(verdict(judge(exchange({ ...good, ...body })))).toBe('contraindicated PROFILE_VIOLATED');
  });

  it('that speaks of another slot or context than it was asked is contraindicated', () => {
    for (const which of ['challengeAuth', 'measurements'])
      expect(
        verdict(judge(exchange({ ...good, unsigned: (n, b) => (n === which ? changed(b, which === 'measurements' ? 3 : 2) : b) }))),
      ).toBe('contraindicated PROFILE_VIOLATED');
    expect(verdict(judge(exchange({ ...only(0x13), unsigned: (n, b) => (n === 'measurements' ? changed(b, -1) : b) })))).toBe(
      'contraindicated PROFILE_VIOLATED',
    );
  });

  it('that was asked for one measurement only is contraindicated: the rest might be bad', () => {
    const pairs = exchange(good);
    const last = pairs.at(-1);
    if (last === undefined) throw new Error('no exchange');
    const one = last.request.slice();
    one[3] = 1;
    expect(verdict(judge([...pairs.slice(0, -1), { ...last, request: one }]))).toBe('contraindicated PROFILE_VIOLATED');
  });

  it('whose messages are missing, twice or out of order is contraindicated', () => {
    const pairs = exchange(good);
    for (const at of pairs.keys()) {
      // Digests may be left out, and since 1.2 the challenge.
      if ([0x81, 0x83].includes(pairs[at]?.request[1] ?? 0)) continue;
      expect(verdict(judge(pairs.filter((_, i) => i !== at))), `without ${at}`).toMatch(/^contraindicated/);
      expect(verdict(judge(pairs.flatMap((p, i) => (i === at ? [p, p] : [p])))), `twice ${at}`).toMatch(/^contraindicated/);
    }
    expect(verdict(judge(pairs.toReversed()))).toBe('contraindicated EVIDENCE_MALFORMED');
    expect(verdict(judge([]))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('that signs nothing proves nothing', () => {
    const pairs = exchange({ ...good, flags: 0x02 | 0x04 | 0x08 }).filter(p => p.request[1] !== 0x83);
    expect(verdict(judge(pairs))).toBe('contraindicated SIGNATURE_INVALID');
  });

  it('that selects what nobody offered is refused', () => {
    const select = (at: number, value: number) => (r: Uint8Array) => r.with(at, value);
    const refused = (change: (r: Uint8Array) => Uint8Array) => verdict(judge(exchange({ ...good, twist: { algorithms: change } })));
    expect(refused(select(13, 2))).toBe('contraindicated ALGORITHM_REFUSED'); // SM2
    expect(refused(select(12, 0x90))).toBe('contraindicated ALGORITHM_REFUSED'); // two at once
    expect(refused(select(16, 8))).toBe('contraindicated ALGORITHM_REFUSED'); // SHA3-256
    expect(refused(select(12, 0x80))).toMatch(/^contraindicated/); // P-384, with a key of P-256
    expect(verdict(judge(exchange({ ...only(0x11), ...withKey('ed25519') })))).toBe('contraindicated ALGORITHM_REFUSED');
  });
});

describe('the chain of a responder', () => {
  const chained = (...chain: readonly Uint8Array[]) => verdict(judge(exchange({ ...good, chain })));

  it('needs no root in it, but names the one it ends at', () => {
    expect(chained(deviceCa(), leafDer())).toBe('affirming');
    const elsewhere = certificate({
      subject: 'O=Acme Edge/CN=Acme Root',
      issuer: 'O=Acme Edge/CN=Acme Root',
      keys: keys.other,
      signer: keys.other,
      extensions: [ca()],
    });
    expect(verdict(judge(exchange({ ...good, root: elsewhere })))).toBe('contraindicated PROFILE_VIOLATED');
    expect(verdict(judge(exchange({ ...good, root: elsewhere, chain: [deviceCa(), leafDer()] })))).toBe('contraindicated PROFILE_VIOLATED');
    expect(verdict(judge(exchange(good), { anchors: [elsewhere] }))).toBe('contraindicated SIGNATURE_INVALID');
  });

  it('may end at an anchor that is not its root', () => {
    expect(
      verdict(
        judge(exchange(good), {
          anchors: [deviceCa()],
          sets: [{ ...referenceSet, anchors: [sha256(new Uint8Array(keys.device.publicKey.export({ type: 'spki', format: 'der' })))] }],
        }),
      ),
    ).toMatch(/^(affirming|warning)/);
  });

  it('may say who it is above its anchor, and is not believed', () => {
    const anchors = [deviceCa({ extensions: [ca(), usage(5)] })];
    const liar = certificate({
      subject: 'O=Acme Edge/CN=Acme Root',
      issuer: 'O=Acme Edge/CN=Acme Root',
      keys: keys.other,
      signer: keys.other,
      extensions: [ca(), info('Acme Edge', 'Gate-7', 'G7-9999')],
    });
    const r = judge(exchange({ ...good, chain: [liar, anchors[0] ?? liar, leafDer()], root: liar }), { anchors });
    expect(r.identity?.serial).toBeUndefined();
    expect(r.status).toBe('warning');
  });

  it('of a device that makes its own leaf is named by what the vendor made, not by the leaf', () => {
    const middle = newMiddle();
    const leaf = leafDer({ issuer: 'CN=alias', signer: keys.other, extensions: [usage(0), info('Acme Edge', 'Gate-7', 'stolen')] });
    const r = judge(exchange({ ...good, chain: [rootDer, deviceCa(), middle, leaf] }));
    expect(verdict(r)).toBe('affirming');
    expect(r.identity?.serial).toBe('G7-0001');
    expect(r.identity?.deviceKey).toBe(sha256(new Uint8Array(keys.device.publicKey.export({ type: 'spki', format: 'der' }))));
    expect(r.identity?.leafKey).toBe(sha256(new Uint8Array(keys.leaf.publicKey.export({ type: 'spki', format: 'der' }))));
  });

  it('that the device made itself cannot take the serial number of another', () => {
    const middle = newMiddle();
    const stolen = (...extensions: readonly Uint8Array[]): Uint8Array =>
      leafDer({ subject: 'CN=responder/SN=G7-0002', issuer: 'CN=alias', signer: keys.other, extensions: [usage(0), ...extensions] });
    const serialOf = (device: Uint8Array, leaf: Uint8Array) =>
      judge(exchange({ ...good, chain: [rootDer, device, middle, leaf] })).identity;
    for (const leaf of [stolen(), stolen(info('Acme Edge', 'Gate-7', 'G7-0002'))]) {
      expect(serialOf(deviceCa(), leaf)?.serial).toBe('G7-0001');
      const unnamed = deviceCa({ extensions: [ca(), usage(5), marks(2)] });
      expect(serialOf(unnamed, leaf)?.serial).toBeUndefined();
      expect(serialOf(unnamed, leaf)?.model).not.toBe('Gate-7');
    }
    // What the vendor's certificate says in the way of X.520 stands before what its own otherName says.
    const both = deviceCa({ subject: 'CN=Gate-7 G7-0001/SN=X-1' });
    const below = certificate({
      subject: 'CN=alias',
      issuer: 'CN=Gate-7 G7-0001/SN=X-1',
      keys: keys.other,
      signer: keys.device,
      extensions: [ca(), usage(5), marks(5)],
    });
    expect(judge(exchange({ ...good, chain: [rootDer, both, below, stolen()] })).identity?.serial).toBe('X-1');
  });

  it('nor that of another below what DICE measured or what may change, though nothing of it is marked as unchanging', () => {
    const device = deviceCa({ extensions: [ca(), usage(5)] });
    const layer = extension('2.23.133.5.4.1', true, sequence(tlv(0x84, integerBytes(1)), tlv(0x87, bitBytes([], 4))));
    const key = sha256(new Uint8Array(keys.device.publicKey.export({ type: 'spki', format: 'der' })));
    for (const made of [[layer], [marks(5)]])
      for (const subject of ['CN=responder', 'CN=responder/SN=G7-0002'])
        for (const told of [[], [info('Acme Edge', 'Gate-7', 'G7-0002')]]) {
          const below = { issuer: 'CN=Gate-7 G7-0001', signer: keys.device, keys: keys.other };
          const inner = certificate({ subject: 'CN=alias', ...below, extensions: [ca(), usage(5), ...made] });
          const leaf = leafDer({ subject, issuer: 'CN=alias', signer: keys.other, extensions: [usage(0), ...told] });
          const { identity } = judge(exchange({ ...good, chain: [rootDer, device, inner, leaf] }));
          expect([identity?.serial, identity?.model]).toEqual([undefined, 'spdm']);
          if (subject !== 'CN=responder') expect(identity?.deviceKey).toBe(key);
        }
  });

  const newMiddle = () =>
    certificate({
      subject: 'CN=alias',
      issuer: 'CN=Gate-7 G7-0001',
      keys: keys.other,
      signer: keys.device,
      extensions: [ca(), usage(5), marks(5)],
    });

  it('cannot call a key unchanging that stands on a changing one', () => {
    const leaf = leafDer({ issuer: 'CN=alias', signer: keys.other, extensions: [usage(0), marks(2)] });
    expect(chained(rootDer, deviceCa(), newMiddle(), leaf)).toBe('contraindicated PROFILE_VIOLATED');
  });

  it('cannot end in a key for requesters, a CA, or one that signs nothing', () => {
    const leaf = (...extensions: readonly Uint8Array[]) => chained(rootDer, deviceCa(), leafDer({ extensions }));
    expect(leaf(usage(0))).toBe('affirming');
    expect(leaf(usage(0), purposes('1.3.6.1.4.1.412.274.4'))).toBe('contraindicated KEY_USAGE_WRONG');
    expect(leaf(usage(0), purposes('1.3.6.1.4.1.412.274.4', '1.3.6.1.4.1.412.274.3'))).toBe('affirming');
    expect(leaf(usage(0), ca())).toBe('contraindicated PROFILE_VIOLATED');
    expect(leaf(usage(5))).toBe('contraindicated KEY_USAGE_WRONG');
  });

  it('with two device informations, or one of two parts, cannot be read', () => {
    const two = alternativeNames(name.other('1.3.6.1.4.1.412.274.1', 'a:b:c'), name.other('1.3.6.1.4.1.412.274.1', 'a:b:d'));
    expect(chained(rootDer, deviceCa({ extensions: [ca(), two] }), leafDer())).toBe('contraindicated EVIDENCE_MALFORMED');
    const short = alternativeNames(name.other('1.3.6.1.4.1.412.274.1', 'a:b'));
    expect(chained(rootDer, deviceCa({ extensions: [ca(), short] }), leafDer())).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('may measure as well (DICE): what it says must be known too, and debug in it counts', () => {
    const digest = 'ab'.repeat(32);
    const tcb = (...flags: readonly number[]): Uint8Array =>
      extension(
        '2.23.133.5.4.1',
        true,
        sequence(
          tlv(0x80, utf8('Acme Edge')),
          tlv(0x81, utf8('Gate-7 ROM')),
          tlv(0x83, integerBytes(3)),
          tlv(0x84, integerBytes(1)),
          tlv(0xa6, sequence(oid('2.16.840.1.101.3.4.2.1'), octets(new Uint8Array(32).fill(0xab)))),
          tlv(0x87, bitBytes(flags, 4)),
        ),
      );
    const dice = {
      ...referenceSet,
      model: 'Gate-7 ROM',
      minSvn: '3',
      components: [{ name: 'ROM', layer: 1, versions: [{ version: '1', alg: 'sha-256', digest }] }],
    };
    const ask = (flags: readonly number[], sets: readonly (typeof referenceSet)[]): string =>
      verdict(judge(exchange({ ...good, chain: [rootDer, deviceCa(), leafDer({ extensions: [usage(0), tcb(...flags)] })] }), { sets }));
    expect(ask([], [referenceSet, dice])).toBe('affirming');
    expect(ask([], [referenceSet])).toBe('warning REFERENCE_MISSING');
    expect(ask([3], [referenceSet, dice])).toBe('contraindicated DEBUG_ENABLED');
    expect(ask([], [referenceSet, { ...dice, minSvn: '4' }])).toBe('contraindicated VERSION_DENIED');
  });

  it('that has ended, or is not signed by its issuer, is contraindicated', () => {
    expect(chained(rootDer, deviceCa({ until: '20250101000000Z' }), leafDer())).toBe('contraindicated CERT_EXPIRED');
    expect(chained(rootDer, deviceCa(), leafDer({ signer: keys.other }))).toBe('contraindicated SIGNATURE_INVALID');
  });
});
