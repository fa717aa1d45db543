import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/hsrp.ts';
import * as b from '../vectors/frames/build.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/redundancy.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.redundancyVectors;

describe('HSRP', () => {
  it('names a router with the virtual address and hardware address', () => {
    const router = { kind: 'router', protocol: 'hsrp', ip: '192.0.2.1', mac: '00:00:0c:07:ac:07' };
    expect(factsOf(v.hsrpMac, vectors['hsrp-active'])).toEqual([
      { ...router, detail: 'group 7, active, priority 200', owner: '192.0.2.33' },
    ]);
    expect(factsOf(gateway, vectors['hsrp-standby'])).toEqual([{ ...router, detail: 'group 7, standby, priority 200' }]);
  });

  it('version 2 has 4096 groups, also for IPv6', () => {
    expect(factsOf(gateway, vectors['hsrp-version-2'])).toEqual([
      { kind: 'router', protocol: 'hsrp', detail: 'group 291, active, priority 110', ip: '192.0.2.1', mac: '00:00:0c:9f:f1:23' },
    ]);
    expect(factsOf(gateway, vectors['hsrp-ipv6'])).toEqual([
      { kind: 'router', protocol: 'hsrp', detail: 'group 1, active, priority 110', ip: 'fe80::1', mac: '00:05:73:a0:00:01' },
    ]);
  });

  it('that only advertises its interfaces names nothing', () => expect(factsOf(gateway, vectors['hsrp-advertise'])).toEqual([]));

  it('that is sent to one host, or has come through a router, names nothing', () => {
    const frame = b.ethernet(gateway, host, 0x0800, b.ipv4('192.0.2.33', '192.0.2.34', 17, b.udp(1985, 1985, v.hsrp1(0, 16))));
    expect(factsOf(gateway, frame)).toEqual([]);
  });

  it('keeps no password', () => expect(JSON.stringify(drained(...Object.values(vectors)))).not.toContain('example'));

  it('of another operation, version or length is malformed', () => {
    expect(() => decode(v.hsrp1(9, 16))).toThrow(/opcode 9/);
    expect(() => decode(v.hsrp2(4, 1).with(2, 3))).toThrow(/version 3/);
    expect(() => decode(v.hsrp2(4, 1).with(1, 39))).toThrow(/length 39/);
  });

  it('does not decode when cut, but between the parts of version 2', () => {
    expect(cutsThatDecode(v.hsrp1(0, 16), decode)).toEqual([]);
    expect(cutsThatDecode(v.hsrp2(4, 1), decode)).toEqual([42]);
  });
});
