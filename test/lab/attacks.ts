import { arp, dhcp, ethernet, everyone, icmp6, ip4, tagged, tcp, udp } from './frames.ts';

type Station = { readonly mac: string; readonly ip: string };
/** Where the attacker stands and whom it is after. */
export type Field = { readonly evil: Station; readonly gateway: Station; readonly server: Station; readonly victim: Station };

/** Each sender is an address that the attacker may take, so the gateway may hear some of these: it keeps at most 8 addresses of a device. */
export const inventedSenders = 'invented ARP senders';
export const mostAddresses = 8;

const all4 = '255.255.255.255';
const payload = [...Buffer.from('sallyport leak')];

/** The ways out of the lane that are known to have worked elsewhere, by what they would reach. None of these frames may arrive anywhere. */
export function attacksOf({ evil, gateway, server, victim }: Field): Readonly<Record<string, readonly Uint8Array[]>> {
  const packet = (to: string, ip: string, protocol: number, body: readonly number[], from = evil): Uint8Array =>
    ethernet(to, from.mac, 0x0800, ip4({ from: from.ip, to: ip, protocol }, body));
  const ask = (sender: string, senderIp: string, operation: 1 | 2 = 1, to = everyone): Uint8Array =>
    ethernet(to, evil.mac, 0x0806, arp({ operation, sender, senderIp, targetIp: gateway.ip }));
  const bootp = udp(68, 67, dhcp({ chaddr: evil.mac }));
  const shout = packet(everyone, all4, 17, udp(4000, 5000, payload));
  const advert = ethernet('33:33:00:00:00:01', evil.mac, 0x86dd, icmp6(134));
  const tags = (frame: Uint8Array): readonly Uint8Array[] => [tagged(frame, [0x8100, 20]), tagged(frame, [0x88a8, 20], [0x8100, 30])];
  return {
    'the gateway from source port 8443': [22, 80, 443, 8443, 31337].map(port => packet(gateway.mac, gateway.ip, 6, tcp(8443, port))),
    'UDP to the server, the victim, everyone': [
      shout,
      packet(server.mac, server.ip, 17, udp(68, 9000, payload)),
      packet(victim.mac, victim.ip, 17, udp(4000, 5000, payload)),
    ],
    'DHCP with a payload, and to others than the server': [
      packet(everyone, all4, 17, udp(68, 67, payload), { mac: evil.mac, ip: '0.0.0.0' }),
      packet(victim.mac, victim.ip, 17, bootp),
      packet(server.mac, '10.20.0.3', 17, bootp),
      packet(everyone, all4, 17, udp(68, 67, dhcp({ chaddr: victim.mac })), { mac: evil.mac, ip: '0.0.0.0' }),
    ],
    'answers of a rogue DHCP server': [packet(everyone, all4, 17, udp(67, 68, dhcp({ chaddr: victim.mac, op: 2 })))],
    "ARP in the victim's name": [ask(evil.mac, victim.ip), ask(victim.mac, victim.ip), ask(evil.mac, victim.ip, 2, gateway.mac)],
    [inventedSenders]: Array.from({ length: 30 }, (_, i) => ask(evil.mac, `10.20.77.${i + 1}`)),
    'router advertisements, plain and tagged': [advert, ...tags(advert)],
    'tagged twins': [...tags(shout), ...tags(packet(gateway.mac, gateway.ip, 6, tcp(1025, 8444)))],
    "the victim's source address": [
      packet(everyone, all4, 17, udp(4000, 5000, payload), victim),
      packet(server.mac, server.ip, 17, udp(4000, 9000, payload), victim),
    ],
    'LLDP, PTP, BPDU': [
      ethernet('01:80:c2:00:00:0e', evil.mac, 0x88cc, [2, 7, 4, 2, 0, 0, 0, 0, 1, 0, 0]),
      ethernet('01:80:c2:00:00:0e', evil.mac, 0x88f7, [0x12, 2, 0, 54, ...payload]),
      ethernet('01:80:c2:00:00:00', evil.mac, 38, [0x42, 0x42, 3, ...Array<number>(35).fill(0)]),
    ],
  };
}

/** What others send to a host that is cut: it may hear none of it. */
export function framesAgainst(from: Station, evil: Station): readonly Uint8Array[] {
  const packet = (to: string, ip: string): Uint8Array =>
    ethernet(to, from.mac, 0x0800, ip4({ from: from.ip, to: ip, protocol: 17 }, udp(4000, 5000, payload)));
  return [
    packet(evil.mac, evil.ip),
    packet(everyone, all4),
    packet('01:00:5e:00:00:fb', '224.0.0.251'),
    ethernet(everyone, from.mac, 0x0806, arp({ sender: from.mac, senderIp: from.ip, targetIp: evil.ip })),
    ethernet('33:33:00:00:00:01', from.mac, 0x86dd, icmp6(134)),
  ];
}
