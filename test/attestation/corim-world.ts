import { createPublicKey } from 'node:crypto';
import { encode, Tagged } from 'cborg';
import { type ReferenceFile, readCorim } from '../../gateway/attestation/corim.ts';
import { ReferenceFileError, readReferenceKey, type ReferenceKey } from '../../gateway/attestation/reference-values.ts';
import { type AlgorithmName, coseIds, fromHex, keyPairs, makeSign1, signBytes } from '../vectors/tokens.ts';

/** CoRIMs of our own: values as the draft's maps have them, by label. */
export type Labels = ReadonlyMap<number | string, unknown>;
export const labels = (fields: Readonly<Record<string, unknown>>): Labels =>
  new Map(
    Object.entries(fields).flatMap(([label, value]) =>
      value === undefined ? [] : [[/^-?\d+$/.test(label) ? Number(label) : label, value] as const],
    ),
  );
export const bytes = (fill: number, length = 32): Uint8Array => new Uint8Array(length).fill(fill);
export const tagged = (tag: number, value: unknown): Tagged => new Tagged(tag, value);

export const refKey = (name: AlgorithmName): ReferenceKey =>
  readReferenceKey(`${name}.refval.pem`, createPublicKey(keyPairs[name].privateKey).export({ type: 'spki', format: 'pem' }).toString());

export const digests = (fill: number, alg: number | string = 1): unknown => [[alg, bytes(fill)]];
/** One measurement-map: `values` by label, `key` as it stands. */
export const measurement = (values: Readonly<Record<string, unknown>>, key?: unknown): Labels => labels({ 0: key, 1: labels(values) });
export const environment = (named: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): Labels =>
  labels({ 0: labels(named), ...more });
export const comid = (triples: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): Uint8Array =>
  encode(labels({ 1: labels({ 0: 'acme/gizmo' }), 4: labels(triples), ...more }));
export const corim = (comids: readonly Uint8Array[], more: Readonly<Record<string, unknown>> = {}): Uint8Array =>
  encode(tagged(501, labels({ 0: 'acme', 1: comids.map(one => tagged(506, one)), ...more })));

const meta = encode(labels({ 0: labels({ 0: 'ACME Ltd.' }) }));
export const protectedHeader = (name: AlgorithmName, more: Readonly<Record<string, unknown>> = {}): Labels =>
  labels({ 1: coseIds[name], 3: 'application/rim+cbor', 8: meta, ...more });
export const signed = (payload: Uint8Array, name: AlgorithmName = 'ES256', header = protectedHeader(name)): Uint8Array =>
  makeSign1(payload, { algorithm: name, header });
/** What an operator puts beside an unsigned one. */
export const detached = (file: Uint8Array): string => Buffer.from(signBytes('EdDSA', file)).toString('base64');

const keys = [refKey('EdDSA'), refKey('ES256')];
/** Read by who trusts two keys. */
export const read = (file: Uint8Array, sig?: string): ReferenceFile => readCorim('acme.corim', file, keys, sig);
export const readUnsigned = (file: Uint8Array): ReferenceFile => read(file, detached(file));

export const dice = { 1: 'Acme Sensors', 2: 'TempSense-2', 3: 1 };
export const plainTriple = [environment(dice), [measurement({ 0: labels({ 0: '1.0' }), 1: tagged(553, 4), 2: digests(0x11) })]];
/** A CoRIM with nothing wrong in it: of one layer of a DICE device. */
export const good = corim([comid({ 0: [plainTriple] })]);

export const psa2025 = 'tag:arm.com,2025:psa#1.0.0';
export const psa1 = 'http://arm.com/psa/iot/1';
export const implementation = fromHex('aa'.repeat(32));
export const psaPart = (name: string, fill: number, signer = bytes(0x99)): Labels =>
  measurement({ 2: digests(fill), 11: name, 13: [tagged(560, signer)] }, 'psa.software-component');

/** Why a file of reference values is refused; `accepted` when it is not. */
export function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ReferenceFileError) return error.message;
    throw error;
  }
  return 'accepted';
}
