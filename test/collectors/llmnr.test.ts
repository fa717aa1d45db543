import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/llmnr.ts';
import { datagram, host, hostIp, llmnrAnswer, llmnrQuery } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

describe('LLMNR', () => {
  it('that asks for an address tells nothing of the asker', () => expect(factsOf(host, vector('llmnr-query'))).toEqual([]));

  it('that verifies a name for all types of record names its sender (RFC 4795 §4.1)', () =>
    expect(factsOf(host, vector('llmnr-verifies-own-name'))).toEqual([{ kind: 'hostname', name: 'HMI-7' }]));

  it('for a reverse name of all types names nobody', () =>
    expect(factsOf(host, datagram(50_000, 5355, llmnrQuery('10.2.0.192.in-addr.arpa', 'ANY')))).toEqual([]));

  it('that answers tells for which name it stands in, and its own address', () =>
    expect(factsOf(host, vector('llmnr-answer'))).toEqual([
      { kind: 'answers-for', protocol: 'llmnr', name: 'wpad' },
      { kind: 'address', ip: hostIp },
    ]));

  it('that answers with the address of another host names no address', () =>
    expect(factsOf(host, datagram(5355, 50_000, llmnrAnswer('wpad', '192.0.2.99'), { toPeer: true }))).toEqual([
      { kind: 'answers-for', protocol: 'llmnr', name: 'wpad' },
    ]));

  it('from another port than its own answers nothing', () =>
    expect(factsOf(host, datagram(50_000, 5355, llmnrAnswer('wpad', hostIp)))).toEqual([]));

  cannotBeCut(decode, ['llmnr-query', 'llmnr-answer']);
});
