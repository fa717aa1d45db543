import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/lacp.ts';
import { host, peer } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/lacp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';

const vectors = v.lacpVectors;

describe('LACP', () => {
  it('names both ends of an aggregated link', () =>
    expect(factsOf(host, vectors.lacp)).toEqual([
      { kind: 'bridge', protocol: 'lacp', detail: `system ${host} port 7, key 9, partner ${peer} port 12` },
    ]));

  it('may not know its partner yet', () =>
    expect(factsOf(host, vectors['lacp-alone'])).toMatchObject([{ detail: `system ${host} port 7, key 9, partner unknown` }]));

  it('is one of the slow protocols; the others are left alone', () =>
    expect(drained(vectors.lacp.with(14, 4))).toMatchObject({ malformed: [], counters: [{ identityFrames: 0 }] }));

  it('is known of who sends a marker or answers one: of neither more is told', () => {
    for (const name of ['lacp-marker', 'lacp-marker-response'] as const) {
      expect(protocolsOf(host, vectors[name])).toEqual(['lacp']);
      expect(factsOf(host, vectors[name])).toEqual([]);
      for (const [at, value] of [
        [15, 2],
        [16, 3],
        [17, 15],
      ] as const)
        expect(protocolsOf(host, vectors[name].with(at, value)), `${at}`).toEqual([]);
      expect(protocolsOf(host, vectors[name].subarray(0, 30))).toEqual([]);
    }
  });

  it('with other parts is malformed, with its sender', () => {
    expect(() => decode(v.lacp(peer).with(1, 0))).toThrow(/version 0/);
    expect(drained(vectors.lacp.with(16, 9)).malformed).toMatchObject([{ mac: host, collector: 'lacp' }]);
  });

  it('does not decode when cut in one of its two ends; what is behind them nobody looks at', () =>
    expect(cutsThatDecode(v.lacp(peer).subarray(0, 42), decode)).toEqual([]));
});
