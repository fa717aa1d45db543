import { describe, expect, it } from 'vitest';
import { cluesOf } from '../../gateway/inventory/classify.ts';
import type { Device } from '../../gateway/model/device.ts';
import type { Fact } from '../../gateway/model/fact.ts';

const kindOf = (said: string | undefined, ...facts: readonly Fact[]): string | undefined => {
  const device: Device = {
    id: 'd1',
    mac: '00:00:5e:00:53:01',
    port: 'p1',
    vlan: 0,
    zone: 'z',
    seenBy: 'frames',
    ips: [],
    bindings: [],
    fields: said === undefined ? {} : { deviceKind: { value: said, source: 'lldp', at: 0, frame: 1 } },
    services: [],
    facts: facts.map(fact => ({ collector: 'x', frame: 1, at: 0, fact })),
    firstSeen: 0,
  };
  return cluesOf(device).deviceKind;
};
const behind = (...ips: readonly string[]): readonly Fact[] => ips.map(ip => ({ kind: 'behind', ip }));
const advertises: Fact = { kind: 'router', protocol: 'ra', detail: '' };

describe('a router', () => {
  it('says that it routes and passes on what others send, or passes on for many', () => {
    expect(kindOf(undefined, advertises, ...behind('192.0.2.9'))).toBe('router');
    expect(kindOf(undefined, ...behind('192.0.2.9', '192.0.2.10', '192.0.2.11'))).toBe('router');
  });
  it('is not who only says so, nor a host that changed its address', () => {
    expect(kindOf(undefined, advertises)).toBeUndefined();
    expect(kindOf(undefined, ...behind('192.0.2.9', '192.0.2.10'))).toBeUndefined();
  });
  it('is what it calls itself, when it does: a switch or access point that routes too', () =>
    expect(kindOf('switch', ...behind('192.0.2.9', '192.0.2.10', '192.0.2.11'))).toBe('switch'));
});
