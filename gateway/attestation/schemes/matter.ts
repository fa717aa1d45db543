import type { AttestedIdentity, Evidence } from '../../model/attestation.ts';
import { DecodeError } from '../../codec/reader.ts';
import { attribute, attributeTypes } from '../../codec/x509-name.ts';
import type { Certificate } from '../../codec/x509.ts';
import { checkReach } from '../anchor-limits.ts';
import { appraiseChain } from '../appraise.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims, MeasuredClaim } from '../claims.ts';
import { sha256 } from '../evidence.ts';
import { type Certification, checkCertification } from '../matter/certification.ts';
import { checkMatterChain, type MatterChain } from '../matter/chain.ts';
import { show } from '../matter/ids.ts';
import { type Elements, readElements, readMessage } from '../matter/message.ts';
import { type Context, scheme } from '../scheme.ts';

/**
 * A Matter device (Matter Core Specification §6.2, §6.3): the Device Attestation Certificate up to a PAA of ours, the certification
 * declaration of its product, and the attestation elements that its key signed over our nonce. The message says which session's challenge
 * was signed along; who brought it had that session. Firmware information is the vendor's own text, so its digest is what is measured.
 */
export const matter = scheme<ChainClaims>({
  name: 'matter',
  spec: 'Matter Core Specification §6.2, §6.3 (DAC, PAI, PAA, certification declaration), RFC 5652',
  mediaTypes: ['application/vnd.sallyport.matter+json'],
  freshBy: 'nonce',
  verify,
  appraise: appraiseChain,
});

function verify(evidence: Evidence, context: Context, checks: Checks): ChainClaims {
  const { trust, keys, now } = context;
  const message = readMessage(evidence.bytes);
  const [dac, pai] = [keys.certificate(message.dac), keys.certificate(message.pai)];
  checks.pass('readable', 'DAC, PAI and an answer');
  const chain = checkMatterChain(dac, pai, trust, now, keys);
  if (chain.revocation === 'no-set')
    checks.warn(
      'chain',
      'REVOCATION_UNKNOWN',
      `up to ${chain.paa.name}; no revocation set was given, so nothing says that they still stand`,
    );
  else checks.pass('chain', `up to ${chain.paa.name}; neither DAC nor PAI is in the revocation set`);

  const elements = message.answer.kind === 'session' ? readElements(message.answer, dac, keys) : undefined;
  const declaration = message.answer.kind === 'session' ? elements?.declaration : message.answer.declaration;
  const certification = checkCertification(declaration ?? new Uint8Array(), chain, message.told, trust, keys);
  report(certification, checks);
  checkReach(certification.signer, context, checks);
  const identity = identityOf(dac, chain, certification);
  return {
    identity,
    anchor: chain.paa,
    measured: measuredBy(dac, elements, identity),
    unappraised: [],
    pathEnds: dac.notAfter,
    nonces: elements === undefined ? [] : [elements.nonce],
  };
}

/** A product that is certified for development, or not yet for good, is what it says and still nothing to let in unseen. */
function report({ certificationType, certificateId, vendorId, productId, signer, compared }: Certification, checks: Checks): void {
  const product = `vendor ${show(vendorId)}, product ${productId === undefined ? 'of several' : show(productId)}`;
  const detail = `${product}, ${certificationType} certificate ${certificateId} by ${signer.name}${compared ? '' : '; no record of the ledger to compare with'}`;
  if (certificationType === 'official') checks.pass('identity', detail);
  else checks.warn('identity', 'NOT_CERTIFIED', detail, { expected: 'official', seen: certificationType });
}

/** Longest serial, UTF-16 units: X.520 allows 64 in a name. */
const maxSerial = 64;

function identityOf(dac: Certificate, { paa }: MatterChain, { vendorId, productId }: Certification): AttestedIdentity {
  const serial = attribute(dac.subject, attributeTypes.serialNumber);
  if (serial !== undefined && serial.length > maxSerial) throw new DecodeError(`Cannot read serial: ${serial.length} characters`);
  const key = sha256(dac.spki);
  return {
    ...(serial === undefined ? {} : { serial }),
    subject: dac.subject.text,
    issuer: dac.issuer.text,
    deviceKey: key,
    leafKey: key,
    anchor: paa.name,
    vendor: show(vendorId),
    ...(productId === undefined ? {} : { model: show(productId) }),
    notAfter: dac.notAfter,
  };
}
function measuredBy(dac: Certificate, elements: Elements | undefined, { vendor, model }: AttestedIdentity): readonly MeasuredClaim[] {
  if (elements?.firmware === undefined) return [];
  return [
    {
      ...(vendor === undefined ? {} : { vendor }),
      ...(model === undefined ? {} : { model }),
      digests: [{ alg: 'sha-256', value: sha256(elements.firmware) }],
      by: { key: sha256(dac.spki), name: dac.subject.text },
    },
  ];
}
