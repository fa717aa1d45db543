import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeClientHello } from '../../gateway/codec/tls.ts';
import { ja3, ja3Text, ja4 } from '../../gateway/codec/tls-print.ts';
import * as b from '../vectors/frames/build.ts';
import * as t from '../vectors/frames/tls.ts';

const hello = (...of: Parameters<typeof t.helloBody>) => decodeClientHello(t.helloBody(...of));
const hash12 = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
const parts = (ja4Text: string): readonly string[] => ja4Text.split('_');

/** The two examples of JA3's publication, as text and digest. */
describe('JA3', () => {
  it('is the published digest of the published example', () => {
    const ciphers = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4];
    const example = hello(ciphers, [t.serverNameExtension('a'), t.groupsExtension(23, 24, 25), t.formatsExtension(0)], 769);
    expect(ja3Text(example)).toBe('769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0');
    expect(ja3(example)).toBe('ada70206e40642a3e4461f35503241d5');
  });

  it('has empty fields when there are no extensions', () => {
    const example = hello([4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], undefined, 769);
    expect(ja3Text(example)).toBe('769,4-5-10-9-100-98-3-6-19-18-99,,,');
    expect(ja3(example)).toBe('de350869b8c85de67a350c8d186f11e6');
  });

  it('leaves GREASE out everywhere', () => {
    const m = decodeClientHello(t.greaseHello.subarray(4));
    expect(ja3Text(m)).toBe('771,4865-4866-49195,0-10-11-13-16-43,29-23,0');
  });
});

/** The worked example of technical_details/JA4.md: its lists, and what it says comes out. */
const specCiphers = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35];
const specAlgorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const specExtensions = [0x1b, 0x00, 0x33, 0x10, 0x4469, 0x17, 0x2d, 0x0d, 0x05, 0x23, 0x12, 0x2b, 0xff01, 0x0b, 0x0a, 0x15];
const specExtension = (type: number): Uint8Array => {
  if (type === 0) return t.serverNameExtension('vendor.example');
  if (type === 16) return t.alpnExtension('h2', 'http/1.1');
  if (type === 13) return t.algorithmsExtension(...specAlgorithms);
  if (type === 43) return t.versionsExtension(0x0304, 0x0303);
  if (type === 10) return t.groupsExtension(29);
  return type === 11 ? t.formatsExtension(0) : t.extension(type);
};

describe('JA4', () => {
  it('is that of the specification’s example', () =>
    expect(ja4(hello(specCiphers, specExtensions.map(specExtension)))).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1'));

  it('ends without an underscore when there are no signature algorithms', () =>
    expect(
      parts(
        ja4(
          hello(
            specCiphers,
            specExtensions.map(type => (type === 13 ? t.extension(13, [0, 0]) : specExtension(type))),
          ),
        ),
      )[2],
    ).toBe('6d807ffa2a79'));

  it('does not change with the order of ciphers and extensions, nor with GREASE', () => {
    const shuffled = hello([0x8a8a, ...specCiphers.toReversed()], [t.extension(0xaaaa), ...specExtensions.toReversed().map(specExtension)]);
    expect(ja4(shuffled)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  it('has zeros for what is not there', () => expect(ja4(hello([0x0a0a], undefined, 0x0301))).toBe('t10i000000_000000000000_000000000000'));

  it('takes the highest version of the extension, and 00 for one that is unknown', () => {
    const versions = (...v: readonly number[]) => ja4(hello([1], [t.versionsExtension(...v)])).slice(0, 3);
    expect(versions(0x0303, 0x0304, 0x7a7a)).toBe('t13');
    expect(versions(0x0301)).toBe('t10');
    expect(versions(0x7f1c)).toBe('t00');
    expect(versions()).toBe('t00');
    expect(ja4(hello([1], undefined, 0x0300)).slice(0, 3)).toBe('ts3');
    expect(ja4(hello([1], undefined, 0x0302)).slice(0, 3)).toBe('t11');
  });

  it('counts to 99 and no further', () => {
    const many = Array.from({ length: 120 }, (_, i) => 0x2000 + i);
    expect(
      ja4(
        hello(
          many,
          many.map(n => t.extension(n)),
        ),
      ).slice(0, 10),
    ).toBe('t12i999900');
  });

  it.each([
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['q', 'qq'],
    ['', '00'],
    [b.bytes(0xab), 'ab'],
    [b.bytes(0xab, 0xcd), 'ad'],
    [b.bytes(0x30, 0xab), '3b'],
    [b.bytes(0x30, 0x31, 0xab, 0xcd), '3d'],
    [b.bytes(0x30, 0xab, 0xcd, 0x31), '01'],
  ] as const)('writes the protocol %o as %s', (protocol, ends) =>
    expect(parts(ja4(hello([1], [t.alpnExtension(protocol)])))[0]?.slice(-2)).toBe(ends),
  );

  it('hashes the sorted list of extensions without server name and ALPN', () =>
    expect(parts(ja4(hello([1], [t.alpnExtension('h2'), t.extension(0x17), t.serverNameExtension('a'), t.extension(5)])))[2]).toBe(
      hash12('0005,0017'),
    ));
});
