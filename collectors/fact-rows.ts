import type { Millis } from '../gateway/model/address.ts';
import type { Fact, Said } from '../gateway/model/fact.ts';

/** A list is four numbers, which stand together in memory: its collector, the next list of the slot, its last row, and where what is said next is looked for first. */
const [width, nextAt, lastAt, expectedAt] = [4, 1, 2, 3];
/** Rows and lists that there is room for at first; then twice as many each time. */
const roomAtFirst = 256;
/** Stands where no fact is. */
const noFact: Fact = { kind: 'seen' };

/**
 * Facts in rows of columns: 28 bytes for each beside what it says, and hardly an object that the garbage collector has to look at. The rows that one collector
 * read of one slot are a list, a ring in the order in which they came; the lists of a slot are a chain. Rows and lists are numbered from 1, and 0 is none.
 * It has no cap of its own: whoever adds a row sees to that. There are no more lists than rows.
 */
export class FactRows {
  /** By slot: its first list. */
  readonly #first: Int32Array;
  #lists = new Int32Array(roomAtFirst * width);
  /** Names by number; as many as there are collectors. */
  readonly #collectors: string[] = [];
  /** By row. */
  readonly #facts: Fact[] = [noFact];
  #frames = new Float64Array(roomAtFirst);
  #at = new Float64Array(roomAtFirst);
  #saidAt = new Float64Array(roomAtFirst);
  #after = new Int32Array(roomAtFirst);
  /** Lists and rows that were given back; those from `#freshList` and `#freshRow` on are unused still. */
  readonly #freeLists: number[] = [];
  readonly #freeRows: number[] = [];
  #freshList = 1;
  #freshRow = 1;

  constructor(slots: number) {
    this.#first = new Int32Array(slots);
  }

  /** What a collector read of a slot. */
  listOf(slot: number, collector: string): number {
    let list = this.#first[slot] ?? 0;
    while (list !== 0 && this.#collectorOf(list) !== collector) list = this.#nextOf(list);
    return list;
  }

  /** The row where the search in a list begins: behind the one said last, for mostly that is said next. */
  expected(list: number): number {
    return this.#lists[list * width + expectedAt] ?? 0;
  }

  /** The next row of the same list; behind the last one stands the first. */
  after(row: number): number {
    return this.#after[row] ?? 0;
  }

  fact(row: number): Fact {
    return this.#facts[row] ?? noFact;
  }

  /** When it was said last. */
  saidAt(row: number): Millis {
    return this.#saidAt[row] ?? 0;
  }

  /** What a row says, with when and where it did first. */
  said(list: number, row: number): Said {
    return { collector: this.#collectorOf(list), frame: this.#frames[row] ?? 0, at: this.#at[row] ?? 0, fact: this.fact(row) };
  }

  /** The lists of a slot, in the order in which its collectors spoke first. */
  ofSlot(slot: number): readonly number[] {
    const lists: number[] = [];
    for (let list = this.#first[slot] ?? 0; list !== 0; list = this.#nextOf(list)) lists.push(list);
    return lists;
  }

  /** The rows of a list, in the order in which they came; none of list 0. */
  ofList(list: number): readonly number[] {
    const last = this.#lastOf(list);
    if (last === 0) return [];
    const rows: number[] = [];
    let row = last;
    do rows.push((row = this.after(row)));
    while (row !== last);
    return rows;
  }

  /** A row was said again. */
  wasSaid(row: number, at: Millis): void {
    this.#saidAt[row] = at;
  }

  /** As `wasSaid`, and the row behind it is looked at first from now on. */
  wasSaidInTurn(list: number, row: number, at: Millis): void {
    this.#saidAt[row] = at;
    this.#lists[list * width + expectedAt] = this.after(row);
  }

  /** Puts a row behind the last one of its slot and collector. */
  add(slot: number, said: Said): void {
    const list = this.listOf(slot, said.collector) || this.#addList(slot, said.collector);
    const row = this.#freeRows.pop() ?? this.#freshRow++;
    if (row === this.#after.length) this.#growRows();
    const last = this.#lastOf(list);
    this.#after[row] = last === 0 ? row : this.after(last);
    if (last !== 0) this.#after[last] = row;
    else this.#lists[list * width + expectedAt] = row;
    this.#lists[list * width + lastAt] = row;
    this.replace(row, said);
  }

  /** The row says this now. */
  replace(row: number, { frame, at, fact }: Said): void {
    this.#facts[row] = fact;
    this.#frames[row] = frame;
    this.#at[row] = this.#saidAt[row] = at;
  }

  /** Takes a row out of a list that has others. */
  remove(list: number, row: number): void {
    let before = row;
    while (this.after(before) !== row) before = this.after(before);
    this.#after[before] = this.after(row);
    if (this.#lastOf(list) === row) this.#lists[list * width + lastAt] = before;
    if (this.expected(list) === row) this.#lists[list * width + expectedAt] = this.after(row);
    this.#giveBack(row);
  }

  forget(slot: number): void {
    for (const list of this.ofSlot(slot)) {
      for (const row of this.ofList(list)) this.#giveBack(row);
      this.#freeLists.push(list);
    }
    this.#first[slot] = 0;
  }

  #giveBack(row: number): void {
    this.#facts[row] = noFact;
    this.#freeRows.push(row);
  }

  #addList(slot: number, collector: string): number {
    const list = this.#freeLists.pop() ?? this.#freshList++;
    if (list * width === this.#lists.length) this.#lists = longer(this.#lists, length => new Int32Array(length));
    const known = this.#collectors.indexOf(collector);
    this.#lists.set([known < 0 ? this.#collectors.push(collector) - 1 : known, 0, 0, 0], list * width);
    const last = this.ofSlot(slot).at(-1);
    if (last === undefined) this.#first[slot] = list;
    else this.#lists[last * width + nextAt] = list;
    return list;
  }

  #growRows(): void {
    this.#after = longer(this.#after, length => new Int32Array(length));
    this.#frames = longer(this.#frames, length => new Float64Array(length));
    this.#at = longer(this.#at, length => new Float64Array(length));
    this.#saidAt = longer(this.#saidAt, length => new Float64Array(length));
  }

  #collectorOf(list: number): string {
    return this.#collectors[this.#lists[list * width] ?? 0] ?? '';
  }

  #nextOf(list: number): number {
    return this.#lists[list * width + nextAt] ?? 0;
  }

  #lastOf(list: number): number {
    return this.#lists[list * width + lastAt] ?? 0;
  }
}

/** A column twice as long, with what stands in it. */
function longer<T extends Int32Array | Float64Array>(column: T, make: (length: number) => T): T {
  const copy = make(2 * column.length);
  copy.set(column);
  return copy;
}
