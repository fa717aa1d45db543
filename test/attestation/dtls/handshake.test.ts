import { execFileSync } from 'node:child_process';
import { createECDH, createHash, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { agree } from '../../../gateway/attestation/dtls/key-share.ts';
import { ReplayWindow } from '../../../gateway/attestation/dtls/protection.ts';
import { Reassembly } from '../../../gateway/attestation/dtls/reassembly.ts';
import { prf, verifyData } from '../../../gateway/attestation/dtls/secrets.ts';
import { schemes, signerFor, suites } from '../../../gateway/attestation/dtls/suites.ts';
import { concat } from '../../../gateway/codec/bytes.ts';
import { dtlsHandshake as types, type DtlsMessage, encodeDtlsMessage } from '../../../gateway/codec/dtls-handshake.ts';
import { encodeCertificateList } from '../../../gateway/codec/dtls-messages.ts';
import { uint, vector } from '../../../gateway/codec/dtls-record.ts';
import { selfSignedByOpenssl } from '../../vectors/dtls-server.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { messagesOf, newHandshake, record } from './recorded.ts';

/** The messages of OpenSSL's server to our first client: HelloVerifyRequest, ServerHello, Certificate, ServerKeyExchange, ServerHelloDone. */
let messages: readonly DtlsMessage[];
let device: Credential;
let other: Credential;
beforeAll(async () => {
  device = await makeSelfSigned({ cn: 'device' });
  other = await makeSelfSigned({ cn: 'other' });
  messages = messagesOf(await record({ ...device, args: ['-listen', '-mtu', '1400'] }));
});

type Edit = (body: Uint8Array) => Uint8Array;
/** Why the handshake ends when the message of that type is another. */
function why(type: number, edit: Edit): string {
  const handshake = newHandshake();
  handshake.hello();
  try {
    for (const message of messages) handshake.take(message.type === type ? { ...message, body: edit(message.body) } : message);
    return 'went on';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'no error';
  }
}
const extension = (type: number, ...data: readonly Uint8Array[]): Uint8Array => concat(uint(type, 2), vector(2, ...data));
/** A ServerHello with these instead of what it said. */
const hello = ({
  version = 0xfefd,
  suite = 0xc02b,
  compression = 0,
  extensions = [extension(23)],
}: {
  version?: number;
  suite?: number;
  compression?: number;
  extensions?: readonly Uint8Array[];
}): Edit => {
  const body = concat(uint(version, 2), new Uint8Array(32), vector(1), uint(suite, 2), Uint8Array.of(compression));
  return () => concat(body, ...(extensions.length === 0 ? [] : [vector(2, ...extensions)]));
};

describe('a handshake', () => {
  it('goes on to our half with what the server said, and gives its chain as it was sent', () => {
    const handshake = newHandshake();
    handshake.hello();
    const steps = messages.map(message => handshake.take(message));
    expect(messages.map(({ type }) => type)).toEqual([3, 2, 11, 12, 14]);
    expect(steps.map(step => (typeof step === 'string' ? step : step.map(part => (typeof part === 'string' ? part : part.type))))).toEqual([
      [types.clientHello],
      'wait',
      'wait',
      'wait',
      [types.clientKeyExchange, 'change-cipher-spec', types.finished],
    ]);
    expect(handshake.certificates).toEqual(device.chain);
    expect(handshake.agreed?.suite.name).toBe('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
  });

  it.each<readonly [string, Edit, RegExp]>([
    ['DTLS 1.0', hello({ version: 0xfeff }), /version feff/],
    ['DTLS 1.3', hello({ version: 0xfefc }), /version fefc/],
    ['a suite with CBC', hello({ suite: 0xc023 }), /suite c023/],
    ['a suite with RSA key exchange', hello({ suite: 0xc0a0 }), /suite c0a0/],
    ['a suite with a pre-shared key', hello({ suite: 0xc0a8 }), /suite c0a8/],
    ['a suite for a key of another kind', hello({ suite: 0xc02f }), /TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: the certificate has an ec key/],
    ['compression', hello({ compression: 1 }), /compression 1/],
    ['no extended master secret', hello({ extensions: [extension(0xff01, Uint8Array.of(0))] }), /no extended master secret/],
    ['no extensions', hello({ extensions: [] }), /no extended master secret/],
    ['one extension twice', hello({ extensions: [extension(23), extension(23)] }), /extension 23 twice/],
    ['an extension that nobody asked for', hello({ extensions: [extension(23), extension(35)] }), /extension 35/],
    ['a renegotiation of nothing', hello({ extensions: [extension(23), extension(0xff01, Uint8Array.of(1, 7))] }), /extension 65281/],
    ['compressed points only', hello({ extensions: [extension(23), extension(11, Uint8Array.of(1, 1))] }), /extension 11/],
    ['another random', hello({}), /not signed by the key of its certificate/],
  ])('with %s ends', (_, edit, expected) => {
    expect(why(types.serverHello, edit)).toMatch(expected);
  });

  it.each<readonly [string, number, () => Edit, RegExp]>([
    ['no certificate', types.certificate, () => () => vector(3), /no certificate/],
    ['the certificate of somebody else', types.certificate, () => () => encodeCertificateList(other.chain), /not signed by the key/],
    ['bytes for a certificate', types.certificate, () => () => encodeCertificateList([Uint8Array.of(1, 2, 3)]), /DecodeError: Cannot read/],
    ['a certificate of no bytes', types.certificate, () => () => encodeCertificateList([new Uint8Array()]), /a certificate of no bytes/],
    ['explicit parameters of a curve', types.serverKeyExchange, () => body => body.with(0, 1), /curve type 1/],
    ['a group that was not offered', types.serverKeyExchange, () => body => body.with(2, 25), /not signed/],
    ['a signature with SHA-1', types.serverKeyExchange, () => body => body.with(36, 2), /not signed/],
    ['a signature of no bytes', types.serverKeyExchange, () => body => concat(body.subarray(0, 38), vector(2)), /not signed/],
    ['something behind its end', types.serverHelloDone, () => () => Uint8Array.of(0), /1 bytes left over/],
  ])('with %s ends', (_, type, edit, expected) => {
    expect(why(type, edit())).toMatch(expected);
  });

  it('whose Finished is about another one ends, and with the right one would have been done', () => {
    const handshake = newHandshake();
    handshake.hello();
    const ours = messages.flatMap(message => {
      const step = handshake.take(message);
      return typeof step === 'string' ? [] : step.filter(part => typeof part !== 'string');
    });
    const secrets = handshake.agreed?.secrets;
    if (secrets === undefined) throw new Error('nothing is agreed');
    // All but the request for a cookie and the hello before it counts, ours and theirs.
    const [secondHello, ...answer] = ours;
    const digest = createHash('sha256');
    for (const message of [secondHello, ...messages.slice(1), ...answer])
      if (message !== undefined) digest.update(encodeDtlsMessage(message));
    const right = verifyData(secrets, 'server', digest.digest());
    for (const body of [right.with(11, (right[11] ?? 0) ^ 1), right.subarray(0, 11), new Uint8Array(12), new Uint8Array()])
      expect(() => handshake.take({ type: types.finished, sequence: 5, body })).toThrow(/its Finished is about another handshake/);
    expect(handshake.take({ type: types.finished, sequence: 5, body: right })).toBe('done');
    expect(() => handshake.take({ type: types.finished, sequence: 6, body: right })).toThrow(/message 20 where 0 must come/);
  });

  it('in which a message is missing, comes too early or twice ends', () => {
    for (const i of [1, 2, 3]) {
      for (const bent of [
        messages.toSpliced(i, 1),
        messages.toSpliced(i, 0, ...messages.slice(i, i + 1)),
        messages.toSpliced(1, 0, ...messages.slice(4)),
      ]) {
        const handshake = newHandshake();
        handshake.hello();
        expect(() => bent.forEach(message => handshake.take(message))).toThrow(/message \d+ where \d+ must come/);
      }
    }
  });

  it('with an RSA key that is too short ends', async () => {
    const short = await record({
      ...selfSignedByOpenssl('rsa:1024'),
      args: ['-cipher', 'ALL:@SECLEVEL=0'],
    }).catch((error: unknown) => (error instanceof Error ? error.message : ''));
    expect(short).toMatch(/RSA of 1024 bits/);
  });
});

it('keying material is the same on both sides (RFC 5705), and another under another label', async () => {
  for (const suite of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']) {
    const args = ['-cipher', suite, '-keymatexport', 'EXPORTER-Channel-Binding', '-keymatexportlen', '32'];
    const { printed, exported } = await record({ ...device, args });
    const theirs = /Keying material: ([0-9A-F]{64})/.exec(printed)?.[1]?.toLowerCase();
    expect(Buffer.from(exported('EXPORTER-Channel-Binding')).toString('hex')).toBe(theirs);
    expect(Buffer.from(exported('EXPORTER-Other')).toString('hex')).not.toBe(theirs);
  }
});

describe('a key share', () => {
  const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);

  it('is refused for points that are none, that are on no curve, and of small order', () => {
    const bad: readonly (readonly [number, Uint8Array, RegExp])[] = [
      [26, new Uint8Array(133), /group 26 was not offered/],
      [23, new Uint8Array(64), /64 bytes/],
      [23, new Uint8Array(65).fill(2, 0, 1), /form 2/],
      [23, new Uint8Array(65).fill(4, 0, 1).fill(9, 1), /not on the curve/],
      [24, new Uint8Array(97).fill(4, 0, 1), /not on the curve/],
      [29, new Uint8Array(32), /small order/],
      [29, new Uint8Array(32).fill(1, 0, 1), /small order/],
    ];
    for (const [group, point, why_] of bad) expect(() => agree(group, point, random)).toThrow(why_);
  });

  it('gives both sides the same secret', () => {
    for (const [group, name] of [
      [23, 'prime256v1'],
      [24, 'secp384r1'],
      [25, 'secp521r1'],
    ] as const) {
      const theirs = createECDH(name);
      const { point, premaster } = agree(group, theirs.generateKeys(), random);
      expect(premaster).toEqual(new Uint8Array(theirs.computeSecret(point)));
    }
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const [head, point] = [12, publicKey.export({ format: 'der', type: 'spki' })];
    const ours = agree(29, point.subarray(head), random);
    const back = createPublicKey({ key: Buffer.concat([point.subarray(0, head), ours.point]), format: 'der', type: 'spki' });
    expect(ours.premaster).toEqual(new Uint8Array(diffieHellman({ privateKey, publicKey: back })));
  });
});

describe('records and fragments', () => {
  it('each record counts once, those older than the last 64 not at all, and a jump forgets what was before', () => {
    const window = new ReplayWindow();
    const take = (sequence: number): boolean => {
      const isNew = window.isNew(sequence);
      if (isNew) window.note(sequence);
      return isNew;
    };
    expect([0, 1, 1, 5, 3, 3, 5, 2].map(take)).toEqual([true, true, false, true, true, false, false, true]);
    expect([69, 5, 6, 4, 70, 6, 7].map(take)).toEqual([true, false, true, false, true, false, true]);
    expect([2 ** 48 - 1, 2 ** 48 - 1, 70, 2 ** 48 - 64, 2 ** 48 - 65].map(take)).toEqual([true, false, false, true, false]);
  });

  it('messages are handed on in their order, each as soon as it is whole', () => {
    const reassembly = new Reassembly();
    const piece = (sequence: number, offset: number, ...bytes: readonly number[]) =>
      reassembly.add({ type: 11, sequence, length: 4, offset, bytes: Uint8Array.from(bytes) }, 0);
    piece(1, 0, 1, 2, 3, 4);
    piece(0, 2, 3, 4);
    piece(0, 0, 1, 2);
    const taken: (number | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      taken.push(reassembly.peek()?.sequence);
      if (reassembly.peek() !== undefined) reassembly.shift();
    }
    expect(taken).toEqual([0, 1, undefined]);
    expect(piece(0, 0, 9)).toBe(false); // taken before
    expect(() => [piece(2, 0, 1, 2), piece(2, 1, 3)]).toThrow(/two different bytes 1/);
    expect(() => reassembly.add({ type: 11, sequence: 2, length: 5, offset: 0, bytes: new Uint8Array(1) }, 0)).toThrow(
      /two different ones/,
    );
    expect(() => reassembly.add({ type: 11, sequence: 2, length: 4, offset: 3, bytes: new Uint8Array(1) }, 1)).toThrow(
      /two different ones/,
    );
  });

  it('a flood of messages that are begun and never ended holds at most 96 KiB and leaves those that come next their place', () => {
    const reassembly = new Reassembly();
    const bytes = new Uint8Array(1);
    const before = process.memoryUsage().arrayBuffers;
    for (let sequence = 0; sequence < 65_536; sequence++) reassembly.add({ type: 11, sequence, length: 30_000, offset: 1, bytes }, 0);
    // As much again says which bytes have come.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 98_304);
    reassembly.add({ type: 11, sequence: 0, length: 30_000, offset: 0, bytes: new Uint8Array(30_000) }, 0);
    expect(reassembly.peek()).toMatchObject({ sequence: 0 });
  });
});

describe('what we offer', () => {
  it('is ephemeral, signed and sealed by an AEAD, with SHA-2 alone', () => {
    expect(suites.map(({ name }) => name)).toEqual([
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_ECDSA_WITH_AES_128_CCM',
      'TLS_ECDHE_ECDSA_WITH_AES_256_CCM',
      'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
      'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8',
    ]);
    expect(schemes.every(({ hash }) => hash === null || /^sha(256|384|512)$/.test(hash))).toBe(true);
  });

  it('a key signs by the best scheme that the other side wishes, and by none that it does not', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    expect(signerFor(privateKey, [0x0203, 0x0503, 0x0401])?.id).toBe(0x0503);
    expect(signerFor(privateKey, [0x0203, 0x0401])).toBeUndefined();
  });

  it('the pseudorandom function is that of OpenSSL', () => {
    for (const [digest, hash] of [
      ['SHA256', 'sha256'],
      ['SHA384', 'sha384'],
    ] as const) {
      const argv = [
        'kdf',
        '-keylen',
        '100',
        '-kdfopt',
        `digest:${digest}`,
        '-kdfopt',
        'secret:0123456789abcdef',
        '-kdfopt',
        'seed:test label and seed',
        'TLS1-PRF',
      ];
      const theirs = execFileSync('openssl', argv).toString().trim().replaceAll(':', '').toLowerCase();
      const ours = prf(hash, Buffer.from('0123456789abcdef'), 'test label', Buffer.from(' and seed'), 100);
      expect(Buffer.from(ours).toString('hex')).toBe(theirs);
    }
  });
});
