import { describe, expect, it } from 'vitest';
import { ssdpSearch } from '../../gateway/probing/ssdp-search.ts';
import { bytes, emitted, free, hasTshark, inUdp, readByTshark } from './emitted.ts';

describe('the SSDP search', () => {
  it('is written as UPnP Device Architecture 2.0 §1.3.2 has it', () => {
    expect(emitted(ssdpSearch)).toEqual([
      bytes(
        '"M-SEARCH * HTTP/1.1" 0d0a "HOST: 239.255.255.250:1900" 0d0a "MAN: " 22 "ssdp:discover" 22 0d0a "MX: 3" 0d0a "ST: ssdp:all" 0d0a 0d0a',
      ),
    ]);
  });

  it('lets nothing else out at all', () => {
    const [message = bytes('')] = emitted(ssdpSearch);
    expect(free(ssdpSearch, message)).toEqual([]);
  });

  it.skipIf(!hasTshark)('is what tshark reads as a search', () => {
    const frames = emitted(ssdpSearch).map(message => inUdp(message, '239.255.255.250', 1900));
    expect(readByTshark(frames, ['_ws.col.Protocol', 'http.request.method', 'http.host'])).toEqual([
      ['SSDP', 'M-SEARCH', '239.255.255.250:1900'],
    ]);
  });
});
