import { describe, expect, it } from 'vitest';
import { pathFindings } from '../../gateway/attestation/path-findings.ts';
import { alternativeNames, ca, extension, issuerKeyId, keyId, name, nameConstraints, policies, usage } from '../vectors/path-pki.ts';
import { octets, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { build, caA, leaf, root } from './path-world.ts';

const goodRoot = (): Uint8Array => root({ extensions: [ca(), keyId('r')] });
const goodCa = { extensions: [ca(), keyId('a'), issuerKeyId('r')] };
/** Clauses that a path with this leaf and this CA breaks. */
const broken = (of: { readonly leaf?: object; readonly ca?: object; readonly root?: object } = {}): readonly string[] => {
  const mine = leaf({ extensions: [issuerKeyId('a')], ...of.leaf });
  const anchors = [of.root === undefined ? goodRoot() : root(of.root)];
  return pathFindings(build({ leaf: mine, with: [caA({ ...goodCa, ...of.ca })], anchors })).map(f => f.clause);
};
const notCritical = (id: string, value: Uint8Array): Uint8Array => extension(id, false, value);
const isTrue = tlv(0x01, Uint8Array.of(0xff));

describe('rules for issuers', () => {
  it('are kept by a path that keeps them', () => expect(broken()).toEqual([]));
  for (const [what, clauses, given] of [
    ['a serial number of zero', ['§4.1.2.2'], { leaf: { serial: 0 } }],
    ['a serial number of 21 octets', ['§4.1.2.2'], { leaf: { serial: 2n ** 161n } }],
    ['a serial number of 20 octets, whose first bit is set', [], { leaf: { serial: 2n ** 159n + 1n } }],
    ['no identifier of the issuing key', ['§4.2.1.1'], { leaf: { extensions: [usage(0)] } }],
    [
      'a critical identifier of the issuing key',
      ['§4.2.1.1'],
      { leaf: { extensions: [extension('2.5.29.35', true, sequence(tlv(0x80, utf8('a'))))] } },
    ],
    ['a CA without an identifier of its key', ['§4.2.1.2'], { ca: { extensions: [ca(), issuerKeyId('r')] } }],
    ['an anchor without one', ['§4.2.1.2'], { root: { extensions: [ca()] } }],
    ['a critical identifier', ['§4.2.1.2'], { leaf: { extensions: [issuerKeyId('a'), extension('2.5.29.14', true, octets(utf8('l')))] } }],
    ['a leaf that may sign certificates', ['§4.2.1.3'], { leaf: { extensions: [issuerKeyId('a'), usage(5)] } }],
    ['a policy named twice', ['§4.2.1.4'], { leaf: { extensions: [issuerKeyId('a'), policies('1.2.3', '1.2.4', '1.2.3')] } }],
    [
      'other names alone, not marked',
      ['§4.2.1.6'],
      { leaf: { subject: '', extensions: [issuerKeyId('a'), alternativeNames(name.dns('a'))] } },
    ],
    [
      'a CA that does not mark it',
      ['§4.2.1.9'],
      { ca: { extensions: [...goodCa.extensions.slice(1), notCritical('2.5.29.19', sequence(isTrue))] } },
    ],
    ['name constraints of a leaf', ['§4.2.1.10'], { leaf: { extensions: [issuerKeyId('a'), nameConstraints([name.dns('a')])] } }],
    [
      'name and policy constraints that are not marked, and are honoured all the same',
      ['§4.2.1.10', '§4.2.1.11'],
      {
        leaf: { extensions: [issuerKeyId('a'), policies('1.2.3')] },
        ca: {
          extensions: [
            ...goodCa.extensions,
            policies('1.2.3'),
            notCritical('2.5.29.30', sequence(tlv(0xa0, sequence(name.dns('a'))))),
            notCritical('2.5.29.36', sequence(tlv(0x80, Uint8Array.of(0)))),
          ],
        },
      },
    ],
  ] as const)
    it(`${what}: ${clauses.join(', ') || 'nothing to tell'}`, () => expect(broken(given)).toEqual(clauses));
});
