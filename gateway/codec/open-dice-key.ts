import { bytesOf, type CborMap, intOf, listOf } from './cbor.ts';
import { DecodeError } from './reader.ts';
import { keyKind, type KeyKind } from './x509-key.ts';

/** A COSE_Key (RFC 9052 §7, RFC 9053 §7) as SubjectPublicKeyInfo. What is not of our kinds has its own bytes nowhere and kind `other`, to be refused by name. */
export type PublicKey = { readonly spki: Uint8Array; readonly key: KeyKind };

/** COSE_Key labels: kty 1, alg 3, key_ops 4, crv -1, x -2, y -3. */
const curves: ReadonlyMap<number, { readonly bytes: number; readonly alg: number; readonly prefix: string }> = new Map([
  [1, { bytes: 32, alg: -7, prefix: '3059301306072a8648ce3d020106082a8648ce3d03010703420004' }],
  [2, { bytes: 48, alg: -35, prefix: '3076301006072a8648ce3d020106052b8104002203620004' }],
  [3, { bytes: 66, alg: -36, prefix: '30819b301006072a8648ce3d020106052b810400230381860004' }],
]);
const ed25519Prefix = '302a300506032b6570032100';
const verifyOperation = 2;

/** Reads a public key for checking signatures. Throws DecodeError when it is none, or is kept for another algorithm. */
export function publicKeyOf(key: CborMap): PublicKey {
  const kty = intOf(key.get(1), 'COSE_Key kty');
  const operations = key.get(4);
  if (operations !== undefined && !listOf(operations, 'COSE_Key key_ops').includes(verifyOperation))
    throw new DecodeError('Cannot use COSE_Key: its key_ops do not allow to verify');
  const alg = key.get(3) === undefined ? undefined : intOf(key.get(3), 'COSE_Key alg');
  if (key.has(-4)) throw new DecodeError('Cannot use COSE_Key: it holds a private key');
  if (kty === 2) {
    const id = intOf(key.get(-1), 'COSE_Key crv');
    const curve = curves.get(id);
    if (curve === undefined) return other(`elliptic curve ${id} of COSE`);
    checkAlgorithm(alg, curve.alg);
    const [x, y] = [
      bytesOf(key.get(-2), 'COSE_Key x', curve.bytes, curve.bytes),
      bytesOf(key.get(-3), 'COSE_Key y', curve.bytes, curve.bytes),
    ];
    return spkiOf(curve.prefix, x, y);
  }
  if (kty === 1) {
    const id = intOf(key.get(-1), 'COSE_Key crv');
    if (id !== 6) return other(`key pair curve ${id} of COSE`);
    checkAlgorithm(alg, -8);
    return spkiOf(ed25519Prefix, bytesOf(key.get(-2), 'COSE_Key x', 32, 32));
  }
  return other(`COSE key type ${kty}${alg === undefined ? '' : ` for algorithm ${alg}`}`);
}

const other = (found: string): PublicKey => ({ spki: new Uint8Array(), key: { kind: 'other', found } });

function checkAlgorithm(alg: number | undefined, wanted: number): void {
  if (alg !== undefined && alg !== wanted) throw new DecodeError(`Cannot use COSE_Key: algorithm ${alg} for this curve`);
}

function spkiOf(prefix: string, ...parts: readonly Uint8Array[]): PublicKey {
  const head = Array.from({ length: prefix.length / 2 }, (_, i) => Number.parseInt(prefix.slice(2 * i, 2 * i + 2), 16));
  const spki = Uint8Array.of(...head, ...parts.flatMap(part => [...part]));
  return { spki, key: keyKind(spki) };
}

/** r ‖ s (RFC 9053 §2.1) as ECDSA-Sig-Value (RFC 3279 §2.2.3). Throws DecodeError unless both have `size` bytes. */
export function ecdsaSignature(proof: Uint8Array, size: number): Uint8Array {
  if (proof.length !== 2 * size) throw new DecodeError(`Cannot read signature: ${proof.length} bytes, wanted ${2 * size}`);
  const [r, s] = [unsignedInteger(proof.subarray(0, size)), unsignedInteger(proof.subarray(size))];
  const length = r.length + s.length;
  return Uint8Array.of(0x30, ...(length < 128 ? [length] : [0x81, length]), ...r, ...s);
}

function unsignedInteger(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex(byte => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  const padded = (digits[0] ?? 0) > 127 ? Uint8Array.of(0, ...digits) : digits;
  return Uint8Array.of(0x02, padded.length, ...padded);
}
