import type { MeasuredClaim } from './claims.ts';

/**
 * Which class of device measurements are about. Each DiceTcbInfo is the word of the key that signed its certificate (TCG DICE Attestation Architecture §6), and each layer
 * speaks of the next, so what stands nearest the anchor was said by whom the device cannot replace: it names the device. Claims stand lowest layer first.
 */
export type DeviceClass = {
  readonly vendor?: string;
  readonly model?: string;
  /** Whether a claim that names a class was signed below the one that named the device. */
  readonly isBelow: (claim: MeasuredClaim) => boolean;
};

export function deviceClassOf(measured: readonly MeasuredClaim[]): DeviceClass {
  const highest = measured.findLast(namesModel)?.by.key;
  // Of several in one certificate, which are all said by one key, the first.
  const top = measured.find(claim => namesModel(claim) && claim.by.key === highest);
  const vendor = top?.vendor ?? measured.findLast(claim => claim.vendor !== undefined)?.vendor;
  return {
    ...(vendor === undefined ? {} : { vendor }),
    ...(top?.model === undefined ? {} : { model: top.model }),
    isBelow: claim => namesModel(claim) && claim.by.key !== highest,
  };
}

/** Layers of DICE do. A token names its class by bytes, and its anchor says whether it may; that of SPDM measurements and PCRs stands in a certificate, or a person said it. */
const namesModel = ({ model, classId, isClassCertified }: MeasuredClaim): boolean =>
  model !== undefined && classId === undefined && isClassCertified === undefined;

/** The claim that tells best what the device runs: of the class of the device the one nearest its applications. */
export function shownClaim(measured: readonly MeasuredClaim[]): MeasuredClaim | undefined {
  const { vendor, model } = deviceClassOf(measured);
  return model === undefined
    ? (measured.find(claim => claim.model !== undefined) ?? measured[0])
    : measured.find(claim => claim.model === model && (claim.vendor ?? vendor) === vendor);
}
