import { isLocalMac, type Mac } from '../model/address.ts';

/** Lengths of registered prefixes in hexadecimal digits, longest first: MA-S, MA-M, MA-L. */
export const prefixDigits = [9, 7, 6] as const;

/** First bytes of the table file, `SPV1`. */
export const tableMagic = 0x53505631;

/**
 * Vendors by address prefix, from the registry of the IEEE. The file is made by `vendor-file.ts`; all numbers are 32-bit
 * little-endian: magic, number of names, bytes of names, and for each of `prefixDigits` the number of prefixes; then for each of them the
 * prefixes, sorted, as 64-bit numbers, and behind them the number of the name of each; then where each name begins; then the names in UTF-8.
 * It is read where it lies, so 50,000 prefixes cost no objects.
 */
export class VendorTable {
  readonly #view: DataView;
  /** Where the prefixes of each length begin, how many they are, and where the numbers of their names begin. */
  readonly #lists: readonly { readonly digits: number; readonly prefixes: number; readonly count: number; readonly names: number }[];
  readonly #starts: number;
  readonly #names: Uint8Array;
  readonly #decoder = new TextDecoder();
  /** Names that were asked for, each one text however many devices have it; at most as many as the registry has. */
  readonly #read = new Map<number, string>();

  /** Throws RangeError when the bytes are no such table. It is a file of ours, not of outsiders. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 24 || view.getUint32(0, true) !== tableMagic)
      throw new RangeError('Cannot read vendor table: it has no such header');
    const [nameCount, nameBytes] = [view.getUint32(4, true), view.getUint32(8, true)];
    const counts = prefixDigits.map((_, i) => view.getUint32(12 + 4 * i, true));
    const size = 24 + counts.reduce((sum, count) => sum + 12 * count, 0) + 4 * (nameCount + 1) + nameBytes;
    if (bytes.length !== size) throw new RangeError(`Cannot read vendor table: ${bytes.length} bytes instead of ${size}`);
    let at = 24;
    this.#view = view;
    this.#lists = prefixDigits.map((digits, i) => {
      const [count, prefixes] = [counts[i] ?? 0, at];
      at += 12 * count;
      return { digits, prefixes, count, names: prefixes + 8 * count };
    });
    this.#starts = at;
    this.#names = bytes.subarray(at + 4 * (nameCount + 1));
  }

  /** The organisation that the longest registered prefix of the address belongs to; undefined also for a locally administered address. */
  lookup(mac: Mac): string | undefined {
    const digits = mac.replaceAll(':', '');
    if (digits.length !== 12 || isLocalMac(mac)) return undefined;
    for (const list of this.#lists) {
      const i = this.#indexOf(list, Number.parseInt(digits.slice(0, list.digits), 16));
      if (i >= 0) return this.#name(this.#u32(list.names + 4 * i));
    }
    return undefined;
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Binary search; -1 when it is not there. */
  #indexOf(list: { readonly prefixes: number; readonly count: number }, value: number): number {
    let [low, high] = [0, list.count - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = list.prefixes + 8 * middle;
      const found = this.#u32(at) + this.#u32(at + 4) * 2 ** 32;
      if (found === value) return middle;
      if (found < value) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #name(number: number): string {
    const known = this.#read.get(number);
    if (known !== undefined) return known;
    const name = this.#decoder.decode(this.#names.subarray(this.#u32(this.#starts + 4 * number), this.#u32(this.#starts + 4 * number + 4)));
    this.#read.set(number, name);
    return name;
  }
}
