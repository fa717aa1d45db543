import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/icmp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { bytes } from '../vectors/frames/build.ts';
import { icmpFrame, icmpVectors } from '../vectors/frames/icmp.ts';
import { factsOf, protocolsOf } from './observe.ts';

const router = '00:00:5e:00:53:02';
const header = 14 + 20;

describe('ICMP', () => {
  it('router advertisements name the routers and their lifetime', () =>
    expect(factsOf(router, icmpVectors['icmp-router-advertisement'])).toEqual([
      { kind: 'router', protocol: 'irdp', ip: '192.0.2.1', detail: 'lifetime 1800 s' },
      { kind: 'router', protocol: 'irdp', ip: '192.0.2.2', detail: 'lifetime 1800 s' },
    ]));

  it('redirects name the gateway that shall be used, and for whom', () =>
    expect(factsOf(router, icmpVectors['icmp-redirect'])).toEqual([
      { kind: 'router', protocol: 'redirect', ip: '192.0.2.99', detail: 'for 198.51.100.7' },
    ]));

  it('echoes and errors say only that it is spoken', () => {
    expect(factsOf(router, icmpVectors['icmp-echo'], icmpVectors['icmp-unreachable'])).toEqual([]);
    expect(protocolsOf(router, icmpVectors['icmp-echo'], icmpVectors['icmp-unreachable'])).toEqual(['icmp']);
  });

  it('with addresses that no host can have names none', () =>
    expect(factsOf(router, icmpFrame(bytes(5, 1, 0, 0, 0, 0, 0, 0, new Uint8Array(20))))).toEqual([]));

  it('of types that there are not, or with addresses of one word, is malformed', () => {
    for (const type of [41, 44, 252]) expect(() => decode(bytes(type, 0, 0, 0, 0, 0, 0, 0))).toThrow(DecodeError);
    expect(() => decode(bytes(9, 0, 0, 0, 1, 1, 0, 0, 1, 2, 3, 4))).toThrow('router addresses of 1 words');
  });

  it.each(Object.entries(icmpVectors))('%s cut anywhere before what is read is malformed', (name, frame) => {
    const body = frame.subarray(header);
    // Behind eight bytes echoes and errors carry what nobody reads; a redirect is read to the target in the header that it carries.
    const read = name === 'icmp-redirect' ? 28 : name === 'icmp-router-advertisement' ? body.length : 8;
    for (let length = 0; length < read; length++) expect(() => decode(body.subarray(0, length)), `${length} bytes`).toThrow(DecodeError);
    expect(() => decode(body.subarray(0, read))).not.toThrow();
  });
});
