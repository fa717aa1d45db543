import type { Name } from '../../codec/x509-name.ts';
import { EvidenceError } from '../evidence-error.ts';

/** Vendor and product of an attestation certificate, as its subject names them (Matter Core Specification §6.2.2.2). */
export type Ids = { readonly vendorId?: number; readonly productId?: number };

const types = { commonName: '2.5.4.3', vendorId: '1.3.6.1.4.1.37244.2.1', productId: '1.3.6.1.4.1.37244.2.2' } as const;

/** Vendor identifiers 0x0001 to 0xFFF4 (§2.5.2); the last four are for tests. Product 0 is "not told" (§2.5.3). */
const lastVendor = 0xfff4;

/**
 * Reads VID and PID out of a subject. Where one Matter attribute is there, both are read from Matter attributes and the common name says
 * nothing; else from `Mvid:XXXX` and `Mpid:XXXX` in it, the leftmost that is whole. A prefix without four upper-case hex digits anywhere
 * is no absent value but a broken name. Throws EvidenceError.
 */
export function idsOf(name: Name, whose: string): Ids {
  const values = (type: string): readonly string[] => name.attributes.filter(a => a.type === type).map(a => a.value);
  const [vendors, products] = [values(types.vendorId), values(types.productId)];
  const own = vendors.length > 0 || products.length > 0;
  const vendor = own ? fromAttribute(vendors, whose) : fromCommonName(values(types.commonName), 'Mvid:', whose);
  const product = own ? fromAttribute(products, whose) : fromCommonName(values(types.commonName), 'Mpid:', whose);
  if (vendor !== undefined && (vendor === 0 || vendor > lastVendor)) throw broken(whose, `vendor ${show(vendor)} is none`);
  if (product === 0) throw broken(whose, 'product 0x0000 is none');
  return { ...(vendor === undefined ? {} : { vendorId: vendor }), ...(product === undefined ? {} : { productId: product }) };
}

/** An identifier as people write it: `0xFFF1`. */
export const show = (id: number): string => `0x${id.toString(16).toUpperCase().padStart(4, '0')}`;

function fromAttribute(values: readonly string[], whose: string): number | undefined {
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1) throw broken(whose, 'it names vendor or product twice');
  if (!/^[0-9A-F]{4}$/.test(value)) throw broken(whose, 'an identifier is not 4 upper-case hex digits');
  return Number.parseInt(value, 16);
}

function fromCommonName(names: readonly string[], prefix: 'Mvid:' | 'Mpid:', whose: string): number | undefined {
  const holding = names.filter(name => name.includes(prefix));
  const [name] = holding;
  if (name === undefined) return undefined;
  const found = (prefix === 'Mvid:' ? /Mvid:([0-9A-F]{4})/ : /Mpid:([0-9A-F]{4})/).exec(name)?.[1];
  if (found === undefined || holding.length > 1) throw broken(whose, `${prefix} without 4 upper-case hex digits, or in two names`);
  return Number.parseInt(found, 16);
}

const broken = (whose: string, found: string): EvidenceError =>
  new EvidenceError('PROFILE_VIOLATED', 'chain', `Cannot read the subject of the ${whose}: ${found}`);
