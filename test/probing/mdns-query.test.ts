import { describe, expect, it } from 'vitest';
import { mdnsQuery } from '../../gateway/probing/mdns-query.ts';
import { bytes, emitted, free, hasTshark, inUdp, readByTshark } from './emitted.ts';

describe('the mDNS query', () => {
  it('asks which services there are as RFC 6763 §9 has it, the answer to us alone', () => {
    expect(emitted(mdnsQuery)[0]).toEqual(
      bytes('a0a1 0000 0001 0000 0000 0000  09 "_services" 07 "_dns-sd" 04 "_udp" 05 "local" 00  000c 8001'),
    );
  });

  it('asks for printers and scanners, each question whole', () => {
    expect(emitted(mdnsQuery)[1]).toEqual(
      bytes(`a2a3 0000 0005 0000 0000 0000
             04 "_ipp" 04 "_tcp" 05 "local" 00 000c 8001
             05 "_ipps" 04 "_tcp" 05 "local" 00 000c 8001
             0f "_pdl-datastream" 04 "_tcp" 05 "local" 00 000c 8001
             08 "_printer" 04 "_tcp" 05 "local" 00 000c 8001
             06 "_uscan" 04 "_tcp" 05 "local" 00 000c 8001`),
    );
  });

  it('lets nothing else out but other transactions: no answer, no registration, no other name', () => {
    for (const message of emitted(mdnsQuery)) expect(free(mdnsQuery, message)).toEqual([0, 1]);
  });

  it.skipIf(!hasTshark)('is what tshark reads as questions for pointers, with a transaction each', () => {
    const frames = emitted(mdnsQuery).map(message => inUdp(message, '224.0.0.251', 5353));
    const rows = readByTshark(frames, ['dns.id', 'dns.flags', 'dns.qry.name', 'dns.qry.type', 'dns.qry.qu']);
    expect(rows.map(([id, flags]) => [id, flags])).toEqual([
      ['0xa0a1', '0x0000'],
      ['0xa2a3', '0x0000'],
      ['0xa4a5', '0x0000'],
      ['0xa6a7', '0x0000'],
      ['0xa8a9', '0x0000'],
    ]);
    const names = rows.flatMap(([, , name = '']) => name.split(','));
    expect(names).toHaveLength(21);
    expect(names[0]).toBe('_services._dns-sd._udp.local');
    expect(names.slice(1).every(name => /^_[a-z-]+\._(tcp|udp)\.local$/.test(name))).toBe(true);
    expect(rows.flatMap(([, , , type = '', unicast = '']) => [...type.split(','), ...unicast.split(',')])).toEqual(
      rows.flatMap(([, , name = '']) => [...name.split(',').map(() => '12'), ...name.split(',').map(() => '1')]),
    );
  });
});
