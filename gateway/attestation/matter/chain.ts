import type { Millis } from '../../model/address.ts';
import { sameBytes } from '../../codec/bytes.ts';
import type { Certificate } from '../../codec/x509.ts';
import { EvidenceError } from '../evidence-error.ts';
import { isSignedBy, type KeyCache } from '../keys.ts';
import { type Anchor, anchorsFor, type Trust } from '../trust.ts';
import { type Ids, idsOf, show } from './ids.ts';
import { isRevoked } from './ledger.ts';
import { checkProfile } from './profile.ts';

/** A checked attestation chain: authentic at the instant at which the DAC was made, and not revoked as far as `revocation` tells. */
export type MatterChain = {
  readonly dac: Certificate;
  readonly paa: Anchor;
  readonly vendorId: number;
  readonly productId: number;
  /** Of the PAI; absent: it makes DACs of any product of the vendor. */
  readonly paiProductId?: number;
  readonly revocation: 'not-listed' | 'no-set';
};

/**
 * Checks DAC and PAI up to one of our PAAs (Matter Core Specification §6.2.3.1). PAI and PAA are judged at the DAC's notBefore, since a
 * device outlives the authority that made it; the DAC itself must hold now. Throws EvidenceError with the first broken rule's code.
 */
export function checkMatterChain(dac: Certificate, pai: Certificate, trust: Trust, now: Millis, keys: KeyCache): MatterChain {
  checkProfile(pai, 'PAI');
  checkProfile(dac, 'DAC');
  const paa = authorityOf(pai, trust, keys);
  checkProfile(paa.certificate, 'PAA');
  checkIssued(dac, pai, keys);
  const ids = checkIds(idsOf(dac.subject, 'DAC'), idsOf(pai.subject, 'PAI'), idsOf(paa.certificate.subject, 'PAA'));
  checkDates(dac, [pai, paa.certificate], now);
  const revoked = [isRevoked(trust.matter, dac), isRevoked(trust.matter, pai)];
  if (revoked.includes(true))
    throw new EvidenceError('CERT_REVOKED', 'chain', `Cannot accept the ${revoked[0] === true ? 'DAC' : 'PAI'}: its issuer revoked it`);
  return { dac, paa, ...ids, revocation: revoked.includes(undefined) ? 'no-set' : 'not-listed' };
}

/** The PAA whose name, key identifier and key all fit: identifiers alone are only hints. */
function authorityOf(pai: Certificate, trust: Trust, keys: KeyCache): Anchor {
  const named = anchorsFor(trust, 'matter-paa').filter(
    ({ certificate: { subject, subjectKeyId } }) =>
      sameBytes(subject.der, pai.issuer.der) &&
      subjectKeyId !== undefined &&
      pai.authorityKeyId !== undefined &&
      sameBytes(subjectKeyId, pai.authorityKeyId),
  );
  const [first] = named;
  if (first === undefined)
    throw new EvidenceError('CHAIN_UNTRUSTED', 'chain', `Cannot trust the PAI: ${pai.issuer.text} is no Matter root of ours`, {
      expected: 'an anchor for use as PAA',
      seen: pai.issuer.text,
    });
  const found = named.find(a => isSignedBy(pai, a.certificate, keys));
  if (found === undefined)
    throw new EvidenceError('SIGNATURE_INVALID', 'chain', `Cannot verify the PAI: its signature is not by the key of ${first.name}`);
  return found;
}

function checkIssued(dac: Certificate, pai: Certificate, keys: KeyCache): void {
  if (!sameBytes(dac.issuer.der, pai.subject.der))
    throw new EvidenceError('CHAIN_INCOMPLETE', 'chain', 'Cannot follow chain: the PAI is not the issuer that the DAC names', {
      expected: dac.issuer.text,
      seen: pai.subject.text,
    });
  if (dac.authorityKeyId === undefined || pai.subjectKeyId === undefined || !sameBytes(dac.authorityKeyId, pai.subjectKeyId))
    throw new EvidenceError('CHAIN_INCOMPLETE', 'chain', "Cannot follow chain: the DAC names another key than the PAI's");
  if (!isSignedBy(dac, pai, keys))
    throw new EvidenceError('SIGNATURE_INVALID', 'chain', 'Cannot verify the DAC: its signature is not by the key of the PAI');
}

/** One vendor all the way down, and one product where the PAI names one; a PAA never does (§6.2.2.3 to §6.2.2.5). */
function checkIds(dac: Ids, pai: Ids, paa: Ids): Pick<MatterChain, 'vendorId' | 'productId' | 'paiProductId'> {
  const { vendorId, productId } = dac;
  if (vendorId === undefined || productId === undefined) throw wrongIds('the DAC names no vendor or no product', dac);
  if (pai.vendorId !== vendorId) throw wrongIds(`the PAI is of vendor ${pai.vendorId === undefined ? 'none' : show(pai.vendorId)}`, dac);
  if (pai.productId !== undefined && pai.productId !== productId) throw wrongIds(`the PAI is of product ${show(pai.productId)}`, dac);
  if (paa.vendorId !== undefined && paa.vendorId !== vendorId) throw wrongIds(`the PAA is of vendor ${show(paa.vendorId)}`, dac);
  if (paa.productId !== undefined) throw wrongIds('the PAA names a product', dac);
  return { vendorId, productId, ...(pai.productId === undefined ? {} : { paiProductId: pai.productId }) };
}

const wrongIds = (found: string, { vendorId, productId }: Ids): EvidenceError =>
  new EvidenceError('PROFILE_VIOLATED', 'chain', `Cannot accept the chain: ${found}`, {
    seen: `DAC of vendor ${vendorId === undefined ? 'none' : show(vendorId)}, product ${productId === undefined ? 'none' : show(productId)}`,
  });

const day = (at: Millis): string => new Date(at).toISOString().slice(0, 19).concat('Z');

function checkDates(dac: Certificate, issuers: readonly Certificate[], now: Millis): void {
  for (const issuer of issuers) checkHolds(issuer, dac.notBefore, 'when the DAC was made');
  checkHolds(dac, now, 'now');
}

/** A notAfter of 99991231235959Z has no end (RFC 5280 §4.1.2.5). */
function checkHolds(certificate: Certificate, at: Millis, when: string): void {
  if (at < certificate.notBefore)
    throw new EvidenceError('CERT_NOT_YET_VALID', 'chain', `Cannot accept ${certificate.subject.text}: not valid yet ${when}`, {
      expected: `from ${day(certificate.notBefore)}`,
      seen: day(at),
    });
  if (at > certificate.notAfter)
    throw new EvidenceError('CERT_EXPIRED', 'chain', `Cannot accept ${certificate.subject.text}: it had ended ${when}`, {
      expected: `until ${day(certificate.notAfter)}`,
      seen: day(at),
    });
}
