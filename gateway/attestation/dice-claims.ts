import type { TcbInfo } from '../codec/dice.ts';
import { configurationDigest, configurationOf, digestOf, type OpenDiceInput } from '../codec/open-dice.ts';
import type { Authority, MeasuredClaim } from './claims.ts';

/** DICE measurements as claims, the same for X.509 and CBOR. Each has the authority that signed the certificate in which it stands. */

/** A DiceTcbInfo is one claim, and one more for each integrity register, whose `key` is `ir-` and its name or number. */
export function tcbClaims({ registers, ...info }: TcbInfo, by: Authority): readonly MeasuredClaim[] {
  const { version: _, svn: __, flags: ___, digests: ____, ...environment } = info;
  return [{ ...info, by }, ...registers.map(register => ({ ...environment, ...register, by }))];
}

/**
 * A DICE input is three claims, all of which reference values must name: `code` (with the mode as flags and the security version), `config` and `authority`.
 * `layer` counts the stages that are so described from the anchor downwards, from 1: the stage that the UDS certified. A component name, where the
 * configuration has one, stands before the key: `AVB code`.
 */
export function openDiceClaims(input: OpenDiceInput, layer: number, by: Authority): readonly MeasuredClaim[] {
  const { component, version, svn, debugPorts } = configurationOf(input);
  const key = (part: string): string => (component === undefined ? part : `${component} ${part}`);
  const stated = { ...(version === undefined ? {} : { version }), ...(svn === undefined ? {} : { svn }) };
  const flags = debugPorts ? { ...input.flags, debug: true } : input.flags;
  return [
    { layer, key: key('code'), digests: [digestOf(input.codeHash)], ...stated, flags, by },
    { layer, key: key('config'), digests: [configurationDigest(input)], by },
    { layer, key: key('authority'), digests: [digestOf(input.authorityHash)], by },
  ];
}

/** Model under which reference values name a chain of Open DICE that names none itself. */
export const openDiceModel = 'open-dice';
