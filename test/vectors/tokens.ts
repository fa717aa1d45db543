import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encode, Tagged } from 'cborg';

/** Tokens of our own, made with node:crypto: COSE_Sign1, COSE_Mac0 and compact JWS over any claims, right or wrong on purpose. */
export type Claims = ReadonlyMap<number | string, unknown>;
export const claims = (...entries: readonly (readonly [number | string, unknown])[]): Claims => new Map(entries);
export const spkiOf = (key: KeyObject): Uint8Array => Uint8Array.from(key.export({ format: 'der', type: 'spki' }));
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');
export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s+/g, ''), 'hex'));

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** Key pairs by the name of the algorithm that they serve. */
export const keyPairs = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: generateKeyPairSync('ed25519'),
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
} as const;
export type AlgorithmName = keyof typeof keyPairs;
export const coseIds: Readonly<Record<AlgorithmName, number>> = {
  ES256: -7,
  ES384: -35,
  ES512: -36,
  EdDSA: -8,
  PS256: -37,
  PS384: -38,
  PS512: -39,
};

export function signBytes(name: AlgorithmName, data: Uint8Array, key: KeyObject = keyPairs[name].privateKey): Uint8Array {
  switch (name) {
    case 'EdDSA':
      return sign(null, data, key);
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return sign(name.replace('PS', 'sha'), data, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: Number(name.slice(2)) / 8,
      });
    case 'ES256':
    case 'ES384':
    case 'ES512':
      return sign({ ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' }[name], data, { key, dsaEncoding: 'ieee-p1363' });
  }
}

type CoseOptions = {
  readonly algorithm?: AlgorithmName;
  readonly key?: KeyObject;
  /** Instead of `{ 1: algorithm }`. */
  readonly header?: ReadonlyMap<number | string, unknown>;
  readonly unprotected?: ReadonlyMap<number | string, unknown>;
  readonly detached?: boolean;
  readonly externalAad?: Uint8Array;
  /** undefined: tag 18. */
  readonly tags?: readonly number[];
};

export function makeSign1(payload: Uint8Array, options: CoseOptions = {}): Uint8Array {
  const algorithm = options.algorithm ?? 'ES256';
  const header = encode(options.header ?? new Map([[1, coseIds[algorithm]]]));
  const signed = encode(['Signature1', header, options.externalAad ?? new Uint8Array(), payload]);
  const parts = [
    header,
    options.unprotected ?? new Map(),
    options.detached === true ? null : payload,
    signBytes(algorithm, signed, options.key),
  ];
  return encode((options.tags ?? [18]).reduceRight<unknown>((inner, tag) => new Tagged(tag, inner), parts));
}

export function makeMac0(payload: Uint8Array, secret: Uint8Array, length = 32): Uint8Array {
  const header = encode(new Map([[1, 5]]));
  const tag = createHmac('sha256', secret)
    .update(encode(['MAC0', header, new Uint8Array(), payload]))
    .digest()
    .subarray(0, length);
  return encode(new Tagged(17, [header, new Map(), payload, Uint8Array.from(tag)]));
}

type JwsOptions = { readonly algorithm?: AlgorithmName; readonly key?: KeyObject; readonly header?: string };
/** `body` is JSON text, so that it may be wrong; `header` too. */
export function makeJws(body: string, options: JwsOptions = {}): Uint8Array {
  const algorithm = options.algorithm ?? 'ES256';
  const input = `${base64url(options.header ?? JSON.stringify({ alg: algorithm, typ: 'JWT' }))}.${base64url(body)}`;
  return Buffer.from(`${input}.${base64url(signBytes(algorithm, Buffer.from(input), options.key))}`);
}
