import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/mld.ts';
import * as b from '../vectors/frames/build.ts';
import { host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/multicast.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.multicastVectors;
const own = { kind: 'address', ip: 'fe80::200:5eff:fe00:5321' };

describe('MLD', () => {
  it('names the group of a report, and the link-local address that it comes from', () =>
    expect(factsOf(host, vectors['mld-version-1'])).toEqual([own, { kind: 'member', group: 'ff02::fb' }]));

  it('version 2 names what is listened to, and not what is left', () =>
    expect(factsOf(host, vectors['mld-version-2'])).toEqual([
      own,
      { kind: 'member', group: 'ff02::fb' },
      { kind: 'member', group: 'ff02::1:ff00:5321' },
    ]));

  it('from no address names the groups alone', () =>
    expect(factsOf(host, v.mldFrame(v.report(143, [4, 'ff02:0:0:0:0:0:0:fb']), '0:0:0:0:0:0:0:0'))).toEqual([
      { kind: 'member', group: 'ff02::fb' },
    ]));

  it('from an address that may be routed does not name that address', () =>
    expect(factsOf(host, v.mldFrame(v.report(143, [4, 'ff02:0:0:0:0:0:0:fb']), '2001:db8:0:0:0:0:0:21'))).toEqual([
      { kind: 'member', group: 'ff02::fb' },
    ]));

  it('version 1 never names what is no group either', () =>
    expect(factsOf(host, v.mldFrame(b.bytes(131, 0, b.u16(0), b.u32(0), b.ip6('2001:db8:0:0:0:0:0:1'))))).toEqual([own]));

  it('never names what is no group', () => expect(factsOf(host, v.mldFrame(v.report(143, [4, '2001:db8:0:0:0:0:0:1'])))).toEqual([own]));

  it('that promises more than it has is malformed, with its sender', () =>
    expect(drained(v.mldFrame(v.report(143).with(7, 1))).malformed).toMatchObject([{ mac: host, collector: 'mld' }]));

  it('does not decode when cut anywhere', () => expect(cutsThatDecode(v.report(143, [4, 'ff02:0:0:0:0:0:0:fb']), decode)).toEqual([]));
});
