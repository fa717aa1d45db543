import { latin1 } from './der.ts';
import { Reader } from './reader.ts';
import { noAction } from './tcg-event-types.ts';
import { type TpmHash, tpmHash, tpmHashes } from './tpm-algorithms.ts';
import { ofWhole } from './whole.ts';

/**
 * The log of a measured boot, SHA-1 only or crypto-agile (TCG PC Client Platform Firmware Profile §10.2). Little-endian. Only the digests are
 * protected, and only by the PCRs that they lead to: index, type and data of an event are what the sender likes them to be.
 */

/** One event. `digests` by our names of the hashes. `data` is untrusted even when the PCRs are right. */
export type TcgEvent = {
  readonly pcr: number;
  readonly type: number;
  readonly digests: ReadonlyMap<string, Uint8Array>;
  readonly data: Uint8Array;
};

/** A whole log. `format` is `sha1` for the old one without other digests; `startupLocality` changes what PCR 0 begins with. */
export type TcgEventLog = {
  readonly format: 'sha1' | 'crypto-agile';
  readonly hashes: readonly TpmHash[];
  readonly startupLocality: number;
  readonly events: readonly TcgEvent[];
};

/** Caps: a PC's log has a few hundred events in 50 KB; a variable of certificates (dbx) is the longest. */
export const maxEventLog = 1 << 20;
const maxEvents = 10_000;
const maxPcr = 31;

const sha1 = tpmHashes[0x0004];
const specId03 = 'Spec ID Event03\0';
const startup = 'StartupLocality\0';

/** Reads a log to its end. Throws DecodeError: empty, cut off, over a cap, or events in hashes that its header does not name. */
export function decodeEventLog(bytes: Uint8Array): TcgEventLog {
  return ofWhole(() => {
    const r = new Reader(bytes, 'event log');
    if (bytes.length === 0 || bytes.length > maxEventLog) throw r.fault(`${bytes.length} bytes`);
    const first = legacyEvent(r);
    const header = isHeader(first) ? specId(first.data) : undefined;
    const events = [first];
    while (r.left > 0) {
      if (events.length >= maxEvents) throw r.fault(`more than ${maxEvents} events`);
      events.push(header === undefined ? legacyEvent(r) : agileEvent(r, header));
    }
    return {
      format: header === undefined ? 'sha1' : 'crypto-agile',
      hashes: header ?? [sha1],
      startupLocality: localityOf(events, r),
      events,
    };
  });
}

/** TCG_PCClientPCREvent. */
function legacyEvent(r: Reader): TcgEvent {
  const [pcr, type] = [indexOf(r), r.u32le()];
  const digest = r.take(sha1.bytes);
  return { pcr, type, digests: new Map([[sha1.name, digest]]), data: r.take(r.u32le()) };
}

/** TCG_PCR_EVENT2: a digest in each hash of the header, in any order. Firmware leaves some out; the PCR of that bank then tells whether it was measured there. */
function agileEvent(r: Reader, hashes: readonly TpmHash[]): TcgEvent {
  const [pcr, type, count] = [indexOf(r), r.u32le(), r.u32le()];
  if (count === 0 || count > hashes.length) throw r.fault(`event with ${count} digests, where the header names ${hashes.length}`);
  const digests = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const hash = tpmHash(r.u16le());
    if (hash === undefined || !hashes.includes(hash) || digests.has(hash.name)) throw r.fault('digest in a hash that is not free');
    digests.set(hash.name, r.take(hash.bytes));
  }
  return { pcr, type, digests, data: r.take(r.u32le()) };
}

/** Some firmware files its EV_NO_ACTION events under no PCR. */
function indexOf(r: Reader): number {
  const pcr = r.u32le();
  if (pcr > maxPcr && pcr !== 0xffffffff) throw r.fault(`event of PCR ${pcr}`);
  return pcr;
}

const isHeader = (event: TcgEvent): boolean =>
  event.pcr === 0 && event.type === noAction && latin1(event.data.subarray(0, 16)) === specId03;

/** TCG_EfiSpecIdEvent: which hashes the log has, and how long they are. Lengths that are not the registered ones would shift all that follows. */
function specId(data: Uint8Array): readonly TpmHash[] {
  const r = new Reader(data, 'Spec ID event');
  r.skip(16 + 4 + 4);
  const count = r.u32le();
  if (count === 0 || count > 8) throw r.fault(`${count} hashes`);
  const hashes: TpmHash[] = [];
  for (let i = 0; i < count; i++) {
    const [id, bytes] = [r.u16le(), r.u16le()];
    const hash = tpmHash(id);
    if (hash?.bytes !== bytes || hashes.includes(hash)) throw r.fault(`hash 0x${id.toString(16)} of ${bytes} bytes`);
    hashes.push(hash);
  }
  r.skip(r.u8());
  r.end();
  return hashes;
}

/** TCG_EfiStartupLocalityEvent: TPM2_Startup from locality 3, or an H-CRTM at 4, shows in the first value of PCR 0 (§10.4.5.3). */
function localityOf(events: readonly TcgEvent[], r: Reader): number {
  const found = events.filter(e => e.type === noAction && latin1(e.data.subarray(0, 16)) === startup);
  const [only] = found;
  if (only === undefined) return 0;
  const locality = only.data[16] ?? 0;
  if (found.length > 1 || only.data.length !== 17 || locality > 4) throw r.fault('startup locality');
  return locality;
}
