import { expect, it } from 'vitest';
import { decode } from '../../collectors/vtp.ts';
import * as b from '../vectors/frames/build.ts';
import { discoveryVectors as v, vtpSummary } from '../vectors/frames/discovery.ts';
import { host } from '../vectors/frames/infrastructure.ts';
import { factsOf } from './observe.ts';

it('a switch tells its domain', () =>
  expect(factsOf(host, v['vtp'] ?? b.bytes())).toEqual([
    { kind: 'description', text: 'VTP version 2, domain plant', of: 'vtp' },
    { kind: 'device-kind', text: 'switch' },
  ]));

it('of the field only as much as its length says is the domain', () => {
  expect(decode(vtpSummary.with(9, 0x58))).toEqual({ version: 2, domain: 'plant' });
  expect(decode(vtpSummary.with(3, 0))).toEqual({ version: 2, domain: '' });
});

it('another version or code, a domain longer than its field, and what is cut, is malformed', () => {
  expect(() => decode(vtpSummary.with(0, 4))).toThrow('version 4');
  expect(() => decode(vtpSummary.with(1, 5))).toThrow('code 5');
  expect(() => decode(vtpSummary.with(3, 33))).toThrow('domain of 33 bytes');
  for (let length = 0; length < 36; length++) expect(() => decode(vtpSummary.subarray(0, length))).toThrow('Cannot read VTP');
});
