import { createHash } from 'node:crypto';
import type { Digest } from '../model/attestation.ts';
import type { ReferenceSet } from '../model/trust.ts';
import { sameBytes } from '../codec/bytes.ts';
import { encodeCborBytes } from '../codec/cbor.ts';
import { DecodeError } from '../codec/reader.ts';
import { decodeSuitEnvelope, decodeSuitManifest, type SuitEnvelope, type SuitManifest } from '../codec/suit.ts';
import type { SuitDigest } from '../codec/suit-digest.ts';
import type { ReferenceFile } from './corim.ts';
import { sha256 } from './evidence.ts';
import { EvidenceError } from './evidence-error.ts';
import { KeyCache } from './keys.ts';
import { type ReferenceKey, ReferenceFileError, signerOf } from './reference-values.ts';
import { checkSign1 } from './signature.ts';
import type { SuitMap } from './suit-map.ts';

const hashes: { readonly [alg in SuitDigest['alg']]: string } = { 'sha-256': 'sha256', 'sha-384': 'sha384', 'sha-512': 'sha512' };

/** Reads a SUIT envelope that a key of ours signed, or for which somebody here signed (`detached`). Throws ReferenceFileError. */
export function readSuit(
  name: string,
  bytes: Uint8Array,
  keys: readonly ReferenceKey[],
  maps: readonly SuitMap[],
  detached?: string,
): ReferenceFile {
  try {
    const operator = detached === undefined ? undefined : signerOf(name, bytes, detached, keys).name;
    const envelope = decodeSuitEnvelope(bytes);
    const signedBy = operator ?? signerOfEnvelope(name, envelope, keys);
    // The digest is over the manifest as the byte string that it stands in, head and all (§8.3).
    checkDigest(envelope.digest, envelope.manifest, 'the manifest');
    const manifest = decodeSuitManifest(envelope.manifest, envelope.severed);
    checkSevered(envelope, manifest);
    const set = { ...setOf(manifest, maps), id: `${name}#1 sha256:${sha256(bytes)}`, source: 'suit' as const, signedBy };
    return { sets: [set], keys: [] };
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof EvidenceError)) throw error;
    throw new ReferenceFileError(`Cannot use ${name}: ${error.message}`);
  }
}

/** The signature is over the encoded SUIT_Digest, which the COSE_Sign1 does not carry. */
function signerOfEnvelope(name: string, { signed, proofs }: SuitEnvelope, keys: readonly ReferenceKey[]): string {
  const cache = new KeyCache(keys.length + 1);
  const signs = proofs.filter(proof => proof.kind === 'sign1');
  const by = keys.find(({ key }) =>
    signs.some(proof => {
      try {
        checkSign1(proof, key.export({ format: 'der', type: 'spki' }), cache, proof.payload === undefined ? { payload: signed } : {});
        return proof.payload === undefined || sameBytes(proof.payload, signed);
      } catch (error) {
        if (!(error instanceof EvidenceError)) throw error;
        return false;
      }
    }),
  );
  if (by !== undefined) return by.name;
  const what = signs.length === 0 ? 'it has no COSE_Sign1' : `its signature is by none of ${keys.length} reference-value keys`;
  throw new ReferenceFileError(`Cannot trust ${name}: ${what}`);
}

function checkDigest({ alg, value }: SuitDigest, bytes: Uint8Array, what: string): void {
  if (!sameBytes(createHash(hashes[alg]).update(encodeCborBytes(bytes)).digest(), value))
    throw new DecodeError(`the digest of ${what} is another`);
}

/** A member that was taken out and came along must be the one that the manifest names. */
function checkSevered({ severed }: SuitEnvelope, manifest: SuitManifest): void {
  for (const [label, bytes] of severed) {
    const digest = manifest.severed.get(label);
    if (digest === undefined) throw new DecodeError(`it brings a member ${label} that its manifest does not name`);
    checkDigest(digest, bytes, `the severed member ${label}`);
  }
}

function setOf(manifest: SuitManifest, maps: readonly SuitMap[]): Omit<ReferenceSet, 'id'> {
  const { vendorIds, classIds, sequence } = manifest;
  const [vendorId, classId] = [vendorIds[0], classIds[0]];
  if (vendorId === undefined || classId === undefined || vendorIds.length > 1 || classIds.length > 1)
    throw new DecodeError(`it is for ${vendorIds.length} vendors and ${classIds.length} classes, wanted one of each`);
  if (manifest.isForSingleDevices) throw new DecodeError('it is for single devices');
  if (manifest.hasDependencies) throw new DecodeError('it depends on other manifests, which name the rest of its images');
  const map = maps.find(m => m.vendorId === vendorId && m.classId === classId);
  const components = map === undefined ? plainComponents(manifest) : mappedComponents(manifest, map);
  if (components.length === 0) throw new DecodeError('it names no image by a digest');
  return {
    vendor: map?.vendor ?? vendorId,
    model: map?.model ?? classId,
    // Without a map the class is what it says; with one, what the map says.
    ...(map === undefined ? { classId } : {}),
    ...(map?.anchors === undefined ? {} : { anchors: map.anchors }),
    sequence,
    components,
  };
}

/** Until somebody says more, a component is measured under its own name, and as the image. */
const plainComponents = (manifest: SuitManifest): ReferenceSet['components'] =>
  [...manifest.images].map(([index, digests]) => {
    const name = manifest.components[index] ?? '';
    return { name, key: name, versions: versionsOf(manifest, digests) };
  });

function mappedComponents(manifest: SuitManifest, map: SuitMap): ReferenceSet['components'] {
  return map.components.map(({ component, ...wanted }) => {
    const digests = manifest.images.get(manifest.components.indexOf(component));
    if (digests === undefined) throw new DecodeError(`it names no image of the component ${JSON.stringify(component.slice(0, 80))}`);
    const measured = digests.map(d => measuredFor(d, map));
    return { ...wanted, versions: versionsOf(manifest, measured) };
  });
}

function measuredFor(image: Digest, { measured }: SuitMap): Digest {
  const known = measured.find(m => m.image === image.value);
  return known === undefined ? image : { alg: known.alg, value: known.digest };
}

/** The version of a manifest is its sequence number (§8.4.2). Slots are alternatives, each a version of its own. */
function versionsOf({ sequence, version }: SuitManifest, digests: readonly Digest[]): ReferenceSet['components'][number]['versions'] {
  const name = version === undefined ? `update ${sequence}` : `${version}, update ${sequence}`;
  return digests.map(({ alg, value }, i) => ({ version: i === 0 ? name : `${name} (${i + 1})`, alg, digest: value }));
}
