/** A MUD file as its maker would write it, for a made-up device. Origin: composed from RFC 8520 §§3, 4, 8 and RFC 8519. */
type Json = Readonly<Record<string, unknown>>;

export const mudUrl = 'https://things.example/thermo-7.json';

export const ace = (name: string, matches: Json, forwarding = 'accept'): Json => ({ name, matches, actions: { forwarding } });
const list = (name: string, type: string, aces: readonly Json[]): Json => ({ name, type, aces: { ace: aces } });
const policy = (...names: readonly string[]): Json => ({ 'access-lists': { 'access-list': names.map(name => ({ name })) } });
export const port = (number: number, operator = 'eq'): Json => ({ operator, port: number });

export const cloud = ace('cloud', {
  ipv4: { protocol: 6, 'ietf-acldns:dst-dnsname': 'cloud.things.example' },
  tcp: { 'ietf-mud:direction-initiated': 'from-device', 'destination-port': port(443) },
});

/** `from`, `to`: entries besides none. `more`: what else stands in the container. */
export const mudFile = ({
  url = mudUrl,
  from = [cloud],
  to = [],
  type = 'ipv4-acl-type',
  more = {},
}: {
  readonly url?: string;
  readonly from?: readonly Json[];
  readonly to?: readonly Json[];
  readonly type?: string;
  readonly more?: Json;
} = {}): Json => ({
  'ietf-mud:mud': {
    'mud-version': 1,
    'mud-url': url,
    'last-update': '2026-03-01T06:00:00+00:00',
    'cache-validity': 48,
    'is-supported': true,
    systeminfo: 'a thermometer',
    'from-device-policy': policy('from'),
    'to-device-policy': policy('to'),
    ...more,
  },
  'ietf-access-control-list:acls': { acl: [list('from', type, from), list('to', type, to)] },
});

export const mudText = (file: Json): string => JSON.stringify(file, null, 2);
