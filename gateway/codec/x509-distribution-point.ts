import { bitString, boolean, type DerReader, hasBit, inside, openWhole, tags } from './der.ts';
import { DecodeError } from './reader.ts';
import { type GeneralName, generalNames } from './x509-general-name.ts';
import { type Attribute, type Name, relativeName } from './x509-name.ts';

/** Where a distribution point is: full names, or what is added to the name of the CRL issuer. */
export type PointName =
  | { readonly kind: 'full'; readonly names: readonly GeneralName[] }
  | { readonly kind: 'relative'; readonly rdn: readonly Attribute[] };

/** One DistributionPoint of a certificate (RFC 5280 §4.2.1.13). `reasons` is a mask of the bits of ReasonFlags; absent: all of them. */
export type DistributionPoint = { readonly name?: PointName; readonly reasons?: number; readonly crlIssuer?: readonly Name[] };

/** IssuingDistributionPoint of a CRL (RFC 5280 §5.2.5). */
export type IssuingPoint = {
  readonly name?: PointName;
  readonly onlyUserCerts: boolean;
  readonly onlyCaCerts: boolean;
  readonly onlyAttributeCerts: boolean;
  readonly indirect: boolean;
  readonly reasons?: number;
};

/** Bits 1 to 8 of ReasonFlags: all reasons there are. */
export const allReasons = 0b1_1111_1110;
const maxPoints = 64;

/** RFC 5280 §4.2.1.13, and FreshestCRL (§4.2.1.15), which has the same form. Throws DecodeError. */
export function distributionPoints(value: Uint8Array): readonly DistributionPoint[] {
  const list = openWhole(value, tags.sequence, 'cRLDistributionPoints');
  const found: DistributionPoint[] = [];
  while (!list.done) {
    if (found.length >= maxPoints) throw new DecodeError(`Cannot read cRLDistributionPoints: more than ${maxPoints}`);
    const parts = list.open(tags.sequence, 'distribution point');
    const name = parts.peek() === 0xa0 ? pointName(parts.open(0xa0, 'distributionPoint')) : undefined;
    const reasons = parts.maybe(0x81);
    const issuer = parts.peek() === 0xa2 ? generalNames(parts.open(0xa2, 'cRLIssuer')) : undefined;
    parts.end('distribution point');
    if (name === undefined && issuer === undefined) throw new DecodeError('Cannot read distribution point: it names nothing');
    found.push({
      ...(name === undefined ? {} : { name }),
      ...(reasons === undefined ? {} : { reasons: reasonFlags(reasons.content) }),
      ...(issuer === undefined ? {} : { crlIssuer: issuer.flatMap(n => (n.kind === 'directory' ? [n.name] : [])) }),
    });
  }
  if (found.length === 0) throw new DecodeError('Cannot read cRLDistributionPoints: they are empty');
  return found;
}

/** At most one of the three `only…` flags may be set. Throws DecodeError. */
export function issuingPoint(value: Uint8Array): IssuingPoint {
  const parts = openWhole(value, tags.sequence, 'issuingDistributionPoint');
  const name = parts.peek() === 0xa0 ? pointName(parts.open(0xa0, 'distributionPoint')) : undefined;
  const flag = (tag: number): boolean => {
    const element = parts.maybe(tag);
    return element !== undefined && boolean(element.content, 'issuingDistributionPoint');
  };
  const [onlyUserCerts, onlyCaCerts] = [flag(0x81), flag(0x82)];
  const reasons = parts.maybe(0x83);
  const [indirect, onlyAttributeCerts] = [flag(0x84), flag(0x85)];
  parts.end('issuingDistributionPoint');
  if ([onlyUserCerts, onlyCaCerts, onlyAttributeCerts].filter(Boolean).length > 1)
    throw new DecodeError('Cannot read issuingDistributionPoint: it is only for two things at once');
  return {
    ...(name === undefined ? {} : { name }),
    onlyUserCerts,
    onlyCaCerts,
    onlyAttributeCerts,
    indirect,
    ...(reasons === undefined ? {} : { reasons: reasonFlags(reasons.content) }),
  };
}

function pointName(parts: DerReader): PointName {
  const element = parts.next();
  parts.end('distributionPoint');
  if (element.tag === 0xa0) return { kind: 'full', names: generalNames(inside(element)) };
  if (element.tag === 0xa1) return { kind: 'relative', rdn: relativeName(element, 'nameRelativeToCRLIssuer') };
  throw new DecodeError(`Cannot read distributionPoint: tag 0x${element.tag.toString(16)}`);
}

function reasonFlags(content: Uint8Array): number {
  const bits = bitString(content, 'reasons');
  let mask = 0;
  for (let bit = 1; bit <= 8; bit++) if (hasBit(bits, bit)) mask |= 1 << bit;
  return mask;
}
