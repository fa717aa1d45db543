import { createHash } from 'node:crypto';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import {
  type Answer,
  answer,
  type Chain,
  type ChainEdits,
  type CmsPlan,
  declaration,
  type Edit,
  elementsOf,
  extensionOids,
  type Fields,
  makeCdSigner,
  makeChain,
  makeKeys,
  makeParties,
  message,
  replaceExtension,
  spkiOf,
  goodFields,
} from '../vectors/matter.ts';
import { judge, nonce, type Site } from './matter-world.ts';

/** A good product, its site, and the means to make one thing about it wrong. */
export const parties = makeParties();
export const cdKeys = makeKeys();
export const testKeys = makeKeys();
export const firmware = new TextEncoder().encode('boot 1.2, application 3.4');
export const digest = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex');
export const [vid, pid] = ['1234', '00A1'];
export const ids = [0x1234, 0x00a1] as const;

export const good = makeChain(parties, vid, pid);
export const reference: ReferenceSet = {
  id: 'acme.json#1',
  vendor: '0x1234',
  model: '0x00A1',
  anchors: [digest(decodeCertificate(good.paa).spki)],
  components: [{ name: 'firmware', versions: [{ version: '3.4', alg: 'sha-256', digest: digest(firmware) }] }],
};
export const siteWith = (more: Partial<Site> = {}, chain = good): Site => ({
  anchors: [
    { name: 'paa', der: chain.paa, uses: ['matter-paa'] },
    { name: 'signer', der: makeCdSigner(cdKeys), uses: ['cd-signer'] },
    { name: 'test signer', der: makeCdSigner(testKeys), uses: ['cd-signer-test'] },
  ],
  referenceSets: [reference],
  matter: { revoked: [] },
  ...more,
});

export type Plan = {
  readonly edits?: ChainEdits;
  readonly fields?: Fields;
  readonly cms?: (plan: CmsPlan) => CmsPlan;
  readonly cdKeys?: typeof cdKeys;
  readonly firmware?: Uint8Array | null;
  readonly answer?: (cd: Uint8Array, chain: Chain) => Answer;
  readonly told?: { readonly vendorId?: number; readonly productId?: number };
};
export const site = siteWith();

/** One message, by default good in everything. */
export function make(plan: Plan = {}): { readonly bytes: Uint8Array; readonly chain: Chain } {
  const chain = plan.edits === undefined ? good : makeChain(parties, vid, pid, plan.edits);
  const cd = declaration(elementsOf({ ...goodFields(...ids), ...plan.fields }), plan.cdKeys ?? cdKeys, plan.cms);
  const said = plan.firmware === null ? undefined : (plan.firmware ?? firmware);
  const answered = plan.answer?.(cd, chain) ?? answer(cd, nonce, chain.dacKeys.privateKey, said);
  return { bytes: message({ dac: chain.dac, pai: chain.pai, ...answered, ...plan.told }), chain };
}
export const judged = (plan: Plan, more: Partial<Site> = {}) => {
  const { bytes: sent, chain } = make(plan);
  return judge(siteWith(more, chain))(sent);
};

/** Edits of certificates. */
export const setCritical = (which: string, critical: boolean): Edit => replaceExtension(which, e => ({ ...e, critical }));
export const setValue = (which: string, value: Uint8Array): Edit => replaceExtension(which, e => ({ ...e, value }));
export const remove = (which: string): Edit => replaceExtension(which, () => undefined);
export const add =
  (which: string, critical: boolean, value: Uint8Array): Edit =>
  p => ({ ...p, extensions: [...p.extensions, { oid: which, critical, value }] });
export const { basic: bc, usage: ku, skid, akid } = extensionOids;
export const sha1: Edit = p => ({ ...p, algorithm: '1.2.840.10045.4.1', hash: 'sha1' });
export const sha384: Edit = p => ({ ...p, algorithm: '1.2.840.10045.4.3.3', hash: 'sha384' });
export const spki =
  (curve: string): Edit =>
  p => ({ ...p, spki: spkiOf(makeKeys(curve)) });
export const valid =
  (notBefore: string, notAfter: string): Edit =>
  p => ({ ...p, notBefore, notAfter });
export const subject =
  (...attributes: (readonly [string, string])[]): Edit =>
  p => ({ ...p, subject: attributes });
