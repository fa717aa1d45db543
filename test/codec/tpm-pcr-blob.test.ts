import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodePcrBlob, decodePcrDigests, type PcrValues } from '../../gateway/codec/tpm-pcr-blob.ts';
import { pcrsOf } from '../../gateway/codec/tpm.ts';
import { tpmHash } from '../../gateway/codec/tpm-algorithms.ts';

/** PCR files of `tpm2_quote -o`. Those that the tools themselves write are read in test/attestation/tpm and test/edge/verify. */
type Bank = { readonly id: number; readonly select: readonly number[]; readonly size?: number };
const [sha1, sha256] = [0x0004, 0x000b];
const le = (value: number, bytes: number): readonly number[] => Array.from({ length: bytes }, (_, i) => (value >> (8 * i)) & 0xff);
const digest = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function blob(banks: readonly Bank[], digests: readonly Uint8Array[], count = banks.length): Uint8Array {
  const rooms = Array.from({ length: 16 }, (_, i) => {
    const bank = banks[i] ?? { id: 0, select: [0, 0, 0, 0], size: 0 };
    return [...le(bank.id, 2), bank.size ?? 3, ...bank.select, 0];
  });
  const lists = Array.from({ length: Math.ceil(digests.length / 8) }, (_, i) => {
    const own = digests.slice(i * 8, i * 8 + 8);
    const filled = Array.from({ length: 8 }, (_none, j) => [
      ...le(own[j]?.length ?? 0, 2),
      ...(own[j] ?? []),
      ...digest(64 - (own[j]?.length ?? 0), 0),
    ]);
    return [...le(own.length, 4), ...filled.flat()];
  });
  return Uint8Array.from([...le(count, 4), ...rooms.flat(), ...le(lists.length, 4), ...lists.flat()]);
}
const plain = (values: PcrValues) =>
  [...values].map(([bank, pcrs]) => [bank, ...[...pcrs].map(([pcr, value]) => `${pcr}=${value[0]}*${value.length}`)]);
const refused = (read: () => unknown): boolean => {
  try {
    read();
    return false;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return true;
  }
};
const nine = Array.from({ length: 9 }, (_, i) => digest(32, i + 1));
const good = blob([{ id: sha256, select: [0xff, 0x01, 0, 0] }], nine);

describe('the PCR file of tpm2-tools', () => {
  it('gives each digest to its bank and PCR, over several lists and banks', () => {
    expect(plain(decodePcrBlob(good))).toEqual([['sha256', ...nine.map((_, i) => `${i}=${i + 1}*32`)]]);
    const two = blob(
      [
        { id: sha1, select: [0x81, 0, 0, 0] },
        { id: sha256, select: [0, 0, 0x80, 0] },
      ],
      [digest(20, 7), digest(20, 8), digest(32, 9)],
    );
    expect(plain(decodePcrBlob(two))).toEqual([
      ['sha1', '0=7*20', '7=8*20'],
      ['sha256', '23=9*32'],
    ]);
  });

  it('is refused at every other length', () => {
    for (let length = 0; length < good.length; length++) expect(refused(() => decodePcrBlob(good.subarray(0, length)))).toBe(true);
    expect(refused(() => decodePcrBlob(Uint8Array.of(...good, 0)))).toBe(true);
  });

  const one = digest(32, 1);
  const wrong: readonly (readonly [string, Uint8Array])[] = [
    ['with more digests than PCRs', blob([{ id: sha256, select: [1, 0, 0, 0] }], [one, one])],
    ['with fewer digests than PCRs', blob([{ id: sha256, select: [3, 0, 0, 0] }], [one])],
    ['with a digest of another length', blob([{ id: sha256, select: [1, 0, 0, 0] }], [digest(20, 1)])],
    ['of a bank that nobody knows', blob([{ id: 0x1234, select: [1, 0, 0, 0] }], [one])],
    [
      'with one bank twice',
      blob(
        [
          { id: sha256, select: [1, 0, 0, 0] },
          { id: sha256, select: [2, 0, 0, 0] },
        ],
        [one, one],
      ),
    ],
    ['with 17 banks', blob([{ id: sha256, select: [1, 0, 0, 0] }], [one], 17)],
    ['with a selection of 5 octets', blob([{ id: sha256, select: [1, 0, 0, 0], size: 5 }], [one])],
  ];
  for (const [what, bytes] of wrong) it(`${what} is refused`, () => expect(refused(() => decodePcrBlob(bytes))).toBe(true));

  it('counts only the octets of a selection that it says it has', () => {
    expect(plain(decodePcrBlob(blob([{ id: sha256, select: [1, 1, 1, 1], size: 1 }], [one])))).toEqual([['sha256', '0=1*32']]);
  });
});

describe('the PCR file of tpm2-tools in plain values', () => {
  const hash = tpmHash(sha256);
  const banks = hash === undefined ? [] : [{ hash, pcrs: pcrsOf(Uint8Array.of(0x11, 0, 0x80)) }];
  const bytes = Uint8Array.of(...digest(32, 1), ...digest(32, 2), ...digest(32, 3));
  it('is what the quote selects, in its order', () => {
    expect(plain(decodePcrDigests(bytes, banks))).toEqual([['sha256', '0=1*32', '4=2*32', '23=3*32']]);
  });
  it('is refused at any other length', () => {
    expect(refused(() => decodePcrDigests(bytes.subarray(1), banks))).toBe(true);
    expect(refused(() => decodePcrDigests(Uint8Array.of(...bytes, 0), banks))).toBe(true);
  });
});
