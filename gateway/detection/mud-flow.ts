import { isInNetwork, isLocalIp } from '../codec/network.ts';
import type { Ip } from '../model/address.ts';
import type { Fact } from '../model/fact.ts';
import type { MudEntry, MudPeer, MudProfile, PortRange } from '../model/mud.ts';

export type Flow = Extract<Fact, { readonly kind: 'talks-to' }>;
/** `unsure`: it depends on a name that was not seen resolved to this address. */
export type Verdict = 'yes' | 'no' | 'unsure';

/** What a profile's peers depend on, asked for one device. */
export type Surroundings = {
  /** True iff DNS told the device that the name has the address. */
  readonly resolved: (name: string, ip: Ip) => boolean;
  /** MUD URLs of the devices that use the address. */
  readonly urlsAt: (ip: Ip) => readonly string[];
  /** Hosts that the site names for a controller class or, for my-controller, a MUD URL. */
  readonly controllers: (name: string) => readonly Ip[] | undefined;
};

/**
 * Ports of what every host does and no profile must name: DHCP, DNS and NTP (RFC 8520 §3, `urn:ietf:params:mud:dns` and `:ntp`), and answers to the
 * multicast questions of mDNS, LLMNR, NBNS, SSDP and WS-Discovery.
 */
const [everybodyAsks, everybodyAnswers] = [new Set([53, 67, 68, 123, 546, 547]), new Set([68, 137, 546, 1900, 3702, 5353, 5355])];
const udp = 17;

export const isBaseline = ({ protocol, port, ownPort }: Flow): boolean =>
  everybodyAsks.has(port) || (protocol === udp && everybodyAnswers.has(ownPort));

/** Whether the maker foresees the flow. What the profile says nothing about, a direction or an IP version, is foreseen. */
export function isForeseen(profile: MudProfile, flow: Flow, around: Surroundings): Verdict {
  const version = flow.ip.includes(':') ? 6 : 4;
  const list = (entries: readonly MudEntry[] | undefined): Verdict => {
    const own = entries?.filter(({ ipVersion }) => ipVersion === version);
    return own === undefined || (own.length === 0 && (entries?.length ?? 0) > 0) ? 'yes' : firstMatch(own, profile.url, flow, around);
  };
  if (flow.began === 'here') return list(profile.from);
  if (flow.began === 'there') return list(profile.to);
  // A datagram may be a question of the device or its answer.
  const [from, to] = [list(profile.from), list(profile.to)];
  return from === 'yes' || to === 'yes' ? 'yes' : from === 'unsure' || to === 'unsure' ? 'unsure' : 'no';
}

/** RFC 8519 §4: the first entry that matches counts; without one it is not let through. */
function firstMatch(entries: readonly MudEntry[], url: string, flow: Flow, around: Surroundings): Verdict {
  let isUnsure = false;
  for (const entry of entries) {
    const match = matches(entry, url, flow, around);
    if (match === 'unsure') isUnsure = true;
    if (match === 'yes') return entry.accepts ? 'yes' : isUnsure ? 'unsure' : 'no';
  }
  return isUnsure ? 'unsure' : 'no';
}

function matches({ protocol, ownPorts, farPorts, begunBy, peers }: MudEntry, url: string, flow: Flow, around: Surroundings): Verdict {
  if (protocol !== undefined && protocol !== flow.protocol) return 'no';
  if (!isIn(flow.ownPort, ownPorts) || !isIn(flow.port, farPorts)) return 'no';
  if (begunBy !== undefined && flow.began !== 'unknown' && (begunBy === 'device') !== (flow.began === 'here')) return 'no';
  const verdicts = peers.map(peer => isPeer(peer, url, flow.ip, around));
  return verdicts.includes('no') ? 'no' : verdicts.includes('unsure') ? 'unsure' : 'yes';
}

/** Port 0 is one that changes with each connection: it may be any. */
const isIn = (port: number, ranges: readonly PortRange[] | undefined): boolean =>
  ranges === undefined || port === 0 || ranges.some(({ low, high }) => low <= port && port <= high);

const certain = (is: boolean): Verdict => (is ? 'yes' : 'no');

function isPeer(peer: MudPeer, url: string, ip: Ip, { resolved, urlsAt, controllers }: Surroundings): Verdict {
  switch (peer.kind) {
    case 'network':
      return certain(isInNetwork(ip, peer.prefix));
    case 'name':
      return resolved(peer.name, ip) ? 'yes' : 'unsure';
    case 'local-networks':
      return certain(isLocalIp(ip));
    case 'same-manufacturer':
      return certain(urlsAt(ip).some(other => authorityOf(other) === authorityOf(url)));
    case 'manufacturer':
      return certain(urlsAt(ip).some(other => authorityOf(other) === peer.authority));
    case 'model':
      return certain(urlsAt(ip).includes(peer.url));
    // As long as nobody has named the controllers, any host of the site may be one.
    case 'controller':
      return certain(controllers(peer.of)?.includes(ip) ?? isLocalIp(ip));
    case 'my-controller':
      return certain(controllers(url)?.includes(ip) ?? isLocalIp(ip));
  }
}

/** Host of a URL, RFC 3986 §3.2.2, in lower case. */
const authorityOf = (url: string): string => /^https:\/\/([^/?#]+)/i.exec(url)?.[1]?.toLowerCase() ?? '';
