import type { Hex } from '../model/address.ts';
import { decodeUeid, diceOids } from '../codec/dice.ts';
import type { Certificate } from '../codec/x509.ts';
import { checkAttestPath, notLetAttest, otherwiseUsed } from './attesting-key.ts';
import { serialOf, toldBy } from './chain.ts';
import { checkSize, sha256 } from './evidence.ts';
import { EvidenceError } from './evidence-error.ts';
import type { Context } from './scheme.ts';
import type { Signer, Token } from './token.ts';

/**
 * The signer of a token by its certificates, up to an anchor. Throws EvidenceError, or DecodeError for what the certificates hold.
 *
 * What they measure counts beside what the token claims: firmware that DICE has measured as another signs whatever it likes with the key that it was given,
 * and its certificates alone give it away.
 */
export function byChain(token: Token, instance: Hex | undefined, context: Context): Signer {
  if (token.certificates.length === 0)
    throw new EvidenceError(
      'CHAIN_UNTRUSTED',
      'chain',
      'Cannot trust token: it brings no certificates, and no key is listed for its instance',
      {
        expected: 'a listed key, or a chain up to an anchor',
        seen: instance === undefined ? 'a token without instance' : `instance ${instance}`,
      },
    );
  checkSize(token.certificates);
  const chain = token.certificates.map(der => context.keys.certificate(der));
  const path = checkAttestPath(chain, context);
  const { certificates, anchor } = path;
  const leaf = certificates[0] ?? anchor.certificate;
  token.checkSignature(context.keys.known(leaf.spki));
  checkInstance(certificates, instance);
  const keyHash = sha256(leaf.spki);
  const { measured, unappraised, identity } = toldBy(path);
  const hasLayers = measured.length > 0;
  // A key inside a device that DICE measures is for whatever that firmware does: it certified itself, and its measurements count beside the token.
  const ownWord = notLetAttest(anchor) ?? (hasLayers ? undefined : otherwiseUsed(leaf));
  // Where layers are certified, who certifies below the highest of them is the device itself, and the leaf may call itself anything.
  const device = hasLayers ? certificates.find(c => sha256(c.spki) === identity.deviceKey) : leaf;
  const serial = device === undefined ? undefined : serialOf(device)?.slice(0, 255);
  return {
    voucher: anchor,
    keyHash,
    authority: { key: keyHash, name: leaf.subject.text },
    subject: leaf.subject.text,
    issuer: leaf.issuer.text,
    // What a CA wrote names the device; what a token says of its own instance, any device of that CA could say too.
    ...(serial === undefined ? {} : { serial }),
    ...(anchor.vendor === undefined ? {} : { vendor: anchor.vendor }),
    // Which model it is, a person's word says before the token's own.
    ...(anchor.model === undefined ? {} : { model: anchor.model }),
    notAfter: Math.min(...certificates.map(c => c.notAfter)),
    ...(hasLayers ? { deviceKey: identity.deviceKey } : {}),
    ...(hasLayers || unappraised.length > 0 ? { chain: { measured, unappraised } } : {}),
    ...(ownWord === undefined ? {} : { ownWord }),
  };
}

/** Where a certificate names the UEID (TCG DICE §6.1.2), the token must name the same: its own word counts for less. */
function checkInstance(path: readonly Certificate[], instance: Hex | undefined): void {
  const named = path.flatMap(c => c.extensions.filter(e => e.oid === diceOids.ueid)).map(e => decodeUeid(e.value));
  if (named.length === 0 || (instance !== undefined && named.every(ueid => ueid === instance))) return;
  throw new EvidenceError('IDENTITY_MISMATCH', 'identity', 'Cannot accept token: its certificates name another UEID', {
    expected: named.join(', '),
    seen: instance ?? 'none',
  });
}
