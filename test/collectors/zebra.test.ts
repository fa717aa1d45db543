import { expect, it } from 'vitest';
import { decode } from '../../collectors/zebra.ts';
import * as b from '../vectors/frames/build.ts';
import { discoveryVectors as v, zebraLinkOs, zebraPrintServer } from '../vectors/frames/discovery.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { drained, factsOf } from './observe.ts';

const plate = (model: string, firmware: string, serial: string, name: string) => [
  { kind: 'maker', text: 'Zebra Technologies' },
  { kind: 'model', text: model },
  { kind: 'device-kind', text: 'printer' },
  { kind: 'firmware', text: firmware },
  { kind: 'serial', text: serial },
  { kind: 'hostname', name },
];

it('a printer tells its plate in both formats', () => {
  expect(factsOf(host, v['zebra-link-os'] ?? b.bytes())).toEqual(plate('ZT999', 'V93.21.26Z', '99J999999999', 'dock-label-4'));
  expect(factsOf(host, v['zebra-print-server'] ?? b.bytes())).toEqual(plate('QL 999', 'V80.1', 'XX99999999', 'hall-label'));
});

it('a question, an answer in another format, from another port or by a router, and one without a product tell nothing', () => {
  const question = datagram(50_000, 4201, b.bytes('.,:', 1, 0, 0));
  const other = datagram(4201, 50_000, zebraLinkOs.with(3, 5), { toPeer: true });
  expect(drained(question, other)).toMatchObject({ malformed: [] });
  for (const f of [
    question,
    other,
    datagram(50_000, 4201, zebraLinkOs, { toPeer: true }),
    datagram(4201, 50_000, zebraLinkOs, { toPeer: true, ttl: 63 }),
    datagram(4201, 50_000, b.bytes(':,.', 4, new Uint8Array(400)), { toPeer: true }),
  ])
    expect(factsOf(host, f)).toEqual([]);
});

it('a format that is not known, and what is cut before its last field, is malformed', () => {
  for (const version of [0, 2, 5]) expect(() => decode(zebraLinkOs.with(3, version))).toThrow(`version ${version}`);
  expect(() => decode(zebraLinkOs.with(0, 0x2e))).toThrow('no answer');
  for (let length = 0; length < 220; length++) expect(() => decode(zebraLinkOs.subarray(0, length))).toThrow('Cannot read');
  for (let length = 0; length < 109; length++) expect(() => decode(zebraPrintServer.subarray(0, length))).toThrow('Cannot read');
});
