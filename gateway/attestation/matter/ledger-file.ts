import { fromBase64 } from '../../codec/bytes.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { MatterLedger, MatterRecord } from '../../model/trust.ts';

/**
 * What an operator brings from Matter's ledger as files, since a gateway in a plant asks nobody. Either of two JSON texts:
 * - a revocation set, as the tools of the Matter SDK write it from the ledger's revocation points: an array of objects with
 *   `type` "revocation_set", `issuer_subject_key_id` (hex), `issuer_name` (base64 of the DER Name), `revoked_serial_numbers` (hex);
 *   what else is in an entry (the certificate that signed the CRL) was their business and is not read;
 * - certification records: { format: "sallyport-matter-records/1", certified: [{ vendorId, productId, certificateId?, deviceType?, versionNumber? }] }.
 */
export const recordsFormat = 'sallyport-matter-records/1';

const maxEntries = 100_000;
const maxSerials = 1_000_000;

/** Throws DecodeError with the name of the file: a set that cannot be read is no empty set. */
export function readMatterFile(name: string, text: string): MatterLedger {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DecodeError(`Cannot read ${name}: ${error.message}`);
  }
  if (!Array.isArray(value)) return { certified: records(name, fieldsOf(name, value)) };
  const revoked = capped(name, value).map((entry, i) => revocation(`${name}[${i}]`, fieldsOf(name, entry)));
  if (revoked.reduce((sum, r) => sum + r.serials.length, 0) > maxSerials)
    throw new DecodeError(`Cannot use ${name}: more than ${maxSerials} serials`);
  return { revoked };
}

/** Several files as one. A set is there iff one of them is a set. */
export function mergeLedgers(found: readonly MatterLedger[]): MatterLedger {
  const revoked = found.flatMap(l => (l.revoked === undefined ? [] : [l.revoked]));
  return {
    ...(revoked.length === 0 ? {} : { revoked: revoked.flat() }),
    certified: found.flatMap(l => l.certified ?? []),
  };
}

type Fields = ReadonlyMap<string, unknown>;

function revocation(at: string, fields: Fields): NonNullable<MatterLedger['revoked']>[number] {
  if (fields.get('type') !== 'revocation_set') throw new DecodeError(`Cannot read ${at}: no revocation_set`);
  const serials = fields.get('revoked_serial_numbers');
  const issuer = text(`${at} issuer_name`, fields.get('issuer_name'), /^[A-Za-z0-9+/]+={0,2}$/);
  fromBase64(issuer);
  return {
    issuerKeyId: text(`${at} issuer_subject_key_id`, fields.get('issuer_subject_key_id'), /^[0-9A-Fa-f]{40}$/).toLowerCase(),
    issuer,
    serials: capped(at, serials).map(serial => text(`${at} serial`, serial, /^(?:[0-9A-Fa-f]{2}){1,21}$/).toLowerCase()),
  };
}

function records(name: string, fields: Fields): readonly MatterRecord[] {
  if (fields.get('format') !== recordsFormat) throw new DecodeError(`Cannot read ${name}: neither a revocation set nor ${recordsFormat}`);
  return capped(name, fields.get('certified')).map((entry, i): MatterRecord => {
    const at = `${name} certified[${i}]`;
    const f = fieldsOf(at, entry);
    const known = ['vendorId', 'productId', 'certificateId', 'deviceType', 'versionNumber'];
    for (const key of f.keys()) if (!known.includes(key)) throw new DecodeError(`Cannot read ${at}: unknown field`);
    const id = f.get('certificateId');
    const optional = (field: string, max: number): number | undefined =>
      f.get(field) === undefined ? undefined : number(`${at} ${field}`, f.get(field), max);
    const [deviceType, versionNumber] = [optional('deviceType', 0xffff_ffff), optional('versionNumber', 0xffff)];
    return {
      vendorId: number(`${at} vendorId`, f.get('vendorId'), 0xffff),
      productId: number(`${at} productId`, f.get('productId'), 0xffff),
      ...(id === undefined ? {} : { certificateId: text(`${at} certificateId`, id, /^.{1,40}$/) }),
      ...(deviceType === undefined ? {} : { deviceType }),
      ...(versionNumber === undefined ? {} : { versionNumber }),
    };
  });
}

function fieldsOf(at: string, value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new DecodeError(`Cannot read ${at}: no object`);
  return new Map<string, unknown>(Object.entries(value));
}

function capped(at: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > maxEntries) throw new DecodeError(`Cannot read ${at}: no list of at most ${maxEntries}`);
  return value;
}

function text(at: string, value: unknown, wanted: RegExp): string {
  if (typeof value !== 'string' || !wanted.test(value)) throw new DecodeError(`Cannot read ${at}: wanted ${wanted.source}`);
  return value;
}

function number(at: string, value: unknown, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
    throw new DecodeError(`Cannot read ${at}: no number up to ${max}`);
  return value;
}
