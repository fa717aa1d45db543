import 'reflect-metadata';
import { KeyUsageFlags } from '@peculiar/x509';
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReferenceSet } from '../../../gateway/model/trust.ts';
import { decodeTpmPublic } from '../../../gateway/codec/tpm-public.ts';
import { decodeCertificate } from '../../../gateway/codec/x509.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { answerActivation, challengeActivation, secretBytes } from '../../../gateway/attestation/tpm/activation.ts';
import type { Activated, QuoteContext } from '../../../gateway/attestation/tpm/context.ts';
import type { Entropy } from '../../../gateway/attestation/tpm/make-credential.ts';
import { publicKeyOf } from '../../../gateway/attestation/tpm/keys.ts';
import { readAnchor } from '../../../gateway/attestation/trust.ts';
import { makeVendor } from '../../vectors/pki.ts';
import { eventLog, type Message, pcrsAfter, softKey, publicArea } from '../../vectors/soft-tpm.ts';
import { noSwtpm, Swtpm, type TpmKeys } from '../../vectors/swtpm.ts';
import { answers, boot, certify, model, quoteVerifier, referenceSet } from './world.ts';
import { emptyLedger } from '../../../gateway/attestation/matter/ledger.ts';

/** A TPM of other people: what it signs we accept, what it does not we refuse. */
const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);

const entropy = (bytes = 32): Entropy => ({
  seed: randomBytes(32),
  oaepSeed: randomBytes(32),
  // Below the order of any curve of its size.
  scalar: Buffer.concat([Buffer.from([0]), randomBytes(bytes - 1)]),
});
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const anchorOf = (tpm: Swtpm): Uint8Array => tpm.certificateAuthority[1] ?? new Uint8Array();
const selection = 'sha256:0,4,7';

/** swtpm certifies as an issuer below its own root. */
const trusting = (tpm: Swtpm) => tpm.certificateAuthority.slice(1).map(anchorDer => ({ name: 'swtpm root', anchorDer }));

describe.skipIf(missing !== undefined)('with swtpm and tpm2-tools', () => {
  let tpm: Swtpm;
  let keys: Pick<TpmKeys, 'ekPublic' | 'akPublic'>;
  let ekChain: readonly Uint8Array[];
  let judge: ReturnType<typeof quoteVerifier>;
  let activation: Activated;
  let sets: readonly ReferenceSet[];
  // Its CA is made meanwhile, to the second.
  const now = Date.now() + 60_000;

  const activate = (of: Swtpm, anchorDer: Uint8Array, bytes = 32, hasPolicy = true): Activated => {
    const anchor = readAnchor('root', anchorDer, ['tpm-ek']);
    const secret = randomBytes(secretBytes);
    const candidate = { ekChain: ekChain.map(decodeCertificate), ek: decodeTpmPublic(keys.ekPublic), ak: decodeTpmPublic(keys.akPublic) };
    const context = { trust: { anchors: [anchor], referenceSets: [], keys: new Map(), matter: emptyLedger }, now, keys: new KeyCache() };
    const { state, credential } = challengeActivation(candidate, secret, entropy(bytes), context);
    const done = answerActivation(state, of.activate(credential.blob, credential.secret, hasPolicy), now + 1000);
    if (done.kind !== 'activated') throw new Error(JSON.stringify(done));
    // Nobody guesses twice, and not for ever.
    expect(answerActivation(state, randomBytes(secretBytes), now)).toEqual({ kind: 'refused', code: 'NONCE_MISMATCH' });
    expect(answerActivation(state, secret, now + 60_001)).toEqual({ kind: 'refused', code: 'NONCE_EXPIRED' });
    expect(answerActivation(done, secret, now)).toEqual({ kind: 'refused', code: 'NONCE_REUSED' });
    return { ak: done.ak, ek: done.ek };
  };
  const boots = (of: Swtpm): void => {
    for (const event of boot) of.extend(event.pcr, sha256(event.measured ?? event.data));
  };
  const asked = (of: Swtpm, nonce: Uint8Array, options: readonly string[] = []): Message => ({
    ...of.quote(selection, nonce, options),
    akPublic: keys.akPublic,
    ekChain,
    eventLog: eventLog(boot),
  });
  const verdict = (m: Message, nonce: Uint8Array, quote: QuoteContext = {}) =>
    judge(m, { sets, at: now, quote: { activations: [activation], ...quote }, freshness: answers(nonce, { expires: now + 60_000 }) });

  beforeAll(async () => {
    tpm = Swtpm.make();
    await tpm.start();
    boots(tpm);
    const made = tpm.makeKeys(['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa']);
    keys = made;
    ekChain = [made.ekCertificate, ...tpm.certificateAuthority.slice(0, 1)];
    const [root] = trusting(tpm);
    judge = quoteVerifier(root === undefined ? [] : [root]);
    activation = activate(tpm, anchorOf(tpm));
    const anchors = [readAnchor('root', root?.anchorDer ?? new Uint8Array()).keyHash];
    sets = [{ ...referenceSet, model, anchors }];
  });
  afterAll(async () => tpm?.remove());

  it('its name of a key is ours, and its PCRs are what our replay makes of the log', () => {
    expect(activation.ak).toBe(Buffer.from(tpm.read('ak.name')).toString('hex'));
    expect(tpm.pcrs(selection)['sha256']).toEqual(pcrsAfter(boot));
  });

  it('a quote with our nonce by an activated key is affirming', () => {
    const nonce = randomBytes(32);
    const r = verdict(asked(tpm, nonce), nonce);
    expect(r.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect([r.status, r.assurance]).toEqual(['affirming', 5]);
    expect(verdict(asked(tpm, randomBytes(32)), nonce).reason).toBe('NONCE_MISMATCH');
    expect(judge(asked(tpm, nonce), { sets, at: now, freshness: answers(nonce, { expires: now + 1 }) }).reason).toBe('CHAIN_UNTRUSTED');
  });

  it('an activation is of one key: the credential opens for no other', () => {
    const other = decodeTpmPublic(publicArea(softKey()));
    const anchor = readAnchor('root', anchorOf(tpm), ['tpm-ek']);
    const candidate = { ekChain: ekChain.map(decodeCertificate), ek: decodeTpmPublic(keys.ekPublic), ak: other };
    const context = { trust: { anchors: [anchor], referenceSets: [], keys: new Map(), matter: emptyLedger }, now, keys: new KeyCache() };
    const { credential } = challengeActivation(candidate, randomBytes(secretBytes), entropy(), context);
    expect(() => tpm.activate(credential.blob, credential.secret)).toThrow(/integrity|0x1DF|0x1df/i);
    expect(() => challengeActivation({ ...candidate, ek: other }, randomBytes(32), entropy(), context)).toThrow(
      /certificate is of another key/,
    );
  });

  it('a signature over what only looks like a quote is refused by the TPM itself, so its magic is worth something', () => {
    const nonce = randomBytes(32);
    tpm.write('forged', asked(tpm, nonce).quote);
    expect(() => tpm.run('tpm2_sign', ['-c', 'ak.ctx', '-g', 'sha256', '-o', 'forged.sig', 'forged'])).toThrow();
    tpm.flush();
  });

  it('a PCR extended after the boot is seen, with the log and without it', () => {
    const before = tpm.quote(selection, randomBytes(32));
    tpm.extend(7, sha256(Buffer.from('rogue')));
    const nonce = randomBytes(32);
    expect(verdict(asked(tpm, nonce), nonce).reason).toBe('LOG_MISMATCH');
    const { eventLog: _, ...bare } = asked(tpm, nonce);
    expect(verdict(bare, nonce).reason).toBe('DIGEST_UNKNOWN');
    // Nor does it help to show the values of before.
    expect(verdict({ ...asked(tpm, nonce), pcrs: before.pcrs }, nonce).reason).toBe('LOG_MISMATCH');
  });

  it('a reboot is told from a copied state, which its counters give away', async () => {
    await tpm.reset();
    boots(tpm);
    tpm.loadKeys();
    const nonce = randomBytes(32);
    const first = verdict(asked(tpm, nonce), nonce);
    expect(first.quote?.since).toBe('first');
    await tpm.stop();
    const clone = tpm.clone();
    try {
      await tpm.start();
      boots(tpm);
      tpm.loadKeys();
      const rebooted = verdict(asked(tpm, nonce), nonce, first.quote === undefined ? {} : { previous: first.quote });
      expect([rebooted.status, rebooted.quote?.since]).toEqual(['affirming', 'rebooted']);
      // The device goes on: it reboots once more. Its copy has not.
      await tpm.reset();
      boots(tpm);
      tpm.loadKeys();
      const last = verdict(asked(tpm, nonce), nonce, rebooted.quote === undefined ? {} : { previous: rebooted.quote });
      expect(last.status).toBe('affirming');
      await clone.start();
      boots(clone);
      clone.loadKeys();
      const copied = asked(clone, nonce);
      // By itself the copy is as good as the device: only the counters tell.
      expect(verdict(copied, nonce).status).toBe('affirming');
      const found = verdict(copied, nonce, last.quote === undefined ? {} : { previous: last.quote });
      expect([found.status, found.reason]).toEqual(['contraindicated', 'ROLLED_BACK']);
    } finally {
      await clone.remove();
    }
  });

  it.each(['rsassa', 'rsapss'])('an attestation key of RSA signs in its scheme %s', scheme => {
    keys = tpm.makeKeys(['-G', 'rsa', '-g', 'sha256', '-s', scheme]);
    activation = activate(tpm, anchorOf(tpm));
    const nonce = randomBytes(32);
    const r = verdict(asked(tpm, nonce, ['--scheme', scheme]), nonce);
    expect(r.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect(r.status).toBe('affirming');
  });

  it.each([
    ['P-256', ['-g', 'sha256', '-G', 'ecc256:null:aes128cfb'], 32],
    ['P-384', ['-g', 'sha384', '-G', 'ecc384:null:aes256cfb'], 48],
  ])('an endorsement key of %s opens the credential that we make for it', async (_, ek, bytes) => {
    const acme = await makeVendor({ name: 'Acme TPM' });
    keys = tpm.makeEllipticKeys(ek, 'rsa2048:rsassa-sha256:null');
    const certified = publicKeyOf(decodeTpmPublic(keys.ekPublic));
    ekChain = [await certify(acme, { privateKey: certified }, { purpose: '2.23.133.8.1', usage: KeyUsageFlags.keyAgreement })];
    activation = activate(tpm, acme.anchorDer, bytes, false);
    const nonce = randomBytes(32);
    const own = quoteVerifier([acme]);
    const r = own(asked(tpm, nonce), {
      sets: [],
      at: now,
      quote: { activations: [activation] },
      freshness: answers(nonce, { expires: now + 1 }),
    });
    expect([r.status, r.reason]).toEqual(['warning', 'REFERENCE_MISSING']);
  });
});
