import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { LeaseRequests } from '../../collectors/lease-requests.ts';
import { Packet } from '../../collectors/packet.ts';
import * as b from '../vectors/frames/build.ts';

const start = 1_700_000_000_000;
const [attacker, relay] = ['00:00:5e:00:53:66', '00:00:5e:00:53:01'];
const client = (n: number): string => `00:00:5f:${[n >> 16, n >> 8, n].map(x => (x & 255).toString(16).padStart(2, '0')).join(':')}`;
type Ask = { readonly source: string; readonly chaddr?: string; readonly type?: number; readonly id?: string; readonly giaddr?: string };
const ask = ({ source, chaddr = source, type = 1, id, giaddr = '0.0.0.0' }: Ask): Uint8Array => {
  const options: [number, string | readonly number[]][] = [[53, [type]]];
  if (id !== undefined) options.push([61, id]);
  const body = b.udp(giaddr === '0.0.0.0' ? 68 : 67, 67, b.dhcp({ op: 1, chaddr, options, giaddr }));
  return b.ethernet(source, b.broadcast, 0x0800, b.ipv4(giaddr, '255.255.255.255', 17, body));
};
/** SOLICIT with a DUID. RFC 8415 §8. */
const solicit = (source: string, duid: string): Uint8Array => {
  const body = b.udp(546, 547, b.bytes(1, 0, 0, 1, b.u16(8), b.u16(2), 0, 0, b.u16(1), b.u16(duid.length), duid));
  return b.ethernet(source, '33:33:00:01:00:02', 0x86dd, b.ipv6('fe80:0:0:0:0:0:0:66', 'ff02:0:0:0:0:0:1:2', 17, body, [], 1));
};

/** The deeds of these frames, a millisecond apart. */
function deeds(frames: readonly Uint8Array[], stepMs = 1): readonly string[] {
  const dissector = new Dissector();
  frames.forEach((bytes, i) => dissector.frame(b.frame(bytes, { at: start + i * stepMs, number: i + 1 })));
  return dissector.drain().observations.flatMap(({ mac, fact }) => (fact.kind === 'acted' ? [`${mac} ${fact.target} ${fact.detail}`] : []));
}
const many = (n: number, make: (i: number) => Uint8Array): readonly Uint8Array[] => Array.from({ length: n }, (_, i) => make(i));

describe('clients in whose name one sender asks for leases', () => {
  it('are counted by hardware address and by identifier, of DISCOVER, REQUEST and SOLICIT', () => {
    const found = [`${attacker} network 16, since frame 1`, `${attacker} network 64, since frame 1`];
    expect(deeds(many(100, i => ask({ source: attacker, chaddr: client(i) })))).toEqual(found);
    expect(deeds(many(100, i => ask({ source: attacker, id: `client-${i}`, type: 3 })))).toEqual(found);
    expect(deeds(many(100, i => solicit(attacker, `duid-${i}`)))).toEqual(found);
  });

  it('are counted over a day too, and told once: of a sender that asks so slowly that no minute shows it', () => {
    const slow = [`${attacker} network 128 within a day, since frame 1`];
    expect(
      deeds(
        many(300, i => ask({ source: attacker, chaddr: client(i) })),
        10_000,
      ),
    ).toEqual(slow);
    expect(
      deeds(
        many(140, i => ask({ source: attacker, id: `client-${i}` })),
        600_000,
      ),
    ).toEqual(slow);
    expect(
      deeds(
        many(140, i => ask({ source: attacker, chaddr: client(i) })),
        700_000,
      ),
    ).toEqual([]);
    expect(
      deeds(
        many(140, i => ask({ source: relay, chaddr: client(i), giaddr: '10.20.7.1' })),
        10_000,
      ).filter(text => text.includes('day')),
    ).toEqual([]);
    const fast = deeds(
      [
        ...many(70, i => ask({ source: attacker, chaddr: client(i) })),
        ...many(140, i => ask({ source: attacker, chaddr: client(70 + i) })),
      ],
      800,
    );
    expect(fast.filter(text => text.includes('day'))).toEqual([]);
  });

  it('are not counted twice, nor for what takes no lease, nor over more than a minute', () => {
    expect(deeds(many(100, () => ask({ source: attacker })))).toEqual([]);
    expect(deeds(many(100, i => ask({ source: attacker, chaddr: client(i), type: 8 })))).toEqual([]);
    expect(
      deeds(
        many(100, i => ask({ source: attacker, chaddr: client(i) })),
        10_000,
      ),
    ).toEqual([]);
  });

  it('are counted apart when a relay passes them on', () =>
    expect(deeds(many(20, i => ask({ source: relay, chaddr: client(i), giaddr: '10.20.7.1' })))).toEqual([
      `${relay} relayed 1 relayed, since frame 1`,
      `${relay} relayed 16 relayed, since frame 1`,
    ]));

  it('a message that breaks off counts for nothing', () => {
    const whole = ask({ source: attacker, id: 'client' });
    for (let cut = 42; cut < whole.length; cut++) expect(deeds(many(20, () => whole.subarray(0, cut)))).toEqual([]);
  });

  it('a flood of senders stays under the cap and does not push out one who goes on', () => {
    const [leases, packet] = [new LeaseRequests(), new Packet()];
    let told = 0;
    const bytes = ask({ source: attacker });
    const [sourceAt, chaddrAt] = [6, 14 + 20 + 8 + 28];
    for (let i = 0; i < 200_000; i++) {
      const other = [0, 0, 0x5f, i >> 16, (i >> 8) & 255, i & 255];
      bytes.set(i % 100 === 0 ? b.mac(attacker) : other, sourceAt);
      bytes.set(other, chaddrAt);
      packet.peel(b.frame(bytes, { at: start + i / 100 }));
      if (leases.note(packet) !== undefined) told++;
    }
    expect([leases.size, told]).toEqual([512, 4]);
  });
});
