import { describe, expect, it } from 'vitest';
import { dcpIdentify, delayFactor } from '../../gateway/probing/dcp-identify.ts';
import { bytes, emitted, free, hasTshark, range, readByTshark } from './emitted.ts';

describe('DCP Identify', () => {
  it('is written as IEC 61158-6-10 §4.3 has it', () => {
    expect(emitted(dcpIdentify)).toEqual([
      bytes(`010ecf000000 001bc50a0b0c 8892 fefe 05 00 a0a1a2a3 000e 0004 ff ff 0000
             000000000000000000000000000000000000000000000000000000000000`),
    ]);
  });

  it('spreads the answers by the size of the segment, one slot for each host, at most those of a /22', () => {
    const factors = ['10.0.0.0/32', '10.0.0.0/30', '10.0.0.0/24', '10.0.0.0/22', '10.0.0.0/8', 'none'].map(delayFactor);
    expect(factors).toEqual([1, 2, 254, 1022, 1022, 1022]);
  });

  it('waits as long as the last answer may take', () => {
    expect(dcpIdentify.waitMs).toBeGreaterThan(1022 * 10);
  });

  it('lets nothing else out: no Set, no Get, no Hello, no other option', () => {
    const [frame = bytes('')] = emitted(dcpIdentify);
    expect(free(dcpIdentify, frame)).toEqual([...range(6, 11), ...range(18, 23)]);
  });

  it.skipIf(!hasTshark)('is what tshark reads as an Identify of all', () => {
    const fields = ['pn_rt.frame_id', 'pn_dcp.service_id', 'pn_dcp.service_type', 'pn_dcp.xid', 'pn_dcp.response_delay', 'pn_dcp.option'];
    expect(readByTshark(emitted(dcpIdentify), fields)).toEqual([['65278', '5', '0', '0xa0a1a2a3', '14', '255']]);
  });
});
