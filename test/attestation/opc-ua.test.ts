import { describe, expect, it } from 'vitest';
import { concat } from '../../gateway/codec/bytes.ts';
import { readOpcUaProof, readSignedOpen, writeOpcUaProof } from '../../gateway/attestation/opc-ua/message.ts';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { tcbInfo, tcbInfoOid } from '../vectors/pki.ts';
import { alternativeNames, ca, certificate, extension, name, newKeys, usage } from '../vectors/path-pki.ts';
import type { PolicyName, ServerSpec } from '../vectors/opc-ua-server.ts';
import { answers, caDer, good, judge, keys, nonce, now, proof, prove, serverDer, uri, verdict } from './opc-ua-world.ts';

const judged = async (spec: Partial<ServerSpec>): Promise<string> => verdict(judge(await proof({ ...good, ...spec })));
const selfSigned = certificate({
  subject: 'CN=PLC@vm',
  issuer: 'CN=PLC@vm',
  keys: keys.other,
  // The signer of these vectors signs with ECDSA, so this signature is not checked by anybody: it is no anchor's.
  signer: newKeys(),
  extensions: [usage(0), alternativeNames(name.uri(uri))],
});
const own: Partial<ServerSpec> = { key: keys.other.privateKey, chain: [selfSigned] };

describe('an OPC UA server', () => {
  it.each<PolicyName>(['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'])(
    'that opens a channel by %s is who its certificate says, and no more',
    async policy => {
      const outcome = judge(await proof({ ...good, policies: ['None', policy] }));
      expect(verdict(outcome)).toBe('warning NO_MEASUREMENTS A3');
      expect(outcome).toMatchObject({
        result: { identity: { serial: 'PLC-0009', subject: expect.stringContaining('plc-9') as string }, digestsSeen: [] },
      });
    },
  );

  it('with a longer key, its issuers in the channel, or many endpoints is the same', async () => {
    const long = { key: keys.long.privateKey, chain: [serverDer({ keys: keys.long }), caDer] };
    for (const policy of ['Basic256Sha256', 'Aes256_Sha256_RsaPss'] as const)
      expect(await judged({ ...long, policies: [policy] })).toBe('warning NO_MEASUREMENTS A3');
    expect(await judged({ endpoints: 8 })).toBe('warning NO_MEASUREMENTS A3');
    expect(await judged({ mode: 3 })).toBe('warning NO_MEASUREMENTS A3');
  });

  it('whose certificate measures its firmware (DICE) is judged by it as over TLS', async () => {
    const measures = (digest: string): Uint8Array =>
      extension(
        tcbInfoOid,
        false,
        tcbInfo({ vendor: 'Acme Plant', model: 'PLC-9', layer: 1, fwids: [{ alg: 'sha-256', digest }], flags: [] }),
      );
    const by = async (digest: string, ...sets: readonly ReferenceSet[]): Promise<string> => {
      const extensions = [usage(0, 1, 2, 3), alternativeNames(name.uri(uri), name.dns('plc-9')), measures(digest)];
      return verdict(judge(await proof({ ...good, chain: [serverDer({ extensions })] }), answers(nonce), [caDer], sets));
    };
    const listed = 'ab'.repeat(32);
    const versions = [{ version: '1', alg: 'sha-256', digest: listed }];
    const set = { id: 'plc.json#1', vendor: 'Acme Plant', model: 'PLC-9', components: [{ name: 'firmware', layer: 1, versions }] };
    expect(await by(listed, set)).toBe('affirming A5');
    expect(await by('cd'.repeat(32), set)).toBe('contraindicated DIGEST_UNKNOWN A3');
    expect(await by(listed)).toBe('warning REFERENCE_MISSING A4');
  });

  it('that certified itself is no Evidence, and its key is known again', async () => {
    const outcome = judge(await proof({ ...good, ...own }));
    expect(outcome).toMatchObject({
      kind: 'no-evidence',
      subject: 'CN=PLC@vm',
      leafKey: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('read from a file is never more than none', async () => {
    expect(verdict(judge(await proof(), { kind: 'none' }))).toBe('none EVIDENCE_NOT_FRESH A0');
  });

  it('that answers another challenge, a spent or an ended one is contraindicated', async () => {
    const given = await proof();
    expect(verdict(judge(given, answers(new Uint8Array(32).fill(1))))).toBe('contraindicated NONCE_MISMATCH A0');
    expect(verdict(judge(given, answers(nonce, { spent: true })))).toBe('contraindicated NONCE_REUSED A0');
    expect(verdict(judge(given, answers(nonce, { expires: now - 1 })))).toBe('contraindicated NONCE_EXPIRED A0');
  });

  it('that answers as it did another client is contraindicated, self-signed or not', async () => {
    for (const more of [{}, own]) {
      const [fresh, old] = [await proof({ ...good, ...more }), await proof({ ...good, ...more }, new Uint8Array(32).fill(7))];
      expect(verdict(judge({ ...old, client: fresh.client }))).toBe('contraindicated NONCE_MISMATCH A0');
      expect(verdict(judge(old))).toBe('contraindicated NONCE_MISMATCH A0');
    }
  });

  it('that shows a certificate without its key is contraindicated, self-signed or not', async () => {
    expect(await judged({ signingKey: keys.other.privateKey })).toBe('contraindicated SIGNATURE_INVALID A0');
    expect(await judged({ ...own, signingKey: keys.server.privateKey })).toBe('contraindicated SIGNATURE_INVALID A0');
    expect(await judged({ spoil: signed => Buffer.from(signed).fill(0, 4, 5) })).toBe('contraindicated SIGNATURE_INVALID A0');
    expect(await judged({ thumbprintOf: () => Buffer.alloc(20, 1) })).toBe('contraindicated NONCE_MISMATCH A0');
  });

  it('has a certificate that names one application', async () => {
    expect(await prove({ ...good, chain: [serverDer({ extensions: [usage(0)] })] })).toBe(
      'its certificate is for another application than it says it is',
    );
    expect(await prove({ ...good, applicationUri: 'urn:plant:plc-8' })).toBe(
      'its certificate is for another application than it says it is',
    );
    // The same certificate in the channel alone, where the endpoints named a better one.
    const two = serverDer({ extensions: [usage(0), alternativeNames(name.uri(uri), name.uri('urn:plant:plc-8'))] });
    for (const certificate_ of [two, serverDer({ extensions: [usage(0)] })])
      expect(await judged({ channelChain: [certificate_] })).toBe('contraindicated PROFILE_VIOLATED A0');
  });

  it('below our anchor is held to the rules of a path', async () => {
    const names = alternativeNames(name.uri(uri));
    expect(await judged({ chain: [serverDer({ until: '20250101000000Z' })] })).toBe('contraindicated CERT_EXPIRED A0');
    expect(await judged({ chain: [serverDer({ extensions: [usage(5), names] })] })).toBe('contraindicated KEY_USAGE_WRONG A0');
    expect(await judged({ chain: [serverDer({ signer: newKeys() })] })).toBe('contraindicated SIGNATURE_INVALID A0');
    const stranger = certificate({ subject: 'CN=Other CA', issuer: 'CN=Other CA', keys: newKeys(), signer: newKeys(), extensions: [ca()] });
    expect(verdict(judge(await proof(), answers(nonce), [stranger]))).toBe('no-evidence');
  });
});

describe('a client of OPC UA', () => {
  it('takes the strongest policy that is offered, and none that signs with SHA-1', async () => {
    const policyOf = async (...policies: NonNullable<ServerSpec['policies']>): Promise<string> => {
      const found = await prove({ ...good, policies });
      return typeof found === 'string' ? found : Buffer.from(found.signed).toString('latin1').slice(16, 80);
    };
    expect(await policyOf('None', 'Basic256Sha256', 'Aes256_Sha256_RsaPss')).toContain('#Aes256_Sha256_RsaPss');
    expect(await policyOf('None', 'Basic256')).toBe('no endpoint');
    expect(await policyOf('None')).toBe('no endpoint');
    expect(await policyOf()).toBe('no endpoint');
  });

  it('says why a server did not open', async () => {
    expect(await prove({ ...good, error: 0x80130000 })).toContain('does not trust our certificate');
    expect(await prove({ ...good, error: 0x80010000 })).toContain('error 0x80010000');
  });

  it('takes no answer to another request, replayed, or not encrypted to it', async () => {
    expect(await prove({ ...good, request: 1 })).toContain('an answer to another request');
    let kept: Buffer | undefined;
    await proof({ ...good, keep: answer => (kept = answer) });
    // Our key is the same for all servers of one process; the number of the request is not, and neither is the certificate.
    const replayed = await prove({ ...good, replay: () => kept }, new Uint8Array(32).fill(3));
    expect(typeof replayed === 'string' ? replayed : verdict(judge(replayed, answers(new Uint8Array(32).fill(3))))).toBe(
      'contraindicated NONCE_MISMATCH A0',
    );
    expect(await prove({ ...good, replay: () => kept?.fill(0x33, kept.length - 256) })).toContain('not encrypted to us');
    expect(await prove({ ...good, replay: () => kept?.subarray(0, kept.length - 1) })).toContain('not whole');
    expect(await prove({ ...good, chain: [Uint8Array.of(0x30, 0)] })).toMatch(/Cannot read/);
  });

  it('opens none to a key that is too short or none of RSA', async () => {
    expect(await prove({ ...good, chain: [serverDer({ keys: newKeys() })] })).toBe('its certificate has no RSA key of 2048 to 4096 bits');
  });
});

describe('the proof as a file', () => {
  it('is read as it was written, and nothing else is', async () => {
    const given = await proof();
    const bytes = writeOpcUaProof(given);
    expect(readOpcUaProof(bytes)).toEqual(given);
    for (let end = 0; end < bytes.length; end += 7) expect(() => readOpcUaProof(bytes.subarray(0, end))).toThrow();
    expect(() => readOpcUaProof(concat(bytes, Uint8Array.of(0)))).toThrow();
    // Behind the answer there is padding and nothing else.
    const last = given.signed.length - 1;
    expect(() => readSignedOpen(given.signed)).not.toThrow();
    expect(() => readSignedOpen(given.signed.with(last, (given.signed[last] ?? 0) ^ 1))).toThrow('are no padding');
  });

  /** Every byte, one bit of it: which, goes round. */
  const flips = (whole: Uint8Array): readonly Uint8Array[] => Array.from(whole, (byte, at) => whole.with(at, byte ^ (1 << (at % 8))));

  it('with any bit turned that is signed loses the identity', async () => {
    const given = await proof();
    expect(verdict(judge(given))).toBe('warning NO_MEASUREMENTS A3');
    for (const part of ['client', 'signed', 'signature'] as const)
      for (const [at, changed] of flips(given[part]).entries()) {
        const outcome = verdict(judge({ ...given, [part]: changed }));
        // A flip in the certificate may take away all that named the anchor: then nobody claimed anything.
        expect(outcome, `${part} byte ${at}`).toMatch(/^contraindicated .* A0$|^no-evidence$/);
      }
    for (const [at, changed] of flips(writeOpcUaProof(given)).entries())
      expect(verdict(judge(changed)), `byte ${at}`).toMatch(/^contraindicated|^no-evidence$/);
  });

  it('of a bad server gets no better by any flip', async () => {
    const bad: readonly Partial<ServerSpec>[] = [
      { signingKey: keys.other.privateKey },
      { channelChain: [serverDer({ extensions: [usage(0)] })] },
      { chain: [serverDer({ until: '20250101000000Z' })] },
      own,
    ];
    for (const spec of bad) {
      const bytes = writeOpcUaProof(await proof({ ...good, ...spec }));
      for (const [at, changed] of flips(bytes).entries()) {
        const outcome = judge(changed);
        expect(outcome.kind === 'appraised' && outcome.result.status !== 'contraindicated', `byte ${at}: ${verdict(outcome)}`).toBe(false);
      }
    }
  });
});
