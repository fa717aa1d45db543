import { describe, expect, it } from 'vitest';
import { icmpv6AllNodes } from '../../gateway/probing/icmpv6-all-nodes.ts';
import { bytes, emitted, free, hasTshark, range, readByTshark } from './emitted.ts';

describe('the echo request to all nodes', () => {
  it('is written as RFC 4443 §4.1 has it, from the link-local address of our own hardware address', () => {
    expect(emitted(icmpv6AllNodes)).toEqual([
      bytes(`333300000001 001bc50a0b0c 86dd
             60000000 0040 3a ff fe80000000000000021bc5fffe0a0b0c ff020000000000000000000000000001
             80 00 1919 a0a1 0001
             000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637`),
    ]);
  });

  it('lets nothing else out but other senders and identifiers', () => {
    const [frame = bytes('')] = emitted(icmpv6AllNodes);
    expect(free(icmpv6AllNodes, frame)).toEqual([...range(6, 11), ...range(30, 37), ...range(56, 59)]);
  });

  it.skipIf(!hasTshark)('is what tshark reads, its checksum found right', () => {
    const fields = ['ipv6.src', 'ipv6.dst', 'ipv6.hlim', 'icmpv6.type', 'icmpv6.checksum.status', 'icmpv6.echo.identifier'];
    expect(readByTshark(emitted(icmpv6AllNodes), fields)).toEqual([['fe80::21b:c5ff:fe0a:b0c', 'ff02::1', '255', '128', '1', '0xa0a1']]);
  });
});
