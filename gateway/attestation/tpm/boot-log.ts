import { createHash } from 'node:crypto';
import type { Digest } from '../../model/attestation.ts';
import { hex } from '../../codec/address.ts';
import { sameBytes } from '../../codec/bytes.ts';
import { noAction, separator, tcgEventType } from '../../codec/tcg-event-types.ts';
import type { TcgEvent, TcgEventLog } from '../../codec/tcg-event-log.ts';
import type { TpmHash } from '../../codec/tpm-algorithms.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { QuotedPcrs } from './pcrs.ts';

/** An event whose digest led to a signed PCR value, under its PCR and the type that the log gives it. */
export type MeasuredEvent = { readonly key: string; readonly digests: readonly Digest[] };

/** What PCRs a log leads to: those with events, by PCR. Before the first event a PCR is zero, but PCR 0 has the locality of start-up in its last byte. */
export function replay(log: TcgEventLog, hash: TpmHash): ReadonlyMap<number, Uint8Array> {
  const values = new Map<number, Uint8Array>();
  for (const event of measuredIn(log)) {
    const before = values.get(event.pcr) ?? initial(log, event.pcr, hash);
    const digest = event.digests.get(hash.name);
    if (digest === undefined) continue;
    values.set(event.pcr, new Uint8Array(createHash(hash.name).update(before).update(digest).digest()));
  }
  return values;
}

/** EV_NO_ACTION is told and not measured. */
const measuredIn = (log: TcgEventLog): readonly TcgEvent[] => log.events.filter(e => e.type !== noAction);

function initial(log: TcgEventLog, pcr: number, hash: TpmHash): Uint8Array {
  const value = new Uint8Array(hash.bytes);
  if (pcr === 0) value[hash.bytes - 1] = log.startupLocality;
  return value;
}

/**
 * The events of the PCRs that are judged by them. Throws EvidenceError LOG_MISMATCH unless the log leads to the signed value of every decided
 * PCR that it has events of, in every accepted bank of the quote.
 */
export function checkBootLog(
  log: TcgEventLog,
  quoted: QuotedPcrs,
  decided: ReadonlySet<number>,
  byEvents: ReadonlySet<number>,
): readonly MeasuredEvent[] {
  const banks = quoted.filter(bank => bank.hash.isAccepted && log.hashes.includes(bank.hash));
  if (banks.length === 0)
    throw new EvidenceError('LOG_MISMATCH', 'measured', 'Cannot replay event log: it has no digests of a bank that is quoted', {
      expected: quoted.map(b => b.hash.name).join(', '),
      seen: log.hashes.map(h => h.name).join(', '),
    });
  for (const { hash, values } of banks) {
    const led = replay(log, hash);
    for (const [pcr, value] of values) {
      const found = led.get(pcr) ?? (byEvents.has(pcr) ? initial(log, pcr, hash) : undefined);
      if (found !== undefined && decided.has(pcr) && !sameBytes(found, value)) throw mismatch(log, pcr, hash, found, value);
    }
    for (const event of measuredIn(log)) if (decided.has(event.pcr)) checkSeparator(event, hash);
  }
  return measuredIn(log)
    .filter(event => byEvents.has(event.pcr))
    .map(event => ({
      key: `pcr${event.pcr}/${tcgEventType(event.type)}`,
      // A digest counts in the bank only in which its PCR was quoted: no other was compared with anything.
      digests: digestsIn(
        event,
        banks.filter(bank => bank.values.has(event.pcr)),
      ),
    }));
}

function mismatch(log: TcgEventLog, pcr: number, hash: TpmHash, found: Uint8Array, value: Uint8Array): EvidenceError {
  const events = measuredIn(log).filter(e => e.pcr === pcr).length;
  return new EvidenceError('LOG_MISMATCH', 'measured', `Cannot replay event log: its ${events} events of PCR ${pcr} lead elsewhere`, {
    expected: `${hash.name}:${hex(value)}`,
    seen: `${hash.name}:${hex(found)}`,
  });
}

/** What a separator may be the digest of: four zero bytes, four of 0xff, or the mark of an error (Firmware Profile §10.4.1). */
const separators = [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(255, 255, 255, 255), Uint8Array.of(1, 0, 0, 0)];

/** A type is not measured: an event that calls itself a separator, to be passed over, must be one. */
function checkSeparator(event: TcgEvent, hash: TpmHash): void {
  const digest = event.digests.get(hash.name);
  if (event.type !== separator || digest === undefined) return;
  if (separators.some(s => sameBytes(new Uint8Array(createHash(hash.name).update(s).digest()), digest))) return;
  throw new EvidenceError('LOG_MISMATCH', 'measured', `Cannot accept event log: a separator of PCR ${event.pcr} is something else`, {
    expected: 'the digest of a separator',
    seen: hex(digest),
  });
}

const digestsIn = (event: TcgEvent, banks: QuotedPcrs): readonly Digest[] =>
  banks.flatMap(({ hash }) => {
    const digest = event.digests.get(hash.name);
    return digest === undefined ? [] : [{ alg: hash.iana, value: hex(digest) }];
  });
