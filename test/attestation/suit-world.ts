import { createHash } from 'node:crypto';
import { encode } from 'cborg';
import { type AlgorithmName, coseIds, makeSign1 } from '../vectors/tokens.ts';
import { bytes, labels, tagged } from './corim-world.ts';

/** SUIT envelopes of our own, right or wrong on purpose. */
export const vendorId = bytes(0xfa, 16);
export const classId = bytes(0x14, 16);
export const wrapped = (value: unknown): Uint8Array => encode(value);
/** SUIT_Digest over a member as the byte string that it stands in. */
export const digestOf = (member: Uint8Array): readonly unknown[] => [-16, createHash('sha256').update(encode(member)).digest()];
export const image = (fill: number): Uint8Array => wrapped([-16, bytes(fill)]);
export const parameters = (more: Readonly<Record<string, unknown>>): unknown => labels({ 1: vendorId, 2: classId, ...more });

type Plan = {
  readonly sequence?: number;
  readonly shared?: readonly unknown[];
  readonly components?: readonly unknown[];
  readonly common?: Readonly<Record<string, unknown>>;
  readonly members?: Readonly<Record<string, unknown>>;
};
export const suitManifest = ({ sequence = 7, shared, components, common = {}, members = {} }: Plan = {}): Uint8Array =>
  wrapped(
    labels({
      1: 1,
      2: sequence,
      3: wrapped(
        labels({
          2: components ?? [[bytes(0, 1)]],
          4: wrapped(shared ?? [20, parameters({ 3: image(0x11) }), 1, 15, 2, 15]),
          ...common,
        }),
      ),
      7: wrapped([3, 15]),
      ...members,
    }),
  );

type Signing = {
  readonly name?: AlgorithmName;
  readonly digest?: Uint8Array;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly proofs?: readonly Uint8Array[];
};
/** The envelope around a manifest, signed over its digest, which the signature does not carry. */
export function suitEnvelope(manifest: Uint8Array, { name = 'ES256', digest, more = {}, proofs }: Signing = {}): Uint8Array {
  const signed = digest ?? wrapped(digestOf(manifest));
  const proof = makeSign1(signed, { algorithm: name, header: labels({ 1: coseIds[name] }), detached: true });
  return encode(tagged(107, labels({ 2: wrapped([signed, ...(proofs ?? [proof])]), 3: manifest, ...more })));
}
