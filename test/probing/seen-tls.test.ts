import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { seenTlsPorts } from '../../gateway/probing/seen-tls.ts';

const hello = (port: number) => ({ collector: 'tls', frame: 1, at: 0, fact: { kind: 'service', protocol: 'tcp', port } as Fact });
const device = (facts: ReturnType<typeof hello>[], services: { service: string; name?: string }[] = [], protocols: string[] = []) =>
  seenTlsPorts({ facts, services, protocols });

describe('where a device was seen to offer TLS', () => {
  it('its own hello tells, on any port, and the registered name of a port where it speaks TLS', () => {
    expect(device([hello(10_443)])).toEqual([10_443]);
    expect(device([], [{ service: 'tcp/443', name: 'https' }], ['tls'])).toEqual([443]);
    expect(device([], [{ service: 'tcp/443', name: 'https' }])).toEqual([]);
    expect(
      device(
        [],
        [
          { service: 'udp/443', name: 'https' },
          { service: 'tcp/80', name: 'http' },
        ],
        ['tls'],
      ),
    ).toEqual([]);
  });

  it.each([102, 502, 802, 2404, 4840, 20_000, 44_818, 34_962, 9100, 631])(
    'port %i of controllers and printers is never one of them',
    port => {
      expect(device([hello(port)], [{ service: `tcp/${port}`, name: 'tls' }], ['tls'])).toEqual([]);
    },
  );

  it('at most four ports count, each once', () => {
    expect(device([1443, 1443, 2443, 3443, 4443, 5443].map(hello))).toEqual([1443, 2443, 3443, 4443]);
  });
});
