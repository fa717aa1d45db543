import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/dhcpv6.ts';
import * as b from '../vectors/frames/build.ts';
import * as v from '../vectors/frames/dhcpv6.ts';
import { gateway, host, peer } from '../vectors/frames/infrastructure.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.dhcpv6Vectors;
const linkLocal = { kind: 'address', ip: 'fe80::200:5eff:fe00:5321' };
const duid = { kind: 'identifier', scheme: 'duid', value: '000100012a00000000005e005321' };
const lease = { kind: 'dhcp-lease', ip: '2001:db8::21', server: 'fe80::200:5eff:fe00:5323' };

describe('a DHCPv6 client', () => {
  it('says its DUID, name, classes, option request and MUD URL; the address it asks for is not yet its own', () =>
    expect(factsOf(host, vectors['dhcpv6-solicit'])).toEqual([
      linkLocal,
      duid,
      { kind: 'hostname', name: 'drive-7.plant.example' },
      { kind: 'vendor-class', text: 'Drive 7' },
      { kind: 'description', of: 'dhcp-user-class', text: 'plant line 4' },
      { kind: 'print', scheme: 'dhcpv6-options', value: '24,23,17,39' },
      { kind: 'mud-url', url: 'https://vendor.example/drive.json' },
    ]));

  it('may say classes of several vendors, and its type plate in the options of one', () =>
    expect(factsOf(host, vectors['dhcpv6-cable-modem'])).toEqual([
      linkLocal,
      duid,
      { kind: 'vendor-class', text: 'docsis3.1 Modem' },
      { kind: 'maker', text: 'Co.' },
      { kind: 'model', text: 'CM-3' },
      { kind: 'serial', text: 'S-9' },
      { kind: 'firmware', text: 'v3.1' },
    ]));

  it('that renews names the address that it uses', () =>
    expect(factsOf(host, vectors['dhcpv6-renew'])).toEqual([linkLocal, { kind: 'address', ip: '2001:db8::21' }, duid]));

  it('that asks again, gives up or refuses an address names it not as its own', () => {
    for (const type of [1, 3, 4, 8, 9, 11])
      expect(factsOf(host, v.fromClient(v.dhcpv6(type, v.association('2001:db8:0:0:0:0:0:21')))), `${type}`).toEqual([linkLocal]);
  });

  it('of another segment is not named by its relay, nor is the relay by it', () =>
    expect(factsOf(gateway, vectors['dhcpv6-relay'])).toEqual([]));

  it('may give a partial name, which ends without the root', () =>
    expect(factsOf(host, v.fromClient(v.dhcpv6(1, v.option(39, 0, 7, 'drive-7'))))).toContainEqual({ kind: 'hostname', name: 'drive-7' }));
});

describe('a DHCPv6 server', () => {
  it('is named by its Advertise, with its DUID, without a lease', () =>
    expect(factsOf(gateway, vectors['dhcpv6-advertise'])).toEqual([
      { kind: 'dhcp-server', ip: 'fe80::200:5eff:fe00:5323' },
      { kind: 'identifier', scheme: 'duid', value: '000100012a00000000005e005323' },
    ]));

  it('names the lease of the client that it answers', () =>
    expect(factsOf(host, vectors['dhcpv6-renew'], vectors['dhcpv6-reply'])).toContainEqual(lease));

  it('that only offers an address leases none', () =>
    expect(factsOf(host, vectors['dhcpv6-renew'], vectors['dhcpv6-advertise'])).not.toContainEqual(lease));

  it('cannot make a client appear that never spoke', () =>
    expect(drained(vectors['dhcpv6-reply']).observations.filter(o => o.mac === host)).toEqual([]));

  it('behind a relay gives its DUID to nobody: the frame is the relay’s', () => {
    const body = v.dhcpv6(7, v.option(1, v.duid(host)), v.option(2, v.duid(peer)));
    expect(factsOf(gateway, v.fromServer(body))).toEqual([{ kind: 'dhcp-server', ip: 'fe80::200:5eff:fe00:5323' }]);
  });
});

describe('a wrong DHCPv6 message is malformed', () => {
  it.each([
    ['type 0', v.dhcpv6(0), /type 0/],
    ['an option that runs past the end', b.bytes(v.dhcpv6(1), b.u16(1), b.u16(9), 1), /9 bytes wanted/],
    ['a DUID that is too long', v.dhcpv6(1, v.option(1, new Uint8Array(131))), /131 bytes/],
    ['an odd option request', v.dhcpv6(1, v.option(6, 0, 1, 2)), /2 bytes wanted, 1 left/],
    ['a name with a pointer', v.dhcpv6(1, v.option(39, 0, 0xc0, 0)), /label type 3/],
    ['a class that runs past its option', v.dhcpv6(1, v.option(15, b.u16(9), 'x')), /9 bytes wanted/],
  ])('%s', (_, body, message) => expect(() => decode(body)).toThrow(message));

  it('of a relay that is shorter than its head', () => {
    const relay = b.bytes(12, new Uint8Array(33));
    expect(decode(relay)).toMatchObject({ type: 12, addresses: [] });
    expect(cutsThatDecode(relay, decode)).toEqual([]);
  });

  it('cut anywhere but between its options', () => {
    const solicit = v.dhcpv6(1, v.option(8, 0, 0), v.option(1, v.duid(host)));
    expect(cutsThatDecode(solicit, decode)).toEqual([4, 10]);
  });
});
