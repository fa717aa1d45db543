import { describe, expect, it } from 'vitest';
import { bacnetWhoIs } from '../../gateway/probing/bacnet-who-is.ts';
import { bytes, emitted, free, hasTshark, inUdp, readByTshark } from './emitted.ts';

describe('Who-Is', () => {
  it('is written as ASHRAE 135 §16.10 has it, range after range', () => {
    expect(emitted(bacnetWhoIs)).toEqual([
      bytes('81 0b 00 0d  01 00  10 08  09 00  1a 03 e7'),
      bytes('81 0b 00 0e  01 00  10 08  0a 03 e8  1a 27 0f'),
      bytes('81 0b 00 0f  01 00  10 08  0a 27 10  1b 01 86 9f'),
      bytes('81 0b 00 10  01 00  10 08  0b 01 86 a0  1b 0f 42 3f'),
      bytes('81 0b 00 10  01 00  10 08  0b 0f 42 40  1b 3f ff ff'),
    ]);
  });

  it('lets nothing else out at all: no write, no other range', () => {
    for (const message of emitted(bacnetWhoIs)) expect(free(bacnetWhoIs, message)).toEqual([]);
  });

  it.skipIf(!hasTshark)('is what tshark reads as ranges without a gap from 0 to the last instance', () => {
    const frames = emitted(bacnetWhoIs).map(message => inUdp(message, '192.0.2.15', 47_808));
    const rows = readByTshark(frames, [
      'bvlc.function',
      'bacapp.unconfirmed_service',
      'bacapp.who_is.low_limit',
      'bacapp.who_is.high_limit',
    ]);
    expect(rows).toEqual([
      ['0x0b', '8', '0', '999'],
      ['0x0b', '8', '1000', '9999'],
      ['0x0b', '8', '10000', '99999'],
      ['0x0b', '8', '100000', '999999'],
      ['0x0b', '8', '1000000', '4194303'],
    ]);
  });
});
