import type { Ip, Mac, Millis, Vlan } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { CappedMap } from './capped-map.ts';
import { isRouter } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** One server for each VLAN and IP version, and after how much silence another one may take its place. Milliseconds. */
const [maxServers, goneMs] = [2 * 4096, 30 * 24 * 3_600_000];
/** A site that was learnt and had no server for so long after that has none. Milliseconds. */
const withoutMs = 10 * 60_000;

/** Answers as DHCP server beside the one that is known: by the settings, else the first one seen. For IPv4 and IPv6 alike. */
export const rogueDhcp: DetectionRule = {
  name: 'rogue-dhcp',
  spec: 'RFC 2131, RFC 8415: OFFER, ACK or ADVERTISE of a server that is neither in the settings nor the first one; or on a device port, well after the learning time, where there was never one',
  knownFalse: [
    'a relay passes on what the known server said',
    'a server with several addresses',
    'the first server of a network that is looked at from outside: a capture, a mirror port',
  ],
  about: ['dhcp-server'],
  create: () => {
    /** The first server of each IP version and VLAN. What the inventory knows from before a restart is taken in once. */
    const servers = new CappedMap<string, Server>(maxServers, Infinity);
    let isAware = false;
    return {
      observe(o, context) {
        if (o.fact.kind !== 'dhcp-server') return nothing;
        if (!isAware) for (const [key, server] of serversOf(context.all())) servers.set(key, server, o.at);
        isAware = true;
        const { dhcpServers, withMac, isSameSegment, learnsUntil, lastAt, now, uplinks } = context;
        const isGone = ({ mac }: Server): boolean => withMac(mac).every(device => now - lastAt(device) > goneMs);
        const { ip } = o.fact;
        const is6 = ip.includes(':');
        const configured = dhcpServers.filter(one => one.includes(':') === is6);
        if (configured.includes(ip)) return nothing;
        const known = servers
          .entries(o.at)
          .filter(([key, server]) => key.startsWith(is6 ? '6' : '4') && isSameSegment(vlanOf(key), o.vlan) && !isGone(server));
        const first = known[0]?.[1];
        if (first === undefined && configured.length === 0) {
          // Servers belong behind an uplink. Where none was ever heard, hosts ask in vain, and whoever answers first is believed.
          const isFirstEver = servers.entries(o.at).every(([key]) => !key.startsWith(is6 ? '6' : '4'));
          servers.set(keyOf(ip, o.vlan), { mac: o.mac, ip }, o.at);
          const isLate = uplinks.length > 0 && !uplinks.includes(o.port) && now >= learnsUntil + withoutMs;
          return isLate && isFirstEver ? found(o, `answers as DHCP server ${ip}, where there was none`) : nothing;
        }
        const isRelay = first?.ip === ip && withMac(o.mac).some(device => isRouter(device, { learnsUntil }));
        if (first?.mac === o.mac || isRelay) return nothing;
        const known4 = configured.length > 0 ? configured.join(', ') : `${first?.ip} (${first?.mac})`;
        return found(o, `answers as DHCP server ${ip}; known is ${known4}`, first?.mac);
      },
    };
  },
};

type Server = { readonly mac: Mac; readonly ip: Ip };
const keyOf = (ip: Ip, vlan: Vlan): string => `${ip.includes(':') ? 6 : 4} ${vlan}`;

/** Those that the inventory knows; of several in one VLAN the one that said so first. */
function serversOf(devices: Iterable<Device>): ReadonlyMap<string, Server> {
  const found = new Map<string, Server & { readonly at: Millis }>();
  for (const { mac, vlan, facts } of devices)
    for (const { fact, at } of facts) {
      if (fact.kind !== 'dhcp-server') continue;
      const old = found.get(keyOf(fact.ip, vlan));
      if (old === undefined || at < old.at) found.set(keyOf(fact.ip, vlan), { mac, ip: fact.ip, at });
    }
  return found;
}

const vlanOf = (key: string): number => Number(key.split(' ')[1]);
