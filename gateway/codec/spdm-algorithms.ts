/** Algorithms of SPDM by their bit in NEGOTIATE_ALGORITHMS and ALGORITHMS (DSP0274 §10.4). Only those that we offer; no SHA-1 stands in the protocol. */

/** A signature: the only kind of key that may make it, and its length. */
export type SpdmSignature = {
  readonly name: string;
  readonly key: 'rsa' | 'P-256' | 'P-384' | 'P-521' | 'ed25519';
  /** Of an RSA key. */
  readonly bits?: number;
  readonly isPss?: true;
  readonly bytes: number;
};
const rsa = (bits: number, isPss: boolean): SpdmSignature => ({
  name: `${isPss ? 'RSAPSS' : 'RSASSA'} ${bits}`,
  key: 'rsa',
  bits,
  ...(isPss ? { isPss } : {}),
  bytes: bits / 8,
});
const ed25519Bit = 10;
const signatures: ReadonlyMap<number, SpdmSignature> = new Map([
  [0, rsa(2048, false)],
  [1, rsa(2048, true)],
  [2, rsa(3072, false)],
  [3, rsa(3072, true)],
  [4, { name: 'ECDSA P-256', key: 'P-256', bytes: 64 }],
  [5, rsa(4096, false)],
  [6, rsa(4096, true)],
  [7, { name: 'ECDSA P-384', key: 'P-384', bytes: 96 }],
  [8, { name: 'ECDSA P-521', key: 'P-521', bytes: 132 }],
  [ed25519Bit, { name: 'Ed25519', key: 'ed25519', bytes: 64 }],
]);

/** A hash: `name` is node:crypto's, `iana` the one of our digests. */
export type SpdmHash = { readonly name: string; readonly iana: string; readonly bytes: number };
const sha2: readonly SpdmHash[] = [
  { name: 'sha256', iana: 'sha-256', bytes: 32 },
  { name: 'sha384', iana: 'sha-384', bytes: 48 },
  { name: 'sha512', iana: 'sha-512', bytes: 64 },
];
const sha3: readonly SpdmHash[] = [
  { name: 'sha3-256', iana: 'sha3-256', bytes: 32 },
  { name: 'sha3-384', iana: 'sha3-384', bytes: 48 },
  { name: 'sha3-512', iana: 'sha3-512', bytes: 64 },
];
const baseHashes: ReadonlyMap<number, SpdmHash> = new Map(sha2.map((hash, bit) => [bit, hash]));
/** Bit 0 says that there are no digests, only raw values. The responder chooses these, we offer none. */
const measurementHashes: ReadonlyMap<number, SpdmHash> = new Map([...sha2, ...sha3].map((hash, i) => [i + 1, hash]));

const mask = (bits: Iterable<number>): number => [...bits].reduce((sum, bit) => sum | (1 << bit), 0);
/** What we offer; EdDSA came with 1.2. */
export const offeredSignatures = (version: number): number =>
  mask([...signatures.keys()].filter(bit => bit !== ed25519Bit || version >= 0x12));
export const offeredHashes: number = mask(baseHashes.keys());

/** The one bit of a selection; undefined unless exactly one is set. */
function only(selection: number): number | undefined {
  const bit = 31 - Math.clz32(selection);
  return selection !== 0 && selection >>> 0 === (1 << bit) >>> 0 ? bit : undefined;
}
const chosen = <T>(table: ReadonlyMap<number, T>, selection: number): T | undefined => {
  const bit = only(selection);
  return bit === undefined ? undefined : table.get(bit);
};
/** Undefined unless exactly one algorithm of ours is selected. */
export const selectedSignature = (selection: number): SpdmSignature | undefined => chosen(signatures, selection);
export const selectedHash = (selection: number): SpdmHash | undefined => chosen(baseHashes, selection);
/** `raw` when the responder hashes nothing. */
export const selectedMeasurementHash = (selection: number): SpdmHash | 'raw' | undefined =>
  selection === 1 ? 'raw' : chosen(measurementHashes, selection);
