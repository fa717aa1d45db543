import { prefixDigits, tableMagic } from './vendor.ts';

/** Holds the blocks out of which MA-M and MA-S are cut: no vendor. */
const registrar = 'IEEE Registration Authority';

/** The first line is the organisation, the others its postal address. */
const organisation = (text: string): string => (text.split('\n', 1)[0] ?? '').replace(/\s+/g, ' ').trim().slice(0, 120);

/** The table that `vendor.ts` reads. `registry`: prefix in hexadecimal → text of the registry. */
export function encodeVendorTable(registry: Readonly<Record<string, string>>): Uint8Array {
  const numbers = new Map<string, number>();
  const lists = prefixDigits.map(digits =>
    Object.entries(registry)
      .map(([prefix, text]) => ({ digits: prefix.length, prefix: Number.parseInt(prefix, 16), name: organisation(text) }))
      .filter(entry => entry.digits === digits && entry.name !== '' && entry.name !== registrar)
      .sort((a, b) => a.prefix - b.prefix),
  );
  for (const { name } of lists.flat()) if (!numbers.has(name)) numbers.set(name, numbers.size);
  const names = [...numbers.keys()].map(name => new TextEncoder().encode(name));
  const starts = [0];
  for (const name of names) starts.push((starts.at(-1) ?? 0) + name.length);
  const words = [
    ...[tableMagic, names.length, starts.at(-1) ?? 0, ...lists.map(list => list.length)],
    ...lists.flatMap(list => [
      ...list.flatMap(e => [e.prefix % 2 ** 32, Math.floor(e.prefix / 2 ** 32)]),
      ...list.map(e => numbers.get(e.name) ?? 0),
    ]),
    ...starts,
  ];
  const bytes = new Uint8Array(4 * words.length + (starts.at(-1) ?? 0));
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  names.forEach((name, i) => bytes.set(name, 4 * words.length + (starts[i] ?? 0)));
  return bytes;
}
