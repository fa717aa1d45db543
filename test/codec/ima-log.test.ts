import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { countImaEntries, decodeImaAscii, decodeImaBinary, imaEntries } from '../../gateway/codec/ima-log.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';

/** Entries by hand, as Documentation/security/IMA-templates and `security/integrity/ima` of Linux write them. Numbers little-endian. */
const u32 = (n: number): Buffer => Buffer.from([n & 255, (n >> 8) & 255, n >> 16, 0]);
const field = (content: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([u32(bytes.length), bytes]);
};
const sha1 = (data: Uint8Array): Buffer => createHash('sha1').update(data).digest();
const octets = (fill: number, length: number): Buffer => Buffer.alloc(length, fill);
const named = (algorithm: string, digest: Uint8Array): Buffer => Buffer.concat([Buffer.from(`${algorithm}:\0`), digest]);

/** A line and a binary entry of a template with fields that have lengths. */
const entry = (template: string, text: string, ...fields: readonly (Uint8Array | string)[]) => {
  const data = Buffer.concat(fields.map(field));
  const head = Buffer.concat([u32(10), sha1(data)]);
  return {
    data,
    line: `10 ${sha1(data).toString('hex')} ${template} ${text}\n`,
    binary: Uint8Array.from(Buffer.concat([head, field(template), field(data)])),
  };
};
const sha256 = `sha256:${'11'.repeat(32)}`;
const start = [named('sha256', octets(0x11, 32)), '/usr/bin/app\0'] as const;
const signature = octets(0x5a, 72);

/** The first template has no lengths in what is hashed, and the name in 256 octets. */
const oldData = Buffer.concat([octets(0x33, 20), Buffer.from('/usr/bin/app'), Buffer.alloc(256 - 12)]);
const entries = {
  'ima-ng': entry('ima-ng', `${sha256} /usr/bin/app`, ...start),
  'ima-sig with a signature': entry('ima-sig', `${sha256} /usr/bin/app ${signature.toString('hex')}`, ...start, signature),
  'ima-sig without one': entry('ima-sig', `${sha256} /usr/bin/app `, ...start, ''),
  'ima-buf': entry('ima-buf', `${sha256} kexec-cmdline 726f6f743d`, named('sha256', octets(0x11, 32)), 'kexec-cmdline\0', 'root='),
  'ima-modsig with a signature appended': entry(
    'ima-modsig',
    `${sha256} /usr/bin/app  sha512:${'22'.repeat(64)} ${'44'.repeat(300)}`,
    ...start,
    '',
    named('sha512', octets(0x22, 64)),
    octets(0x44, 300),
  ),
  'ima-modsig with both signatures': entry(
    'ima-modsig',
    `${sha256} /usr/bin/app ${signature.toString('hex')} sha256:${'22'.repeat(32)} 44`,
    ...start,
    signature,
    named('sha256', octets(0x22, 32)),
    octets(0x44, 1),
  ),
  'ima-modsig with none': entry('ima-modsig', `${sha256} /usr/bin/app   `, ...start, '', '', ''),
  ima: {
    data: oldData,
    line: `10 ${sha1(oldData).toString('hex')} ima ${'33'.repeat(20)} /usr/bin/app\n`,
    binary: Uint8Array.from(Buffer.concat([u32(10), sha1(oldData), field('ima'), octets(0x33, 20), field('/usr/bin/app')])),
  },
};
const all = Object.values(entries);
const lines = all.map(e => e.line).join('');
const binary = Uint8Array.from(Buffer.concat(all.map(e => e.binary)));

describe('the list of files that Linux measured', () => {
  it.each(Object.entries(entries))('of template %s leads to the data that the kernel hashes, in text and in binary', (name, one) => {
    const [fromText, ...more] = decodeImaAscii(one.line);
    expect(more).toEqual([]);
    expect(Buffer.from(fromText?.data ?? []).toString('hex')).toBe(one.data.toString('hex'));
    expect(decodeImaBinary(one.binary)).toEqual([fromText]);
    expect(sha1(fromText?.data ?? Buffer.alloc(0))).toEqual(Buffer.from(fromText?.templateHash ?? []));
    expect(fromText).toMatchObject({
      pcr: 10,
      template: name.split(' ')[0],
      path: name === 'ima-buf' ? 'kexec-cmdline' : '/usr/bin/app',
      digest: name === 'ima' ? `sha1:${'33'.repeat(20)}` : sha256,
      isViolation: false,
    });
  });

  it('of several templates is read entry by entry and counted without being read', () => {
    expect([...imaEntries('binary', binary)]).toEqual(decodeImaAscii(lines));
    expect([...imaEntries('ascii', Buffer.from(lines))]).toEqual(decodeImaBinary(binary));
    expect([countImaEntries('binary', binary), countImaEntries('ascii', Buffer.from(lines))]).toEqual([all.length, all.length]);
  });

  it('cut anywhere within an entry is refused', () => {
    for (const { binary: one } of all)
      for (let end = 1; end < one.length; end++) expect(() => decodeImaBinary(one.subarray(0, end)), `${end}`).toThrow(DecodeError);
  });

  it('tells a violation by its hash of zeros, in the first template too', () => {
    const line = `10 ${'00'.repeat(20)} ima ${'00'.repeat(20)} /tmp/x\n`;
    expect(decodeImaAscii(line)).toMatchObject([{ isViolation: true, path: '/tmp/x' }]);
  });

  it.each([
    ['a template that is not known', `10 ${'01'.repeat(20)} ima-new ${sha256} /x`],
    ['a name too long for the first template', `10 ${'01'.repeat(20)} ima ${'33'.repeat(20)} /${'x'.repeat(255)}`],
    ['a digest of another length in the first template', `10 ${'01'.repeat(20)} ima ${'33'.repeat(32)} /x`],
    ['a signature that is no hex', `10 ${'01'.repeat(20)} ima-sig ${sha256} /x zz`],
    ['an algorithm before a signature', `10 ${'01'.repeat(20)} ima-sig ${sha256} /x sha256:00`],
    ['a digest without algorithm behind the name', `10 ${'01'.repeat(20)} ima-modsig ${sha256} /x  2222 44`],
    ['a digest of a length that its hash has not', `10 ${'01'.repeat(20)} ima-ng sha256:11 /x`],
    ['another PCR than there is', `99 ${'01'.repeat(20)} ima ${'33'.repeat(20)} /x`],
  ])('with %s is refused', (_, line) => expect(() => decodeImaAscii(line)).toThrow(DecodeError));
});
