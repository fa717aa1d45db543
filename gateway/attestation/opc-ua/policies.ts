import { constants, createHash, privateDecrypt, publicEncrypt, sign, verify, type KeyObject } from 'node:crypto';
import { concat } from '../../codec/bytes.ts';
import { asymmetricHeader, chunkHeader } from '../../codec/opc-ua-channel.ts';
import { DecodeError } from '../../codec/reader.ts';

/** A security policy with RSA (OPC 10000-7 §6.6): what signs and what encrypts an OpenSecureChannel. SHA-1 stands in OAEP alone, where nothing rests on it. */
export type OpcUaPolicy = { readonly name: string; readonly uri: string; readonly isPss: boolean; readonly oaepHash: 'sha1' | 'sha256' };
const policy = (name: string, isPss: boolean, oaepHash: OpcUaPolicy['oaepHash']): OpcUaPolicy => ({
  name,
  uri: `http://opcfoundation.org/UA/SecurityPolicy#${name}`,
  isPss,
  oaepHash,
});
/** Those that we open channels with, the strongest first. Basic128Rsa15 and Basic256 sign with SHA-1. */
export const opcUaPolicies: readonly OpcUaPolicy[] = [
  policy('Aes256_Sha256_RsaPss', true, 'sha256'),
  policy('Aes128_Sha256_RsaOaep', false, 'sha1'),
  policy('Basic256Sha256', false, 'sha1'),
];
export const policyOf = (uri: string): OpcUaPolicy | undefined => opcUaPolicies.find(p => p.uri === uri);

/** Octets of a channel's nonce, by all of these policies. */
export const channelNonceBytes = 32;

const signing = ({ isPss }: OpcUaPolicy, key: KeyObject) =>
  isPss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : { key, padding: constants.RSA_PKCS1_PADDING };

/** Whether the RSA key made the signature of a message. */
export const isSignedMessage = (by: OpcUaPolicy, signed: Uint8Array, signature: Uint8Array, key: KeyObject): boolean =>
  verify('sha256', signed, signing(by, key), signature);

/** Octets of an RSA key's blocks and signatures. */
export const keyBytes = (key: KeyObject): number => (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
const hashBytes = { sha1: 20, sha256: 32 } as const;

/** Both ends of a channel to be: our certificate and key, and the server's certificate, whose key we encrypt to. */
export type ChannelKeys = {
  readonly certificate: Uint8Array;
  readonly key: KeyObject;
  readonly server: Uint8Array;
  readonly serverKey: KeyObject;
};
export const thumbprint = (certificate: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(certificate).digest());

/** An OPN, signed by us and encrypted to the server (OPC 10000-6 §6.7.2.5, §6.7.4). `plain`: sequence header and body. */
export function sealOpen(by: OpcUaPolicy, { certificate, key, server, serverKey }: ChannelKeys, plain: Uint8Array): Uint8Array {
  const header = asymmetricHeader(by.uri, certificate, thumbprint(server));
  const [block, ours] = [keyBytes(serverKey), keyBytes(key)];
  const room = block - 2 * hashBytes[by.oaepHash] - 2;
  // One octet says how much padding there is, and a second one for keys longer than 2048 bits.
  const counts = block > 256 ? 2 : 1;
  const padding = (room - ((plain.length + counts + ours) % room)) % room;
  const padded = concat(
    plain,
    Uint8Array.of(padding & 255),
    new Uint8Array(padding).fill(padding & 255),
    counts === 2 ? Uint8Array.of(padding >> 8) : new Uint8Array(0),
  );
  const blocks = (padded.length + ours) / room;
  const before = concat(chunkHeader('OPN', header.length + blocks * block), header);
  const signature = new Uint8Array(sign('sha256', concat(before, padded), signing(by, key)));
  const clear = concat(padded, signature);
  const encrypted = Array.from(
    { length: blocks },
    (_, i) =>
      new Uint8Array(
        publicEncrypt(
          { key: serverKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: by.oaepHash },
          clear.subarray(i * room, (i + 1) * room),
        ),
      ),
  );
  return concat(before, ...encrypted);
}

/** Most blocks of an answer: an OPN needs two or three. */
const maxBlocks = 16;

/** Decrypts what the server encrypted to us. Throws DecodeError. */
export function decryptOpened(by: OpcUaPolicy, key: KeyObject, encrypted: Uint8Array): Uint8Array {
  const block = keyBytes(key);
  const blocks = encrypted.length / block;
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > maxBlocks)
    throw new DecodeError(`Cannot decrypt OPC UA: ${encrypted.length} bytes`);
  try {
    return concat(
      ...Array.from(
        { length: blocks },
        (_, i) =>
          new Uint8Array(
            privateDecrypt(
              { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: by.oaepHash },
              encrypted.subarray(i * block, (i + 1) * block),
            ),
          ),
      ),
    );
  } catch (error) {
    // What OpenSSL says of a block that is none of ours.
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new DecodeError('Cannot decrypt OPC UA: it is not encrypted to us');
  }
}
