import { DecodeError } from '../codec/reader.ts';
import type { Done, Step } from './probe.ts';

/** The end of a probe that was answered. `detail` in our words. */
export const answered = (detail: string, parting?: readonly Uint8Array[]): Done => ({
  kind: 'done',
  how: 'answered',
  detail,
  ...(parting === undefined ? {} : { parting }),
});

/** The end of a probe that was declined, or answered with what is none of the protocol. `detail` in our words: no byte of the answer stands in it. */
export const refused = (detail: string, parting?: readonly Uint8Array[]): Done => ({ ...answered(detail, parting), how: 'refused' });

/** Reads what came of a stream so far: while it is too short more is awaited; what breaks the format ends the probe. */
export function reading<S>(state: S, read: () => Step<S>): Step<S> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.isShort ? { kind: 'wait', state } : refused('its answer breaks the protocol');
  }
}

/** True iff both are as long and the same. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The `n`-th two-byte number behind a drawn one, big-endian: ids of one conversation that differ. */
export function counted(drawn: Uint8Array, n: number): Uint8Array {
  const value = (((drawn[0] ?? 0) << 8) + (drawn[1] ?? 0) + n) & 0xffff;
  return Uint8Array.of(value >> 8, value & 0xff);
}
