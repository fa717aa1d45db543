import { describe, expect, it } from 'vitest';
import { arpSweep } from '../../gateway/probing/arp-sweep.ts';
import type { ProbeContext } from '../../gateway/probing/probe.ts';
import { bytes, context, emitted, free, hasTshark, range, readByTshark } from './emitted.ts';

const at = (ip: string, prefix: string, sweep?: string): ProbeContext => ({
  ...context,
  own: { ...context.own, ip, prefix },
  ...(sweep === undefined ? {} : { sweep }),
});
const targets = (about: ProbeContext): readonly string[] => emitted(arpSweep, about).map(frame => frame.subarray(38, 42).join('.'));

describe('the ARP sweep', () => {
  it('asks as RFC 826 writes it, from our own two addresses', () => {
    const [first] = emitted(arpSweep);
    expect(first).toEqual(
      bytes(`ffffffffffff 001bc50a0b0c 0806
             0001 0800 06 04 0001 001bc50a0b0c c000020a 000000000000 c0000201
             000000000000000000000000000000000000`),
    );
  });

  it('asks each address of our prefix once, but not the network’s, the broadcast and our own', () => {
    expect(targets(context)).toEqual(
      range(1, 14)
        .filter(n => n !== 10)
        .map(n => `192.0.2.${n}`),
    );
    expect(targets(at('10.0.0.1', '10.0.0.0/31'))).toEqual(['10.0.0.0']);
  });

  it('asks all of a /22, and of a wider prefix the /22 around us', () => {
    expect(targets(at('10.1.6.9', '10.1.4.0/22'))).toHaveLength(1021);
    const wide = targets(at('10.1.6.9', '10.1.0.0/16'));
    expect([wide[0], wide.at(-1), wide.length]).toEqual(['10.1.4.0', '10.1.7.255', 1023]);
  });

  it('asks what a person named, at most a /20', () => {
    const said = targets(at('10.1.6.9', '10.1.0.0/16', '10.1.16.0/20'));
    expect([said[0], said.at(-1), said.length]).toEqual(['10.1.16.0', '10.1.31.255', 4096]);
    expect(targets(at('10.1.6.9', '10.1.0.0/16', '10.2.0.0/30'))).toEqual(['10.2.0.1', '10.2.0.2']);
    for (const sweep of ['10.1.0.0/19', '10.1.0.0', 'fe80::/64'])
      expect(arpSweep.begin(at('10.1.6.9', '10.1.0.0/16', sweep))).toMatchObject({ kind: 'done', how: 'refused' });
  });

  it('lets nothing else out: no reply, no other operation or protocol', () => {
    const [first = bytes('')] = emitted(arpSweep);
    expect(free(arpSweep, first)).toEqual([...range(6, 11), ...range(22, 31), ...range(38, 41)]);
  });

  it.skipIf(!hasTshark)('is what tshark reads as a request for each address', () => {
    const rows = readByTshark(emitted(arpSweep), ['arp.opcode', 'arp.src.hw_mac', 'arp.src.proto_ipv4', 'arp.dst.proto_ipv4']);
    expect(rows).toEqual(targets(context).map(ip => ['1', '00:1b:c5:0a:0b:0c', '192.0.2.10', ip]));
  });
});
