import { verify } from 'node:crypto';
import { sameBytes } from '../../codec/bytes.ts';
import { contentTypes, decodeSignedData, type SignedData, type SignerInfo } from '../../codec/cms.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { KeyCache } from '../keys.ts';
import { type Anchor, anchorsFor, type Trust } from '../trust.ts';
import type { MatterChain } from './chain.ts';
import { type Declaration, readDeclaration } from './declaration.ts';
import { show } from './ids.ts';
import type { Ledger } from './ledger.ts';

/** What the node's Basic Information cluster says it is; nothing signs it, so it can only contradict. */
export type Told = { readonly vendorId?: number; readonly productId?: number };

/** A declaration that its signer vouches for and that speaks of this chain. */
export type Certification = Declaration & {
  readonly signer: Anchor;
  /** Of which product it is certified; absent when the DAC is another vendor's and the declaration names several. */
  readonly productId?: number;
  /** Whether a record of the ledger was there to compare with. */
  readonly compared: boolean;
};

const oids = { sha256: '2.16.840.1.101.3.4.2.1', ecdsaWithSha256: '1.2.840.10045.4.3.2' } as const;
/** Longest declaration, bytes: it must fit into an AttestationResponse of 900. */
const maxDeclaration = 900;

/** Checks a certification declaration against its signer and the chain (Matter Core Specification §6.3.1, §6.2.3.1). Throws DecodeError or EvidenceError. */
export function checkCertification(cms: Uint8Array, chain: MatterChain, told: Told, trust: Trust, keys: KeyCache): Certification {
  if (cms.length > maxDeclaration) throw broken(`it has ${cms.length} bytes`);
  const { content, signer: info, keyId } = onlySigner(decodeSignedData(cms));
  const signer = signerOf(keyId, trust);
  if (!verify('sha256', content, keys.get(signer.certificate.spki), info.signature))
    throw new EvidenceError(
      'SIGNATURE_INVALID',
      'identity',
      `Cannot verify the certification declaration: it is not signed by ${signer.name}`,
    );
  const declaration = readDeclaration(content);
  checkType(declaration, signer);
  checkOrigin(declaration, chain);
  checkTold(declaration, told);
  checkPaa(declaration, chain);
  const productId = declaration.dacOrigin === undefined ? chain.productId : sole(declaration.productIds);
  const compared = checkRecord(declaration, productId, trust.matter);
  return { ...declaration, signer, ...(productId === undefined ? {} : { productId }), compared };
}

/** The one form that a declaration has: version 3, SHA-256, data inside, one signer by key identifier, nothing else in it. */
function onlySigner(cms: SignedData): { readonly content: Uint8Array; readonly signer: SignerInfo; readonly keyId: Uint8Array } {
  const [digest, moreDigests] = cms.digestAlgorithms;
  const [signer, moreSigners] = cms.signers;
  if (cms.version !== 3) throw broken(`CMS version ${cms.version}`);
  if (digest?.oid !== oids.sha256 || digest.parameters !== undefined || moreDigests !== undefined) throw weak('its digest algorithm');
  if (cms.contentType !== contentTypes.data || cms.content === undefined) throw broken(`content type ${cms.contentType}`);
  if (cms.certificates.length > 0 || cms.revocations.length > 0) throw broken('it brings certificates along');
  if (signer === undefined || moreSigners !== undefined) throw broken(`${cms.signers.length} signers`);
  if (signer.version !== 3 || signer.sid.kind !== 'key-id') throw broken(`SignerInfo version ${signer.version}`);
  if (signer.digestAlgorithm.oid !== oids.sha256 || signer.digestAlgorithm.parameters !== undefined) throw weak('its digest algorithm');
  if (signer.signatureAlgorithm.oid !== oids.ecdsaWithSha256 || signer.signatureAlgorithm.parameters !== undefined)
    throw weak('its signature algorithm');
  if (signer.signed !== undefined || signer.unsigned.length > 0) throw broken('it has attributes');
  return { content: cms.content, signer, keyId: signer.sid.keyId };
}

function signerOf(keyId: Uint8Array, trust: Trust): Anchor {
  const found = [...anchorsFor(trust, 'cd-signer'), ...anchorsFor(trust, 'cd-signer-test')].find(
    ({ certificate: { subjectKeyId } }) => subjectKeyId !== undefined && sameBytes(subjectKeyId, keyId),
  );
  if (found === undefined)
    throw new EvidenceError('CHAIN_UNTRUSTED', 'identity', 'Cannot trust the certification declaration: its signer is no anchor of ours');
  if (found.certificate.key.kind !== 'ec' || found.certificate.key.curve !== 'P-256') throw weak('the key of its signer');
  return found;
}

/** Whoever certifies products does not certify prototypes, and a key that is for prototypes, often public, certifies nothing else. */
function checkType({ certificationType }: Declaration, signer: Anchor): void {
  const isTest = !signer.uses.includes('cd-signer');
  if (isTest ? certificationType !== 'official' : certificationType !== 'development and test') return;
  throw new EvidenceError(
    'PROFILE_VIOLATED',
    'identity',
    `Cannot accept the certification declaration: ${certificationType}, by ${signer.name}`,
    {
      expected: isTest ? 'development and test or provisional, by a signer for tests' : 'official or provisional',
      seen: certificationType,
    },
  );
}

/** The DAC is the product's own, or of the origin that the declaration names; the PAI's product too where it names one. */
function checkOrigin({ dacOrigin, vendorId, productIds }: Declaration, chain: MatterChain): void {
  const vendor = dacOrigin?.vendorId ?? vendorId;
  const products = dacOrigin === undefined ? productIds : [dacOrigin.productId];
  if (chain.vendorId !== vendor) throw mismatch(`the DAC is of vendor ${show(chain.vendorId)}`, show(vendor));
  for (const id of [chain.productId, chain.paiProductId])
    if (id !== undefined && !products.includes(id)) throw mismatch(`DAC or PAI is of product ${show(id)}`, listing(products));
}

function checkTold({ vendorId, productIds }: Declaration, told: Told): void {
  if (told.vendorId !== undefined && told.vendorId !== vendorId)
    throw mismatch(`the node says vendor ${show(told.vendorId)}`, show(vendorId));
  if (told.productId !== undefined && !productIds.includes(told.productId))
    throw mismatch(`the node says product ${show(told.productId)}`, listing(productIds));
}

function checkPaa({ paaKeyIds }: Declaration, { paa }: MatterChain): void {
  const own = paa.certificate.subjectKeyId;
  if (paaKeyIds !== undefined && !(own !== undefined && paaKeyIds.some(id => sameBytes(id, own))))
    throw mismatch(`${paa.name} is not among the PAAs that it authorizes`, `${paaKeyIds.length} other PAAs`);
}

/** A listed product must be declared as one of its records says; of a product that is not listed, nothing is known. */
function checkRecord(declaration: Declaration, productId: number | undefined, { certified }: Ledger): boolean {
  const records = certified.filter(r => r.vendorId === declaration.vendorId && r.productId === productId);
  if (records.length === 0) return false;
  const fields = ['certificateId', 'deviceType', 'versionNumber'] as const;
  if (records.some(record => fields.every(field => record[field] === undefined || record[field] === declaration[field]))) return true;
  const [first] = records;
  const odd = fields.filter(field => first?.[field] !== undefined && first[field] !== declaration[field]);
  throw mismatch(odd.map(field => `${field} ${declaration[field]}`).join(', '), odd.map(field => `${field} ${first?.[field]}`).join(', '));
}

const sole = (products: readonly number[]): number | undefined => (products.length === 1 ? products[0] : undefined);
const listing = (products: readonly number[]): string => products.slice(0, 10).map(show).join(', ');

const broken = (seen: string): EvidenceError =>
  new EvidenceError('PROFILE_VIOLATED', 'identity', `Cannot accept the certification declaration: ${seen}`);
const weak = (what: string): EvidenceError =>
  new EvidenceError('ALGORITHM_REFUSED', 'identity', `Cannot accept ${what}: the declaration must be ECDSA on P-256 with SHA-256`);
const mismatch = (seen: string, expected: string): EvidenceError =>
  new EvidenceError('IDENTITY_MISMATCH', 'identity', `Cannot accept the certification declaration: ${seen}`, { expected, seen });
