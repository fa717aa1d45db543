import type { Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** The 16th byte of a NetBIOS name says what the name is for. [MS-BRWS] §2.1.1, [MS-NBTE] §2.2.1. */
export const suffixes = {
  workstation: 0x00,
  domainMaster: 0x1b,
  domainControllers: 0x1c,
  masterBrowser: 0x1d,
  browserElections: 0x1e,
  server: 0x20,
} as const;

export type NetbiosName = { readonly text: string; readonly suffix: number };

/** 15 bytes of name, filled with spaces, and the suffix. Untrusted, safe to show. */
export const netbiosName = (sixteen: Uint8Array): NetbiosName => ({
  text: decodeText(sixteen.subarray(0, 15)).trimEnd(),
  suffix: sixteen[15] ?? 0,
});

/** First-level encoding: each half byte as a letter from `A`, and a scope that is not kept. Undefined for a pointer to an earlier name. RFC 1001 §14, RFC 1002 §4.1. */
export function readNetbiosName(r: Reader): NetbiosName | undefined {
  const length = r.u8();
  if (length >= 0xc0) {
    r.skip(1);
    return undefined;
  }
  if (length !== 32) throw r.fault(`NetBIOS name of ${length} bytes`);
  const letters = r.take(32);
  const name = Uint8Array.from({ length: 16 }, (_, i) => (((letters[2 * i] ?? 0) - 0x41) << 4) | (((letters[2 * i + 1] ?? 0) - 0x41) & 15));
  if (letters.some(letter => letter < 0x41 || letter > 0x50)) throw r.fault('NetBIOS name with other letters than A to P');
  let total = 33;
  for (let label = r.u8(); label !== 0; label = r.u8()) {
    total += label + 1;
    if (label > 63 || total > 255) throw r.fault(`NetBIOS scope label of ${label} bytes`);
    r.skip(label);
  }
  return netbiosName(name);
}
