import type { Evidence } from '../../model/attestation.ts';
import { sameBytes } from '../../codec/bytes.ts';
import { decodeBlocks } from '../../codec/spdm-measurements.ts';
import { spdmVersionText } from '../../codec/spdm.ts';
import { appraiseChain } from '../appraise.ts';
import { notLetAttest, warnOwnWord } from '../attesting-key.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims } from '../claims.ts';
import { EvidenceError } from '../evidence-error.ts';
import { type Context, scheme } from '../scheme.ts';
import { trustChain, type TrustedChain } from '../spdm/chain.ts';
import { spdmClaims } from '../spdm/claims.ts';
import { readExchange, type SpdmExchange } from '../spdm/exchange.ts';
import { readSpdmExchange } from '../spdm/message.ts';
import { checkTranscript } from '../spdm/signature.ts';

/**
 * Measurements that a responder of SPDM signed over our nonce with the leaf key of its chain, and what the chain itself measures (DICE). The nonce is the one
 * of our own questions, which the signatures cover. What it measured is one claim for each block; reference values name them `spdm-1` and so on.
 */
export const spdm = scheme<ChainClaims>({
  name: 'spdm',
  spec: 'DMTF DSP0274 1.1 to 1.3 (SPDM), DSP0287 1.0 (SPDM over TCP)',
  mediaTypes: ['application/vnd.sallyport.spdm-measurements+json'],
  freshBy: 'nonce',
  verify,
  appraise: appraiseChain,
});

function verify(evidence: Evidence, context: Context, checks: Checks): ChainClaims {
  const exchange = readExchange(readSpdmExchange(evidence.bytes));
  const { version, challenge, measurements, chain, hash } = exchange;
  const held = `SPDM ${spdmVersionText(version)}, ${chain.certificates.length} certificates, ${measurements === undefined ? 'no' : measurements.blocks} measurements`;
  // Before 1.2 only a challenge has the versions and algorithms under a signature: without it somebody between may have chosen worse ones.
  if (version < 0x12 && challenge === undefined)
    checks.warn('readable', 'PROFILE_VIOLATED', `${held}; it signed neither the versions nor the algorithms that it offers`, {
      expected: 'a challenge, or SPDM 1.2',
      seen: 'measurements alone in SPDM 1.1',
    });
  else checks.pass('readable', held);
  const trusted = trustChain(chain, hash, context, checks);
  const nonces = signedNonces(exchange, trusted, context);
  // Who the responder is, its chain says; what it measured is the word of its key.
  const ownWord = measurements === undefined ? undefined : notLetAttest(trusted.anchor);
  if (ownWord !== undefined) warnOwnWord(ownWord, checks);
  return { ...claimsOf(exchange, trusted, nonces), ...(ownWord === undefined ? {} : { isOwnWord: true }) };
}

/** The nonces of what the leaf signed: both must be the same, and one at least there. */
function signedNonces(exchange: SpdmExchange, { leaf }: TrustedChain, { keys }: Context): readonly Uint8Array[] {
  const { challenge, measurements } = exchange;
  if (challenge === undefined && measurements === undefined)
    throw new EvidenceError('SIGNATURE_INVALID', 'fresh', 'Cannot take SPDM exchange as fresh: its responder signed nothing', {
      expected: 'a challenge or measurements',
      seen: 'neither',
    });
  if (challenge !== undefined) checkTranscript(exchange, 'responder-challenge_auth signing', challenge, leaf, keys);
  if (measurements !== undefined) checkTranscript(exchange, 'responder-measurements signing', measurements, leaf, keys);
  const nonces = [challenge, measurements].flatMap(t => (t === undefined ? [] : [t.nonce]));
  return nonces.filter((nonce, i) => nonces.findIndex(other => sameBytes(other, nonce)) === i);
}

function claimsOf(
  { measurements, measurementHash }: SpdmExchange,
  { leaf, claims, device }: TrustedChain,
  nonces: readonly Uint8Array[],
): ChainClaims {
  // A nonce in a certificate (DICE) was somebody else's: ours is under the signatures.
  const all = { ...claims, nonces };
  if (measurements === undefined) return all;
  const { vendor, model } = names(claims, device);
  const by = { key: claims.identity.leafKey, name: leaf.subject.text };
  const found = spdmClaims(decodeBlocks(measurements.record, measurements.blocks), measurementHash, {
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model, isClassCertified: true }),
    by,
  });
  const { identity } = claims;
  return {
    ...all,
    identity: {
      ...identity,
      ...(vendor === undefined ? {} : { vendor }),
      ...(model === undefined ? {} : { model }),
      ...(found.version === undefined ? {} : { version: found.version }),
      ...(found.svn === undefined ? {} : { svn: found.svn.toString() }),
    },
    // Lowest first: the leaf key says what stands in blocks.
    measured: [...found.measured, ...claims.measured],
    unappraised: [
      ...claims.unappraised,
      ...found.unappraised,
      ...(measurements.isChanged ? ['measurements that changed while they were read'] : []),
    ],
  };
}

/** Model under which reference values name a device whose certificates name none. */
const spdmModel = 'spdm';

/** DMTF's device information names the device, else its DICE certificates do, else its anchor's vendor stands for it. */
function names(
  { identity, anchor, measured }: ChainClaims,
  device: TrustedChain['device'],
): { readonly vendor?: string; readonly model?: string } {
  if (device === undefined && measured.some(claim => claim.model !== undefined)) return {};
  const vendor = identity.vendor ?? anchor.vendor;
  return { ...(vendor === undefined ? {} : { vendor }), model: identity.model ?? spdmModel };
}
