import type { Ip, Mac } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { isRouter } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

const [maxServers, ageMs] = [256, 30 * 24 * 3_600_000];

/** Answers as DHCP server beside the one that is known: by the settings, else the first one seen. For IPv4 and IPv6 alike. */
export const rogueDhcp: DetectionRule = {
  name: 'rogue-dhcp',
  spec: 'RFC 2131, RFC 8415: OFFER, ACK or ADVERTISE of a server that is neither in the settings nor the first one',
  knownFalse: ['a relay passes on what the known server said', 'a server with several addresses'],
  about: ['dhcp-server'],
  create: () => {
    /** The address of each server by its hardware address, the first one first. */
    const servers = new CappedMap<string, { readonly mac: Mac; readonly ip: Ip }>(maxServers, ageMs);
    return {
      observe(o, { dhcpServers, withMac, isSameSegment, learnsUntil }) {
        if (o.fact.kind !== 'dhcp-server') return nothing;
        const { ip } = o.fact;
        const is6 = ip.includes(':');
        const configured = dhcpServers.filter(one => one.includes(':') === is6);
        if (configured.includes(ip)) return nothing;
        const known = servers.entries(o.at).filter(([key]) => key.startsWith(is6 ? '6' : '4') && isSameSegment(vlanOf(key), o.vlan));
        const first = known[0]?.[1];
        if (first === undefined && configured.length === 0) {
          servers.set(`${is6 ? 6 : 4} ${o.vlan} ${o.mac}`, { mac: o.mac, ip }, o.at);
          return nothing;
        }
        const isRelay = first?.ip === ip && withMac(o.mac).some(device => isRouter(device, { learnsUntil }));
        if (first?.mac === o.mac || isRelay) return nothing;
        const known4 = configured.length > 0 ? configured.join(', ') : `${first?.ip} (${first?.mac})`;
        return found(o, `answers as DHCP server ${ip}; known is ${known4}`, first?.mac);
      },
    };
  },
};

const vlanOf = (key: string): number => Number(key.split(' ')[1]);
