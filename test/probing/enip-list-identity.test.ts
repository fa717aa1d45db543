import { describe, expect, it } from 'vitest';
import { enipListIdentity } from '../../gateway/probing/enip-list-identity.ts';
import { bytes, emitted, free, hasTshark, inUdp, readByTshark } from './emitted.ts';

describe('ListIdentity', () => {
  it('is written as CIP Volume 2 §2-4.2 has it', () => {
    expect(emitted(enipListIdentity)).toEqual([bytes('63 00  00 00  00 00 00 00  00 00 00 00  d0 07 00 00 00 00 00 00  00 00 00 00')]);
  });

  it('lets nothing else out at all: no session, no service', () => {
    const [message = bytes('')] = emitted(enipListIdentity);
    expect(free(enipListIdentity, message)).toEqual([]);
  });

  it.skipIf(!hasTshark)('is what tshark reads as a request that opens no session', () => {
    const frames = emitted(enipListIdentity).map(message => inUdp(message, '192.0.2.15', 44_818));
    const fields = ['enip.command', 'enip.length', 'enip.session', 'enip.listid_delay'];
    expect(readByTshark(frames, fields)).toEqual([['0x0063', '0', '0x00000000', '2000']]);
  });
});
