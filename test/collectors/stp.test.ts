import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/stp.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/stp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.stpVectors;
const detail = `root 4096/1/${gateway}, cost 4, bridge 32768/1/${host}, port 0x8007`;
const root = { priority: 4096, extension: 1, mac: gateway };
const tree = { root, bridge: { priority: 32_768, extension: 1, mac: host } };

describe('a BPDU', () => {
  it('of Spanning Tree names a bridge with its root', () =>
    expect(factsOf(host, vectors['stp-configuration'])).toEqual([{ kind: 'bridge', protocol: 'stp', detail, tree }]));

  it('of Rapid Spanning Tree too, padded to the least frame', () =>
    expect(factsOf(host, vectors['stp-rapid'])).toEqual([{ kind: 'bridge', protocol: 'rstp', detail, tree }]));

  it('of Multiple Spanning Tree names its region and its own bridge', () =>
    expect(factsOf(host, vectors['stp-multiple'])).toEqual([
      {
        kind: 'bridge',
        protocol: 'rstp',
        detail: `root 4096/1/${gateway}, cost 4, bridge 36864/0/${host}, port 0x8007, region plant revision 3`,
        tree: { root, bridge: { priority: 36_864, extension: 0, mac: host } },
      },
    ]));

  it('for one VLAN of many says the same for each VLAN', () =>
    expect(factsOf(host, vectors['stp-per-vlan'])).toEqual([
      { kind: 'bridge', protocol: 'rstp', detail: `bridge ${host}, a tree for each VLAN` },
    ]));

  it('that tells of a change says no more', () => expect(factsOf(host, vectors['stp-topology-change'])).toEqual([]));

  it('of another protocol or type is malformed, with its sender', () => {
    expect(() => decode(v.bpdu(0, 0).with(1, 1))).toThrow(/protocol 1/);
    expect(drained(v.stpFrame(v.bpdu(0, 7))).malformed).toMatchObject([{ mac: host, collector: 'stp' }]);
  });

  it('does not decode when cut anywhere', () => {
    for (const message of [v.bpdu(0, 0), v.bpdu(2, 2, 0)]) expect(cutsThatDecode(message, decode)).toEqual([]);
    // Behind the bridge's own identifier stand the hops that remain, and the instances: nobody looks at them.
    expect(cutsThatDecode(v.mstp, decode)).toEqual([]);
  });
});
