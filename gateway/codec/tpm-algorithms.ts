/** TPM_ALG_ID of the hashes (TCG Algorithm Registry): our name, that of node:crypto, the IANA named-information name, and the length in bytes. */
export const tpmHashes = {
  0x0004: { name: 'sha1', iana: 'sha-1', bytes: 20, isAccepted: false },
  0x000b: { name: 'sha256', iana: 'sha-256', bytes: 32, isAccepted: true },
  0x000c: { name: 'sha384', iana: 'sha-384', bytes: 48, isAccepted: true },
  0x000d: { name: 'sha512', iana: 'sha-512', bytes: 64, isAccepted: true },
  0x0012: { name: 'sm3', iana: 'sm3', bytes: 32, isAccepted: false },
  0x0027: { name: 'sha3-256', iana: 'sha3-256', bytes: 32, isAccepted: true },
  0x0028: { name: 'sha3-384', iana: 'sha3-384', bytes: 48, isAccepted: true },
  0x0029: { name: 'sha3-512', iana: 'sha3-512', bytes: 64, isAccepted: true },
} as const;
export type TpmHash = (typeof tpmHashes)[keyof typeof tpmHashes];

const byId = new Map<number, TpmHash>(Object.entries(tpmHashes).map(([id, hash]) => [Number(id), hash]));
const byName = new Map<string, TpmHash>(Object.values(tpmHashes).map(hash => [hash.name, hash]));

/** The hash of a TPM_ALG_ID; undefined when it is none that we know. */
export const tpmHash = (id: number): TpmHash | undefined => byId.get(id);
/** The hash of one of our names: `sha256`. */
export const tpmHashNamed = (name: string): TpmHash | undefined => byName.get(name);

/** TPM_ALG_ID of everything else that stands in keys and signatures. */
export const tpmAlgorithms = {
  rsa: 0x0001,
  null: 0x0010,
  rsassa: 0x0014,
  rsaes: 0x0015,
  rsapss: 0x0016,
  oaep: 0x0017,
  ecdsa: 0x0018,
  ecdaa: 0x001a,
  ecc: 0x0023,
} as const;

/** TPM_ECC_CURVE of the curves that we accept. */
const tpmCurves = {
  0x0003: { name: 'P-256', bytes: 32 },
  0x0004: { name: 'P-384', bytes: 48 },
  0x0005: { name: 'P-521', bytes: 66 },
} as const;
export type TpmCurve = (typeof tpmCurves)[keyof typeof tpmCurves];
const curveById = new Map<number, TpmCurve>(Object.entries(tpmCurves).map(([id, curve]) => [Number(id), curve]));
export const tpmCurve = (id: number): TpmCurve | undefined => curveById.get(id);
