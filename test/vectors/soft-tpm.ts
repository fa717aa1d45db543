import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Writes what a TPM 2.0, its firmware and Linux write, over keys of node:crypto: honest by default, and each part can be made otherwise. */

const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
const u32 = (n: number): Buffer => Buffer.from([n >>> 24, n >>> 16, n >>> 8, n].map(b => b & 255));
const u64 = (n: bigint): Buffer => Buffer.concat([u32(Number(n >> 32n)), u32(Number(n & 0xffffffffn))]);
const u32le = (n: number): Buffer => u32(n).reverse();
const u16le = (n: number): Buffer => u16(n).reverse();
export const sized = (b: Uint8Array): Buffer => Buffer.concat([u16(b.length), b]);
const h = (alg: string, ...parts: readonly Uint8Array[]): Buffer => createHash(alg).update(Buffer.concat(parts)).digest();

export const hashIds: { readonly [name: string]: number } = { sha1: 4, sha256: 0xb, sha384: 0xc, sha512: 0xd };
export const lengths: { readonly [name: string]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth. */
export const akAttributes = 0x0005_0072;
export type Pcrs = { readonly [bank: string]: { readonly [pcr: number]: string } };
export type SoftKey = { readonly privateKey: KeyObject; readonly kind: 'ecc' | 'rsassa' | 'rsapss' };
export const softKey = (kind: SoftKey['kind'] = 'ecc'): SoftKey => ({
  kind,
  privateKey:
    kind === 'ecc'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
});

const coordinate = (key: KeyObject, name: 'x' | 'y' | 'n'): Buffer =>
  Buffer.from(createPublicKey(key).export({ format: 'jwk' })[name] ?? '', 'base64url');

/** TPM2B_PUBLIC of a key; `scheme: false` leaves it to the user of the key. */
export function publicArea({ privateKey, kind }: SoftKey, attributes = akAttributes): Buffer {
  const head = (type: number): Buffer => Buffer.concat([u16(type), u16(0xb), u32(attributes), sized(Buffer.alloc(0)), u16(0x10)]);
  const scheme = Buffer.concat([u16({ ecc: 0x18, rsassa: 0x14, rsapss: 0x16 }[kind]), u16(0xb)]);
  return sized(
    kind === 'ecc'
      ? Buffer.concat([head(0x23), scheme, u16(3), u16(0x10), sized(coordinate(privateKey, 'x')), sized(coordinate(privateKey, 'y'))])
      : Buffer.concat([head(1), scheme, u16(2048), u32(0), sized(coordinate(privateKey, 'n'))]),
  );
}

export type QuoteSpec = {
  readonly pcrs: Pcrs;
  readonly nonce: Uint8Array;
  readonly magic?: number;
  readonly type?: number;
  readonly clock?: bigint;
  readonly resetCount?: number;
  readonly restartCount?: number;
  readonly safe?: boolean;
  readonly pcrDigest?: Uint8Array;
};

const selectionOf = (pcrs: Pcrs): Buffer =>
  Buffer.concat([
    u32(Object.keys(pcrs).length),
    ...Object.entries(pcrs).map(([bank, values]) => {
      const bits = Buffer.alloc(3);
      for (const pcr of Object.keys(values).map(Number)) bits[pcr >> 3] = (bits[pcr >> 3] ?? 0) | (1 << (pcr & 7));
      return Buffer.concat([u16(hashIds[bank] ?? 0), Buffer.from([3]), bits]);
    }),
  ]);

/** TPMS_ATTEST of a quote. */
export const attest = (spec: QuoteSpec): Buffer => {
  const values = Object.values(spec.pcrs).flatMap(bank => Object.values(bank).map(v => Buffer.from(v, 'hex')));
  return Buffer.concat([
    u32(spec.magic ?? 0xff544347),
    u16(spec.type ?? 0x8018),
    sized(Buffer.concat([u16(0xb), Buffer.alloc(32, 7)])),
    sized(spec.nonce),
    u64(spec.clock ?? 1_000_000n),
    u32(spec.resetCount ?? 5),
    u32(spec.restartCount ?? 0),
    Buffer.from([spec.safe === false ? 0 : 1]),
    u64(0x2019_0110n),
    selectionOf(spec.pcrs),
    sized(spec.pcrDigest ?? h('sha256', ...values)),
  ]);
};

/** TPMT_SIGNATURE over an attest; `hash` is what the signature says it is over. */
export function signature(key: SoftKey, message: Uint8Array, hash = 'sha256'): Buffer {
  const id = u16(hashIds[hash] ?? 0);
  if (key.kind === 'ecc') {
    const raw = sign(hash, message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    return Buffer.concat([u16(0x18), id, sized(raw.subarray(0, 32)), sized(raw.subarray(32))]);
  }
  const padding = key.kind === 'rsassa' ? 1 : 6;
  return Buffer.concat([u16(key.kind === 'rsassa' ? 0x14 : 0x16), id, sized(sign(hash, message, { key: key.privateKey, padding }))]);
}

/** One boot event; its digests are those of `measured`, else of `data`. */
export type Event = {
  readonly pcr: number;
  readonly type: number;
  readonly data: Uint8Array;
  readonly measured?: Uint8Array;
};

/** A crypto-agile log with these banks, after its header and, if asked for, a StartupLocality. */
export function eventLog(events: readonly Event[], banks: readonly string[] = ['sha256'], locality?: number): Buffer {
  const spec = Buffer.concat([
    Buffer.from('Spec ID Event03\0'),
    u32le(0),
    Buffer.from([0, 2, 0, 2]),
    u32le(banks.length),
    ...banks.map(b => Buffer.concat([u16le(hashIds[b] ?? 0), u16le(lengths[b] ?? 0)])),
    Buffer.from([0]),
  ]);
  const header = Buffer.concat([u32le(0), u32le(3), Buffer.alloc(20), u32le(spec.length), spec]);
  const start: readonly Event[] =
    locality === undefined ? [] : [{ pcr: 0, type: 3, data: Buffer.concat([Buffer.from('StartupLocality\0'), Buffer.from([locality])]) }];
  return Buffer.concat([header, ...[...start, ...events].map(event => agile(event, banks))]);
}

const agile = ({ pcr, type, data, measured }: Event, banks: readonly string[]): Buffer =>
  Buffer.concat([
    u32le(pcr),
    u32le(type),
    u32le(banks.length),
    ...banks.map(b => Buffer.concat([u16le(hashIds[b] ?? 0), type === 3 ? Buffer.alloc(lengths[b] ?? 0) : h(b, measured ?? data)])),
    u32le(data.length),
    data,
  ]);

/** The old log, with SHA-1 only. */
export const legacyLog = (events: readonly Event[]): Buffer =>
  Buffer.concat(
    events.map(e => Buffer.concat([u32le(e.pcr), u32le(e.type), h('sha1', e.measured ?? e.data), u32le(e.data.length), e.data])),
  );

/** What a PCR is after these digests; hex. */
export const extendAll = (bank: string, digests: readonly Uint8Array[], start = Buffer.alloc(lengths[bank] ?? 0)): string =>
  digests.reduce((value: Buffer, digest) => h(bank, value, digest), start).toString('hex');

/** What the events lead to, by PCR. */
export function pcrsAfter(events: readonly Event[], bank = 'sha256', locality = 0): { readonly [pcr: number]: string } {
  const pcrs = [...new Set(events.filter(e => e.type !== 3).map(e => e.pcr))].toSorted((a, b) => a - b);
  return Object.fromEntries(
    pcrs.map(pcr => {
      const start = Buffer.alloc(lengths[bank] ?? 0);
      if (pcr === 0) start[start.length - 1] = locality;
      const digests = events.filter(e => e.pcr === pcr && e.type !== 3).map(e => h(bank, e.measured ?? e.data));
      return [pcr, extendAll(bank, digests, start)];
    }),
  );
}

/** One measured file, as `ima-ng` has it; `violation` as the kernel writes one. */
export type File = { readonly path: string; readonly content: string | Uint8Array; readonly violation?: boolean };
const field = (b: Uint8Array): Buffer => Buffer.concat([u32le(b.length), b]);
const digestOf = (f: File): Buffer =>
  f.violation === true ? Buffer.alloc(32) : h('sha256', typeof f.content === 'string' ? Buffer.from(f.content) : f.content);
export const template = (f: File): Buffer =>
  Buffer.concat([field(Buffer.concat([Buffer.from('sha256:\0'), digestOf(f)])), field(Buffer.from(`${f.path}\0`))]);
const column = (f: File): Buffer => (f.violation === true ? Buffer.alloc(20) : h('sha1', template(f)));

export const imaAscii = (files: readonly File[]): string =>
  files.map(f => `10 ${column(f).toString('hex')} ima-ng sha256:${digestOf(f).toString('hex')} ${f.path}\n`).join('');
export const imaBinary = (files: readonly File[]): Buffer =>
  Buffer.concat(files.flatMap(f => [u32le(10), column(f), field(Buffer.from('ima-ng')), field(template(f))]));
/** PCR 10 after these files; hex. */
export const pcr10 = (files: readonly File[], bank = 'sha256'): string =>
  extendAll(
    bank,
    files.map(f => (f.violation === true ? Buffer.alloc(lengths[bank] ?? 0, 255) : h(bank, template(f)))),
  );

export type Message = {
  readonly quote: Uint8Array;
  readonly signature: Uint8Array;
  readonly akPublic?: Uint8Array;
  readonly akChain?: readonly Uint8Array[];
  readonly ekChain?: readonly Uint8Array[];
  readonly pcrs: Pcrs;
  readonly eventLog?: Uint8Array;
  readonly imaLog?: { readonly from: number; readonly ascii?: string; readonly binary?: Uint8Array };
};

const base64 = (b: Uint8Array): string => Buffer.from(b).toString('base64');

/** The message in its JSON. */
export const message = (m: Message): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      quote: base64(m.quote),
      signature: base64(m.signature),
      ak: {
        ...(m.akPublic === undefined ? {} : { public: base64(m.akPublic) }),
        ...(m.akChain === undefined ? {} : { certificates: m.akChain.map(base64) }),
      },
      ...(m.ekChain === undefined ? {} : { ek: { certificates: m.ekChain.map(base64) } }),
      pcrs: m.pcrs,
      ...(m.eventLog === undefined ? {} : { eventLog: base64(m.eventLog) }),
      ...(m.imaLog === undefined
        ? {}
        : { imaLog: { ...m.imaLog, ...(m.imaLog.binary === undefined ? {} : { binary: base64(m.imaLog.binary) }) } }),
    }),
  );
