import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/nbns.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, hostIp, nbnsAnswer, nbnsRegistration, netbios } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

const registered = (name: Parameters<typeof nbnsRegistration>[0], opcode = 5) =>
  factsOf(host, datagram(137, 137, nbnsRegistration(name, opcode)));
const address = { kind: 'address', ip: hostIp };

describe('a NetBIOS name', () => {
  it('that is registered, refreshed or registered for one of several addresses is its sender’s', () => {
    for (const opcode of [5, 8, 9, 15])
      expect(registered({ name: 'HMI-7' }, opcode)).toEqual([address, { kind: 'hostname', name: 'HMI-7' }]);
  });

  it('that is released or awaited is nobody’s', () => {
    for (const opcode of [0, 6, 7]) expect(registered({ name: 'HMI-7' }, opcode)).toEqual([]);
  });

  it('of a server (0x20) is the host’s too; of a user (0x03) or web server is not', () => {
    expect(registered({ name: 'HMI-7', suffix: 0x20 })).toContainEqual({ kind: 'hostname', name: 'HMI-7' });
    expect(registered({ name: 'SOMEBODY', suffix: 3 })).toEqual([address]);
    expect(registered({ name: 'IS~HMI-7' })).toEqual([address]);
  });

  it('of a group is the workgroup, and of domain controllers shows a server', () => {
    expect(registered({ name: 'PLANT', isGroup: true })).toEqual([address, { kind: 'description', text: 'workgroup PLANT' }]);
    expect(registered({ name: 'PLANT', suffix: 0x1c, isGroup: true })).toEqual([address, { kind: 'device-kind', text: 'server' }]);
  });

  it('registered for another address leaves that address out', () =>
    expect(registered({ name: 'HMI-7', ip: '192.0.2.99' })).toEqual([{ kind: 'hostname', name: 'HMI-7' }]));

  it('that somebody asked for is what the answerer stands in for', () => {
    expect(factsOf(host, vector('nbns-query'))).toEqual([]);
    expect(factsOf(host, vector('nbns-answer'))).toEqual([{ kind: 'answers-for', protocol: 'nbns', name: 'WPAD' }]);
  });

  it('of the part that a master browser plays is nobody’s; that of a domain’s master is', () => {
    const answers = (name: string, suffix: number) => factsOf(host, datagram(137, 137, nbnsAnswer(name, hostIp, suffix), { toPeer: true }));
    expect(answers('PLANT', 0x1d)).toEqual([]);
    expect(answers('\x01\x02__MSBROWSE__\x02', 1)).toEqual([]);
    for (const [name, suffix] of [
      ['PLANT', 0x1b],
      ['PLANT', 0x20],
      ['MSBROWSE', 1],
    ] as const)
      expect(answers(name, suffix)).toEqual([{ kind: 'answers-for', protocol: 'nbns', name }]);
  });

  it('whose answer names the address of another is a name server’s', () =>
    expect(factsOf(host, datagram(137, 137, nbnsAnswer('WPAD', '192.0.2.99'), { toPeer: true }))).toEqual([]));

  it('that is refused is not answered for', () =>
    expect(factsOf(host, datagram(137, 137, nbnsAnswer('WPAD').with(3, 3), { toPeer: true }))).toEqual([]));

  it('stands in the status of its host with the workgroup', () =>
    expect(factsOf(host, vector('nbns-status'))).toEqual([
      { kind: 'hostname', name: 'HMI-7' },
      { kind: 'description', text: 'workgroup PLANT' },
    ]));

  it('that came through a router names nobody', () =>
    expect(factsOf(host, datagram(137, 137, nbnsAnswer('WPAD'), { toPeer: true, ttl: 63 }))).toEqual([]));

  it('may have a scope; one of other letters or another length is malformed', () => {
    const query = (name: Uint8Array) => b.bytes([b.u16(9), b.u16(0), b.u16(1), b.u16(0), b.u16(0), b.u16(0)], name, b.u16(0x20), b.u16(1));
    expect(decode(query(netbios('HMI-7', 0, [5, 'plant']))).question).toEqual({ text: 'HMI-7', suffix: 0 });
    expect(() => decode(query(netbios('HMI-7', 0).with(5, 0x51)))).toThrow(DecodeError);
    expect(() => decode(query(netbios('HMI-7', 0).with(0, 31)))).toThrow(/NetBIOS name of 31 bytes/);
    expect(() => decode(query(b.bytes(0xc0, 12)))).toThrow(/points elsewhere/);
  });

  cannotBeCut(decode, ['nbns-registration', 'nbns-query', 'nbns-answer', 'nbns-status']);
});
