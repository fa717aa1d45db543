import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/browser.ts';
import * as b from '../vectors/frames/build.ts';
import { announcement, datagram, host, hostIp, nbDatagram } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { bodyOf, cannotBeCut, vector } from './udp-cases.ts';

const facts = (over: Parameters<typeof announcement>[0]) => factsOf(host, datagram(138, 138, nbDatagram(announcement(over))));
const base = [
  { kind: 'address', ip: hostIp },
  { kind: 'hostname', name: 'HMI-7' },
];

describe('the NetBIOS browser protocol', () => {
  it('announces a host with its version, workgroup and comment', () =>
    expect(factsOf(host, vector('browser-announcement'))).toEqual([
      ...base,
      { kind: 'description', text: 'version 10.0; workgroup PLANT; Line 7' },
      { kind: 'device-kind', text: 'workstation' },
    ]));

  it('also as local master', () => expect(facts({ command: 15 })).toEqual(facts({})));

  it('tells servers and domain controllers from workstations by the server type', () => {
    for (const serverType of [0x8003, 0x9003, 0x100b, 0x1013])
      expect(facts({ serverType })).toContainEqual({ kind: 'device-kind', text: 'server' });
    expect(facts({ serverType: 3 }).some(f => f.kind === 'device-kind')).toBe(false);
  });

  it('of other commands, mailslots and of no SMB names its sender only', () => {
    for (const smb of [announcement({ command: 12 }), announcement({ mailslot: '\\MAILSLOT\\NETLOGON' }), b.bytes('hello'), b.bytes()])
      expect(factsOf(host, datagram(138, 138, nbDatagram(smb)))).toEqual(base);
  });

  it('that a distribution server passes on tells nothing', () =>
    expect(factsOf(host, datagram(138, 138, nbDatagram(announcement(), '192.0.2.99')))).toEqual([]));

  it('of other datagram types tells nothing', () =>
    expect(factsOf(host, datagram(138, 138, bodyOf('browser-announcement').with(0, 0x13)))).toEqual([]));

  // What follows the names may be any datagram; a cut SMB magic is none.
  cannotBeCut(decode, ['browser-announcement'], length => length >= 82 && length < 87);
});
