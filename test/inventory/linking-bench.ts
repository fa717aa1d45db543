import type { Fact, IdentifierScheme } from '../../gateway/model/fact.ts';
import { Bench } from '../gateway/fixture.ts';

/** Registered addresses, as vendors have them; a made-up one as phones have it; a virtual one of VRRP. */
export const [one, two, three, four] = ['00:1b:1b:00:00:01', '00:1b:1b:00:00:02', '00:1b:1b:00:00:03', '00:1b:1b:00:00:04'] as const;
export const [madeUp, virtual] = ['da:a1:19:00:00:01', '00:00:5e:00:01:07'] as const;
/** Signs that devices give of themselves. */
export const id = (scheme: IdentifierScheme, value: string): Fact => ({ kind: 'identifier', scheme, value });
export const chassis = (value = '00:1b:1b:ff:00:00'): Fact => id('lldp-chassis', value);
export const name = (text: string): Fact => ({ kind: 'hostname', name: text });
export const client = (hex: string): Fact => ({ kind: 'dhcp-client-id', id: hex });

/** What the inventory makes of them. */
export const ids = (bench: Bench, mac: string, port?: string) => bench.device(mac, port).device.id;
export const members = (bench: Bench, mac: string) => bench.gateway.inventory.links.groupOf(ids(bench, mac))?.members ?? [];
export const isOne = (bench: Bench, a: string, b: string) => members(bench, a).includes(ids(bench, b));
export const kinds = (bench: Bench, kind: string) => bench.events.filter(event => event.kind === kind);
/** A person's word, as the page sends it. */
export const command = (bench: Bench, what: (Parameters<Bench['feed']>[0] & { kind: 'command' })['command'], by = 'keller') =>
  bench.feed({ kind: 'command', by, reason: `because ${what.kind}`, command: what });
/** Two interfaces of one switch. */
export function pair(bench = new Bench()): Bench {
  bench.see(one, 'v1', chassis());
  bench.see(two, 'v2', chassis());
  return bench;
}
