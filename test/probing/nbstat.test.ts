import { describe, expect, it } from 'vitest';
import { nbstat } from '../../gateway/probing/nbstat.ts';
import { bytes, emitted, free, hasTshark, inUdp, readByTshark } from './emitted.ts';

describe('the node status request', () => {
  it('is written as RFC 1002 §4.2.17 has it', () => {
    expect(emitted(nbstat)).toEqual([bytes('a0a1 0010 0001 0000 0000 0000 20 "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" 00 0021 0001')]);
  });

  it('lets nothing else out but other transactions: no registration, no release', () => {
    const [message = bytes('')] = emitted(nbstat);
    expect(free(nbstat, message)).toEqual([0, 1]);
  });

  it.skipIf(!hasTshark)('is what tshark reads as a broadcast query for the status of *', () => {
    const frames = emitted(nbstat).map(message => inUdp(message, '192.0.2.15', 137));
    expect(readByTshark(frames, ['nbns.flags.opcode', 'nbns.flags.broadcast', 'nbns.type', 'nbns.name'])).toEqual([
      ['0', '1', '33', '*<00><00><00><00><00><00><00><00><00><00><00><00><00><00><00>'],
    ]);
  });
});
