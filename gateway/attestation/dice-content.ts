import type { Hex } from '../model/address.ts';
import {
  decodeMultiTcbInfo,
  decodeMultiTcbInfoComp,
  decodeTcbFreshness,
  decodeTcbInfo,
  decodeUeid,
  diceArc,
  diceKeyPurposes,
  diceOids,
  type TcbInfo,
} from '../codec/dice.ts';
import { decodeOpenDiceInput, type OpenDiceInput } from '../codec/open-dice.ts';
import type { Certificate } from '../codec/x509.ts';

/** What one certificate of a chain says of the next layer. Untrusted until the path is checked. */
export type DiceContent = {
  readonly infos: readonly TcbInfo[];
  readonly input?: OpenDiceInput;
  readonly ueid?: Hex;
  /** The nonce of TcbFreshness. */
  readonly nonce?: Uint8Array;
  /** Measurements in forms that nothing appraises: their names. */
  readonly unappraised: readonly string[];
};

/** What certificates say, for as long as they live: one that is known is not read again. */
const contents = new WeakMap<Certificate, DiceContent>();

/** The DICE extensions of one certificate, critical or not. Throws DecodeError: what cannot be read is never "no measurements". */
export function contentOf(certificate: Certificate): DiceContent {
  const known = contents.get(certificate);
  if (known !== undefined) return known;
  const found = read(certificate);
  contents.set(certificate, found);
  return found;
}

function read(certificate: Certificate): DiceContent {
  const infos: TcbInfo[] = [];
  const unappraised: string[] = [];
  let found: Pick<DiceContent, 'input' | 'ueid' | 'nonce'> = {};
  for (const { oid, value } of certificate.extensions) {
    if (oid === diceOids.tcbInfo) infos.push(decodeTcbInfo(value));
    else if (oid === diceOids.multiTcbInfo) infos.push(...decodeMultiTcbInfo(value));
    else if (oid === diceOids.multiTcbInfoComp) infos.push(...decodeMultiTcbInfoComp(value));
    else if (oid === diceOids.ueid) found = { ...found, ueid: decodeUeid(value) };
    else if (oid === diceOids.tcbFreshness) found = { ...found, nonce: decodeTcbFreshness(value) };
    else if (oid === diceOids.openDiceInput) found = { ...found, input: decodeOpenDiceInput(value) };
    else {
      const name = notAppraised.get(oid);
      if (name !== undefined) unappraised.push(name);
    }
  }
  return { infos, ...found, unappraised };
}

/** Extensions that carry measurements in forms that nothing appraises here. */
const notAppraised: ReadonlyMap<string, string> = new Map([
  ['2.23.133.5.4.6', 'UCCS Evidence'],
  ['2.23.133.5.4.7', 'manifest Evidence'],
  [diceOids.conceptualMessageWrapper, 'conceptual message wrapper'],
  ['1.3.6.1.5.5.7.1.35', 'conceptual message wrapper'],
]);

/** Whether it measures a layer: then that layer, and all below it, are inside a device. */
export const hasLayers = ({ infos, input }: DiceContent): boolean => infos.length > 0 || input !== undefined;

/** Extensions of DICE: only what is inside a device has them. */
export const hasDiceExtension = (c: Certificate): boolean =>
  c.extensions.some(e => e.oid.startsWith(diceArc) || e.oid === diceOids.openDiceInput);

/** DICE extensions, or a DICE key purpose in extendedKeyUsage (Caliptra) or certificatePolicies (Oxide). CAs of vendors may have the latter for what they issue. */
export const hasDice = (c: Certificate): boolean => hasDiceExtension(c) || purposesOf(c).length > 0;

const purposesOf = (c: Certificate): readonly string[] => [...c.extendedKeyUsage, ...c.policies].filter(oid => oid.startsWith(diceArc));

/** The DICE key purposes of a certificate, by name where they have one; wherever it states them. */
export const keyPurposes = (c: Certificate): readonly string[] => [...new Set(purposesOf(c))].map(oid => diceKeyPurposes[oid] ?? oid);
