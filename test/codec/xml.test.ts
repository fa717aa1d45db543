import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeXml, xmlAt } from '../../gateway/codec/xml.ts';
import { cost } from '../undisturbed.ts';

const read = (text: string) => decodeXml(new TextEncoder().encode(text));

describe('XML', () => {
  it('has elements by their local names, in order, with their texts', () =>
    expect(read('<?xml version="1.0"?>\n<a:r x="1>2" y=\'/\'>\n one <b/><c:b>two</c:b ><!-- <no> --> three</a:r>')).toEqual({
      name: 'r',
      text: 'one  three',
      children: [
        { name: 'b', text: '', children: [] },
        { name: 'b', text: 'two', children: [] },
      ],
    }));

  it('has the five entities, characters by number and CDATA; other entities stay as they are', () => {
    expect(read('<a>&lt;&amp;lt;&#65;&#x42;&quot;<![CDATA[<&amp;>]]>&user;</a>').text).toBe('<&lt;AB"<&amp;>&user;');
    expect(read('<a>&#x202e;&#0;&#1114112;</a>').text).toBe('\ufffd&#0;&#1114112;');
  });

  it('is found by its path', () => {
    const root = read('<a><b><c>1</c></b><b><c>2</c></b></a>');
    expect(xmlAt(root, 'b', 'c')?.text).toBe('1');
    expect(xmlAt(root, 'b', 'd', 'c')).toBeUndefined();
  });

  it('may begin with a byte order mark', () => expect(read('\ufeff<a>x</a>').text).toBe('x'));

  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', /document type/],
    ['an element that is closed by another', '<a><b></a></b>', /<\/a> where <b> is open/],
    ['an element that is closed and not open', '<a/></a>', /where <> is open/],
    ['an element that stays open', '<a><b>', /2 elements still open/],
    ['a tag without end', '<a x="', /tag that does not end/],
    ['a tag inside a tag', '<a <b>', /tag that does not end/],
    ['a comment without end', '<a><!-- </a>', /no -->/],
    ['a name that is none', '<1/>', /element name "1"/],
    ['nothing', '', /0 elements/],
    ['too many elements', `<a>${'<b/>'.repeat(600)}</a>`, /more than 512/],
    ['too deep a nesting', '<a>'.repeat(40), /deeper than 32/],
    ['too long a document', `<a>${'x'.repeat(70_000)}</a>`, /70007 bytes/],
  ])('with %s is refused', (_, text, found) => {
    expect(() => read(text)).toThrow(DecodeError);
    expect(() => read(text)).toThrow(found);
  });

  it('of 64 kB of any one mark is read or refused at once, and its texts are capped', () => {
    for (const mark of ['<', '&', '>', '&#1;', '<!--', '<!---->', '<?', '<a>', '<a/>', '"', '<![CDATA[', '<![CDATA[]]>x', '&amp;'])
      for (const before of ['', '<a>', '<a x="']) {
        const millis = cost(() => {
          try {
            expect(read((before + mark.repeat(65_000)).slice(0, 65_000)).text.length).toBeLessThanOrEqual(4096);
          } catch (error) {
            if (!(error instanceof DecodeError)) throw error;
          }
        });
        expect(millis, `${before} ${mark}`).toBeLessThan(250);
      }
  });

  it('edited is read or refused', () => {
    const text = '<?xml version="1.0"?><a:r x="1>2"><b/><c:b>two &amp;</c:b><!-- <no> --><![CDATA[<&amp;>]]></a:r>';
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), edits => {
        const bytes = new TextEncoder().encode(text);
        for (const [at, value] of edits) bytes[at] = value;
        try {
          decodeXml(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 1000, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
    );
  });
});
