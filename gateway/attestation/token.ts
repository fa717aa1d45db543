import type { Hex, Millis } from '../model/address.ts';
import type { AttestedIdentity, Evidence } from '../model/attestation.ts';
import { type CborMap, decodeCbor, mapOf } from '../codec/cbor.ts';
import { coseChain, decodeCose } from '../codec/cose.ts';
import { decodeJson, jsonMapOf } from '../codec/json.ts';
import { decodeJws } from '../codec/jws.ts';
import { DecodeError } from '../codec/reader.ts';
import { type OwnWord, warnOwnWord } from './attesting-key.ts';
import type { Checks } from './checks.ts';
import type { Authority, ChainClaims } from './claims.ts';
import { EvidenceError } from './evidence-error.ts';
import type { OpenedCwt } from './known-tokens.ts';
import type { KnownKey } from './keys.ts';
import type { Context } from './scheme.ts';
import { checkJws, checkSign1By } from './signature.ts';
import { byChain } from './token-chain.ts';
import type { VouchedKey, Voucher } from './trust.ts';

/** A signed claims set, opened but not believed: a CWT (COSE_Sign1) or a JWT. */
export type Token = {
  readonly form: 'cbor' | 'json';
  readonly claims: CborMap;
  /** Certificates of the token itself, or that the channel handed over beside it. */
  readonly certificates: readonly Uint8Array[];
  /** Throws EvidenceError unless this key signed it. */
  readonly checkSignature: (key: KnownKey) => void;
};

/** Opens a token by the form of its media type. Throws DecodeError. */
export function openToken(evidence: Evidence, { keys, freshness }: Pick<Context, 'keys'> & Partial<Pick<Context, 'freshness'>>): Token {
  if (evidence.mediaType === 'application/eat+jwt') {
    const jws = decodeJws(evidence.bytes);
    return {
      form: 'json',
      claims: jsonMapOf(decodeJson(jws.payload), 'JWT claims'),
      certificates: jws.certificates.length > 0 ? jws.certificates : evidence.certificates,
      checkSignature: key => checkJws(jws, key),
    };
  }
  const nonce = freshness?.kind === 'nonce' ? freshness.nonce : undefined;
  const known = nonce === undefined ? undefined : keys.tokens.recall(evidence.bytes, nonce);
  const opened = known ?? openCwt(evidence);
  const chain = coseChain(opened.message);
  return {
    form: 'cbor',
    claims: opened.claims,
    certificates: chain.length > 0 ? chain : evidence.certificates,
    checkSignature: key => {
      checkSign1By(opened.message, key);
      if (known === undefined && nonce !== undefined) keys.tokens.keep(evidence.bytes, nonce, opened);
    },
  };
}

/** The media type of a CWT says what it is without a tag (RFC 9711 §4, RFC 8392 §7.1); a PSA token has its tag always (RFC 9783 §5). */
function openCwt({ bytes, mediaType }: Evidence): OpenedCwt {
  const { payload, ...message } = decodeCose(bytes, mediaType === 'application/eat+cwt' ? 'sign1' : undefined);
  if (payload === undefined) throw new DecodeError('Cannot read CWT: its claims are detached');
  return { message: { ...message, payload }, claims: mapOf(decodeCbor(payload, { lenient: true }), 'CWT claims') };
}

/** Who stands behind the key that signed a token. */
export type Signer = {
  readonly voucher: Voucher;
  readonly keyHash: Hex;
  readonly authority: Authority;
  readonly subject: string;
  readonly issuer: string;
  readonly serial?: string;
  readonly vendor?: string;
  readonly model?: string;
  /** The class that the token must name, as bytes in hex; absent: any. */
  readonly classId?: Hex;
  readonly notAfter: Millis;
  /** The key that stands for the device, where its certificates say that it is not the one that signed. */
  readonly deviceKey?: Hex;
  /** What the certificates of its key measure (DICE): it is Evidence too, whatever the token says. */
  readonly chain?: Pick<ChainClaims, 'measured' | 'unappraised'>;
  /** Set iff its key is not trusted to attest. */
  readonly ownWord?: OwnWord;
};

/** Throws EvidenceError IDENTITY_MISMATCH unless the token names the class that its key is listed for. */
export function checkClass({ classId }: Signer, named: Hex | undefined): void {
  if (classId === undefined || classId === named) return;
  throw new EvidenceError('IDENTITY_MISMATCH', 'identity', 'Cannot accept token: its key is listed for another class of device', {
    expected: classId,
    seen: named ?? 'none',
  });
}

/**
 * The identity of a device that signs tokens: its one key is both the device's and the leaf's, unless its certificates know of another. Of which model it is and what
 * it runs is not its own word alone.
 */
export const identityBy = (signer: Signer, model: string | undefined, version: string | undefined): AttestedIdentity => ({
  ...(signer.serial === undefined ? {} : { serial: signer.serial }),
  subject: signer.subject,
  issuer: signer.issuer,
  deviceKey: signer.deviceKey ?? signer.keyHash,
  leafKey: signer.keyHash,
  anchor: signer.voucher.name,
  ...(signer.vendor === undefined ? {} : { vendor: signer.vendor }),
  ...(model === undefined || (signer.ownWord !== undefined && model !== signer.model) ? {} : { model }),
  ...(version === undefined || signer.ownWord !== undefined ? {} : { version }),
  notAfter: signer.notAfter,
});

/** Set on claims by a key that nobody trusts to attest. */
export const ownWordOf = ({ ownWord }: Signer): Pick<ChainClaims, 'isOwnWord'> => (ownWord === undefined ? {} : { isOwnWord: true });

/** 9999-12-31T23:59:59Z: a listed key counts until somebody takes it away. */
const never: Millis = 253_402_300_799_000;

/**
 * Finds the key that somebody here vouches for, and checks the signature with it: a key listed for the instance, else a chain up to an anchor. A listed
 * instance is that key's alone, whatever chain comes along. The key of a token is never taken on the token's own word. Throws EvidenceError.
 */
export function checkSigner(token: Token, instance: Hex | undefined, context: Context, checks: Checks): Signer {
  const listed = instance === undefined ? undefined : context.trust.keys.get(instance);
  const signer = listed === undefined || instance === undefined ? byChain(token, instance, context) : byListedKey(token, instance, listed);
  checks.pass('chain', `the signature is good; its key is vouched for by ${signer.voucher.name}`);
  if (signer.ownWord !== undefined) warnOwnWord(signer.ownWord, checks);
  return signer;
}

function byListedKey(token: Token, instance: Hex, listed: readonly VouchedKey[]): Signer {
  const key = listed.find((one, i) => isSignedBy(token, one.key, i === listed.length - 1));
  if (key === undefined)
    throw new EvidenceError('SIGNATURE_INVALID', 'chain', `Cannot verify token: its signature is by no key listed for ${instance}`);
  const known = signers.get(key);
  if (known?.serial === instance) return known;
  const signer = signerBy(key, instance);
  signers.set(key, signer);
  return signer;
}

/** Who stands behind listed keys, for as long as they are listed: the same object each time, so that what follows from it may be kept by it. */
const signers = new WeakMap<VouchedKey, Signer>();

function signerBy({ voucher, model, classId }: VouchedKey, instance: Hex): Signer {
  const subject = `instance ${instance}`;
  return {
    voucher,
    keyHash: voucher.keyHash,
    authority: { key: voucher.keyHash, name: subject },
    subject,
    issuer: voucher.name,
    serial: instance,
    ...(voucher.vendor === undefined ? {} : { vendor: voucher.vendor }),
    ...(model === undefined ? {} : { model }),
    ...(classId === undefined ? {} : { classId }),
    notAfter: never,
  };
}

/** The last key's complaint is the one that is told. */
function isSignedBy(token: Token, key: KnownKey, isLast: boolean): boolean {
  try {
    token.checkSignature(key);
    return true;
  } catch (error) {
    if (!(error instanceof EvidenceError) || isLast) throw error;
    return false;
  }
}
