import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FactRows } from '../../collectors/fact-rows.ts';

const [slots, max] = [3, 300];
const said = (collector: string, port: number) => ({
  collector,
  frame: port,
  at: port * 1000,
  fact: { kind: 'service', protocol: 'tcp', port } as const,
});

/** All that is known of a slot, list by list. */
const shown = (rows: FactRows, slot: number) => rows.ofSlot(slot).map(list => rows.ofList(list).map(row => rows.said(list, row)));

const step = fc.record({
  slot: fc.nat(slots - 1),
  collector: fc.constantFrom('arp', 'dns', 'tls'),
  what: fc.constantFrom('add', 'add', 'add', 'remove', 'forget', 'again'),
  n: fc.nat(7),
});

test('facts stand in the order in which they came, by slot and collector, whatever was removed and forgotten between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), steps => {
      const rows = new FactRows(slots);
      /** The same as plain lists: by slot, each collector with what it said. */
      const plain = Array.from({ length: slots }, () => new Map<string, ReturnType<typeof said>[]>());
      let next = 1;
      for (const { slot, collector, what, n } of steps) {
        const here = plain[slot]?.get(collector) ?? [];
        const list = rows.listOf(slot, collector);
        const row = rows.ofList(list)[n % Math.max(1, here.length)] ?? 0;
        if (what === 'forget') {
          rows.forget(slot);
          plain[slot]?.clear();
        } else if (what === 'add') {
          rows.add(slot, said(collector, next));
          plain[slot]?.set(collector, [...here, said(collector, next++)]);
        } else if (what === 'remove' && here.length > 1) {
          rows.remove(list, row);
          plain[slot]?.set(collector, here.toSpliced(n % here.length, 1));
        } else if (what === 'again' && here.length > 0) {
          rows.wasSaidInTurn(list, row, next);
          expect(rows.expected(list)).toBe(rows.after(row));
          expect(rows.saidAt(row)).toBe(next);
        }
        for (let s = 0; s < slots; s++) expect(shown(rows, s)).toEqual([...(plain[s]?.values() ?? [])]);
        // Where the search begins is in the list, so that it comes round to where it began.
        for (const one of rows.ofSlot(slot)) expect(rows.ofList(one)).toContain(rows.expected(one));
      }
    }),
    { numRuns: 300 },
  );
});

test('what is forgotten makes room: as many rows as there may be, filled again and again', () => {
  const rows = new FactRows(1);
  for (let round = 1; round <= 5; round++) {
    for (let i = 0; i < max; i++) rows.add(0, said(`collector ${i}`, round * 100 + i));
    expect(shown(rows, 0)).toEqual(Array.from({ length: max }, (_, i) => [said(`collector ${i}`, round * 100 + i)]));
    expect(Math.max(...rows.ofSlot(0).flatMap(list => rows.ofList(list)))).toBe(max);
    rows.forget(0);
    expect(rows.ofSlot(0)).toEqual([]);
  }
});
