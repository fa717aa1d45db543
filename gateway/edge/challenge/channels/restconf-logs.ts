import { z } from 'zod';
import { concat } from '../../../codec/bytes.ts';
import { type TpmHash, tpmHashes, tpmHashNamed } from '../../../codec/tpm-algorithms.ts';

/**
 * The logs of the RPC `log-retrieval` (RFC 9684 §2.1.1.4) in the forms in which they are measured. Nothing is judged here: what a device writes into a field
 * leads to the PCR that it signed, or does not. Numbers of 64 bits stand as text (RFC 7951 §6.1).
 */
export const module = 'ietf-tpm-remote-attestation';

/** Entries of one answer, whose bytes are capped before. */
const most = 200_000;
const binary = z.string().max(131_072);
const short = z.string().max(100);
const pcr = z.number().int().min(0).max(31);
const digests = z.object({ 'hash-algo': short.optional(), digest: z.array(binary).max(4) });
const bootEntry = z.object({
  'event-type': z.number().int().min(0).max(0xffffffff),
  'pcr-index': pcr,
  'digest-list': z.array(digests).max(8).optional(),
  'event-data': z.array(z.number().int().min(0).max(255)).max(65_536).optional(),
});
/** uint64, which JSON has as text (RFC 7951 §6.1); some devices write a number. */
const eventNumber = z.union([z.string().regex(/^\d{1,20}$/), z.number().int().min(0)]);
const imaEntry = z.object({
  'event-number': eventNumber.optional(),
  'ima-template': short.optional(),
  'filename-hint': z.string().max(4096).optional(),
  'filedata-hash': binary.optional(),
  'filedata-hash-algorithm': short.optional(),
  'template-hash': binary.optional(),
  'pcr-index': pcr.optional(),
  signature: binary.optional(),
});
export type BootEntry = z.infer<typeof bootEntry>;
export type ImaLine = z.infer<typeof imaEntry>;
const result = z.object({
  'bios-event-logs': z.object({ 'bios-event-entry': z.array(bootEntry).max(10_000).optional() }).optional(),
  'ima-event-logs': z.object({ 'ima-event-entry': z.array(imaEntry).max(most).optional() }).optional(),
});
/** What the RPC answers: logs of one node or of several, of which the first is taken as its quote is. */
export const logs = z.object({
  [`${module}:output`]: z.object({
    'system-event-logs': z.object({
      'node-data': z
        .array(z.object({ 'log-result': result.optional() }))
        .max(16)
        .optional(),
    }),
  }),
});

/** Asks for a log of one kind, of what follows the entry with that number: all of it, or at most so many entries. How entries are numbered every device decides for itself. */
export const logQuestion = (kind: 'bios' | 'ima', after = '0', quantity?: number): string =>
  JSON.stringify({
    [`${module}:input`]: {
      'log-type': `${module}:${kind}`,
      'log-selector': [{ 'last-index-number': after, ...(quantity === undefined ? {} : { 'log-entry-quantity': quantity }) }],
    },
  });

const firstResult = (answer: z.infer<typeof logs>): z.infer<typeof result> =>
  answer[`${module}:output`]?.['system-event-logs']['node-data']?.[0]?.['log-result'] ?? {};

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** The list of files as the kernel writes it as text; undefined where the device has none. A line break in a name breaks the list, and so proves nothing. */
export function imaTextOf(answer: z.infer<typeof logs>): string | undefined {
  const entries = firstResult(answer)['ima-event-logs']?.['ima-event-entry'];
  return entries?.map(imaLine).join('');
}

/** How many entries of that list came, undefined where there is no list; and the number of the last, undefined where the device numbers none. */
export function imaEnd(answer: z.infer<typeof logs>): { readonly count?: number; readonly last?: string } {
  const entries = firstResult(answer)['ima-event-logs']?.['ima-event-entry'];
  const last = entries?.at(-1)?.['event-number'];
  return { ...(entries === undefined ? {} : { count: entries.length }), ...(last === undefined ? {} : { last: String(last) }) };
}

function imaLine(entry: ImaLine): string {
  const {
    'filename-hint': path = '',
    'ima-template': template = 'ima-ng',
    'filedata-hash-algorithm': algorithm = 'sha256',
    signature,
  } = entry;
  const file = `${algorithmOf(algorithm)}:${bytes(entry['filedata-hash'] ?? '').toString('hex')}`;
  const signed = signature === undefined ? '' : ` ${bytes(signature).toString('hex')}`;
  // Of a template with a signature the field stands even where it is empty.
  const last = template.startsWith('ima-sig') && signature === undefined ? ' ' : signed;
  return `${entry['pcr-index'] ?? 10} ${bytes(entry['template-hash'] ?? '').toString('hex')} ${template} ${file} ${path}${last}\n`;
}

/** Identities of ietf-tcg-algs and names of the kernel, as one: `sha256`. */
export const algorithmOf = (identity: string): string =>
  identity
    .replace(/^.*:/, '')
    .replace(/^TPM_ALG_/, '')
    .replace('_', '-')
    .toLowerCase();

const u32 = (n: number): Uint8Array => Uint8Array.of(n, n >>> 8, n >>> 16, n >>> 24);
const u16 = (n: number): Uint8Array => Uint8Array.of(n, n >>> 8);
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const ids = new Map<TpmHash, number>(Object.entries(tpmHashes).map(([id, hash]) => [hash, Number(id)]));
const noAction = 3;

/** The firmware's log as TCG has it in memory, crypto-agile (PC Client Platform Firmware Profile §10.2); undefined where the device has none. */
export function bootLogOf(answer: z.infer<typeof logs>): Uint8Array | undefined {
  const entries = firstResult(answer)['bios-event-logs']?.['bios-event-entry'];
  if (entries === undefined || entries.length === 0) return undefined;
  const events = entries.filter(entry => !isSpecId(entry)).map(entry => ({ entry, digests: digestsOf(entry) }));
  const hashes = [...new Set(events.flatMap(event => event.digests.map(({ hash }) => hash)))];
  const algorithms = concat(...hashes.flatMap(hash => [u16(ids.get(hash) ?? 0), u16(hash.bytes)]));
  const spec = concat(text('Spec ID Event03\0'), u32(0), Uint8Array.of(0, 2, 0, 2), u32(hashes.length), algorithms, Uint8Array.of(0));
  const header = concat(u32(0), u32(noAction), new Uint8Array(20), u32(spec.length), spec);
  return concat(
    header,
    ...events.flatMap(({ entry, digests: own }) => {
      const data = Uint8Array.from(entry['event-data'] ?? []);
      const values = own.flatMap(({ hash, digest }) => [u16(ids.get(hash) ?? 0), digest]);
      return [u32(entry['pcr-index']), u32(entry['event-type']), u32(own.length), ...values, u32(data.length), data];
    }),
  );
}

/** The header of the log as an event: ours is made of the digests that there are. */
const isSpecId = (entry: BootEntry): boolean =>
  entry['event-type'] === noAction &&
  Buffer.from(entry['event-data'] ?? [])
    .toString('latin1')
    .startsWith('Spec ID Event');

/** What is in no hash that we know, or of another length, is left out: the log then does not lead to the PCR of that bank. */
const digestsOf = (entry: BootEntry): readonly { readonly hash: TpmHash; readonly digest: Uint8Array }[] =>
  (entry['digest-list'] ?? []).flatMap(one => {
    const hash = tpmHashNamed(algorithmOf(one['hash-algo'] ?? 'TPM_ALG_SHA256'));
    const digest = new Uint8Array(bytes(one.digest[0] ?? ''));
    return hash === undefined || digest.length !== hash.bytes ? [] : [{ hash, digest }];
  });
