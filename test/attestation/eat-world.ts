import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { encode, Tagged } from 'cborg';
import { base64, base64url, claims, type Claims, fromHex, makeJws, makeSign1, spkiOf } from '../vectors/tokens.ts';
import type { ListedKey, ReferenceSet } from '../../gateway/model/trust.ts';
import { instance, judge, listedKey, nonce, part, psaClaims, setOf } from './token-world.ts';

/** EATs that hold others: a gateway of one vendor with a radio of another, each with a key that a person listed, and a rogue whose key nobody listed. */
export const radioInstance = `01${'d7'.repeat(32)}`;
export const radioKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const rogueKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const radioKey: ListedKey = {
  instance: radioInstance,
  spki: base64(spkiOf(radioKeys.publicKey)),
  vendor: 'Radio Works',
  model: 'RW-9',
};
export const outerSet = setOf(part('firmware', 'ab'.repeat(32)));
export const radioSet: ReferenceSet = {
  ...setOf(part('modem', 'cd'.repeat(32))),
  id: 'radio.json#1',
  vendor: 'Radio Works',
  model: 'RW-9',
};

export const componentOf = (name: string, byte: number): Uint8Array => encode(claims([1, [name]], [2, [1, new Uint8Array(32).fill(byte)]]));
const withChanges = (good: Readonly<Record<number, unknown>>, changed: Readonly<Record<number, unknown>>): Claims =>
  claims(...Object.entries({ ...good, ...changed }).flatMap(([k, v]) => (v === undefined ? [] : [[Number(k), v] as const])));

type Changes = Readonly<Record<number, unknown>>;
/** The token of the gateway, as CWT. */
export const outer = (changed: Changes = {}, key?: KeyObject): Uint8Array =>
  makeSign1(encode(withChanges({ 10: nonce, 256: fromHex(instance), 263: 3, 273: [[295, componentOf('firmware', 0xab)]] }, changed)), {
    ...(key === undefined ? {} : { key }),
  });
/** The token of its radio, as CWT. */
export const radio = (changed: Changes = {}, key: KeyObject = radioKeys.privateKey): Uint8Array =>
  makeSign1(encode(withChanges({ 10: nonce, 256: fromHex(radioInstance), 273: [[295, componentOf('modem', 0xcd)]] }, changed)), { key });

const jsonClaims = (ueid: string, name: string, byte: number): Record<string, unknown> => ({
  eat_nonce: base64url(nonce),
  ueid: base64url(fromHex(ueid)),
  measurements: [[296, JSON.stringify({ id: [name], digest: ['sha-256', base64url(new Uint8Array(32).fill(byte))] })]],
});
/** The same as JWT. */
export const outerJwt = (more: Record<string, unknown> = {}): Uint8Array =>
  makeJws(JSON.stringify({ ...jsonClaims(instance, 'firmware', 0xab), ...more }));
export const radioJwt = (more: Record<string, unknown> = {}): string =>
  Buffer.from(makeJws(JSON.stringify({ ...jsonClaims(radioInstance, 'modem', 0xcd), ...more }), { key: radioKeys.privateKey })).toString();

export const sha256Of = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest());
export const submods = (...entries: readonly (readonly [string, unknown])[]): Claims => claims(...entries);
/** A bundle of CBOR: a token, as bytes or text, and detached claims sets. */
export const bundle = (token: unknown, sets: Readonly<Record<string, Uint8Array>>, tag = 602): Uint8Array =>
  encode(new Tagged(tag, [token, new Map(Object.entries(sets))]));

/** A Verifier that knows both devices. */
export const ofCwt = (bytes: Uint8Array, options: Parameters<typeof judge>[1] = {}): ReturnType<typeof judge> =>
  judge(bytes, { mediaType: 'application/eat+cwt', keys: [listedKey, radioKey], sets: [outerSet, radioSet], ...options });

/** A PSA token of the radio. */
export const psaOfRadio = (changed: Changes = {}): Uint8Array =>
  makeSign1(encode(psaClaims({ 256: fromHex(radioInstance), ...changed })), { key: radioKeys.privateKey });
