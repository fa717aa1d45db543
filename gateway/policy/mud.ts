import { z } from 'zod';
import { ipBytes, prefixOf } from '../codec/network.ts';
import type { MudEntry, MudPeer, MudProfile, PortRange } from '../model/mud.ts';

/**
 * Manufacturer Usage Descriptions, RFC 8520, as JSON of the YANG modules ietf-mud, ietf-access-control-list (RFC 8519) and ietf-acldns.
 * What stands in `ietf-mud:mud` besides the policies is not looked at; a match that is not understood refuses the file, since to pass over
 * it would let more through than its maker meant.
 */

/** Caps of one file: access lists, entries of a list. */
const [maxLists, maxEntries] = [64, 500];
const maxText = 512;

const text = z
  .string({ error: 'text' })
  .min(1, { error: 'text' })
  .max(maxText, { error: `at most ${maxText} characters` });
const portNumber = z.int({ error: 'a port 0–65535' }).min(0, { error: 'a port 0–65535' }).max(65_535, { error: 'a port 0–65535' });
/** RFC 8519 §4.2, `port-range-or-operator`. */
const ports = z.union(
  [
    z.strictObject({ 'lower-port': portNumber, 'upper-port': portNumber }),
    z.strictObject({ operator: z.enum(['eq', 'lte', 'gte', 'neq']).default('eq'), port: portNumber }),
  ],
  { error: 'lower-port and upper-port, or operator and port' },
);
/** YANG's `empty` in JSON, RFC 7951 §6.9. */
const empty = z.tuple([z.null()], { error: '[null]' });
const network = (size: number, what: string) => text.refine(value => prefixOf(value)?.bytes.length === size, { error: what });
const host = text.transform(name => name.toLowerCase().replace(/\.$/, ''));
const ip = (networks: z.ZodType<string>, version: 4 | 6) =>
  z.strictObject({
    protocol: z.int().min(0).max(255).optional(),
    'ietf-acldns:src-dnsname': host.optional(),
    'ietf-acldns:dst-dnsname': host.optional(),
    [`source-ipv${version}-network`]: networks.optional(),
    [`destination-ipv${version}-network`]: networks.optional(),
  });
const matches = z.strictObject(
  {
    ipv4: ip(network(4, 'an IPv4 prefix such as 192.0.2.0/24'), 4).optional(),
    ipv6: ip(network(16, 'an IPv6 prefix such as 2001:db8::/32'), 6).optional(),
    tcp: z
      .strictObject({
        'source-port': ports.optional(),
        'destination-port': ports.optional(),
        'ietf-mud:direction-initiated': z.enum(['from-device', 'to-device'], { error: 'from-device or to-device' }).optional(),
      })
      .optional(),
    udp: z.strictObject({ 'source-port': ports.optional(), 'destination-port': ports.optional() }).optional(),
    icmp: z.strictObject({ type: z.int().optional(), code: z.int().optional() }).optional(),
    'ietf-mud:mud': z
      .strictObject({
        manufacturer: host.optional(),
        'same-manufacturer': empty.optional(),
        model: text.optional(),
        'local-networks': empty.optional(),
        controller: text.optional(),
        'my-controller': empty.optional(),
      })
      .optional(),
  },
  { error: 'matches that are understood' },
);
type Matches = z.output<typeof matches>;
const ace = z.strictObject({
  name: text,
  matches,
  actions: z.strictObject({
    forwarding: z
      .string({ error: 'accept, drop or reject' })
      .transform(action => action.replace(/^ietf-access-control-list:/, ''))
      .pipe(z.enum(['accept', 'drop', 'reject'], { error: 'accept, drop or reject' })),
  }),
});
const acl = z.strictObject({
  name: text,
  type: z
    .string({ error: 'ipv4-acl-type or ipv6-acl-type' })
    .transform(type => type.replace(/^ietf-access-control-list:/, ''))
    .pipe(z.enum(['ipv4-acl-type', 'ipv6-acl-type'], { error: 'ipv4-acl-type or ipv6-acl-type' })),
  aces: z.strictObject({ ace: z.array(ace).max(maxEntries, { error: `at most ${maxEntries} entries` }) }),
});
type Acl = z.output<typeof acl>;
const policy = z.strictObject({
  'access-lists': z.strictObject({
    'access-list': z.array(z.strictObject({ name: text })).max(maxLists, { error: `at most ${maxLists} lists` }),
  }),
});

/** One MUD file as a profile. */
export const mudShape = z
  .strictObject(
    {
      'ietf-mud:mud': z.looseObject({
        'mud-version': z.literal(1, { error: '1' }),
        'mud-url': text.regex(/^https:\/\//, { error: 'a URL of https' }),
        'from-device-policy': policy.optional(),
        'to-device-policy': policy.optional(),
      }),
      'ietf-access-control-list:acls': z.strictObject({ acl: z.array(acl).max(maxLists, { error: `at most ${maxLists} lists` }) }),
    },
    { error: 'a MUD file: ietf-mud:mud and ietf-access-control-list:acls' },
  )
  .transform((file, context): MudProfile => {
    const lists = new Map(file['ietf-access-control-list:acls'].acl.map(one => [one.name, one]));
    const entries = (side: 'from' | 'to'): readonly MudEntry[] | undefined =>
      file['ietf-mud:mud'][`${side}-device-policy`]?.['access-lists']['access-list'].flatMap(({ name }) => {
        const list = lists.get(name);
        const problem = list === undefined ? `the name of an access list: there is no ${JSON.stringify(name)}` : misplaced(list, side);
        if (problem !== undefined) context.addIssue({ code: 'custom', path: ['ietf-access-control-list:acls'], message: problem });
        return list === undefined ? [] : entriesOf(list, side);
      });
    const [from, to] = [entries('from'), entries('to')];
    const url = file['ietf-mud:mud']['mud-url'];
    return { url, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  });

/** A site's own hosts for the classes that MUD files only name: RFC 8520 §3.8, §3.9. */
export const controllerShape = z.strictObject(
  {
    controller: text.describe('Class as the MUD file names it, a URI; or a MUD URL, for my-controller'),
    hosts: z
      .array(text.refine(host => ipBytes(host) !== undefined, { error: 'an IP address' }))
      .min(1, { error: 'at least one address' })
      .max(100, { error: 'at most 100 addresses' }),
  },
  { error: 'an entry with controller and hosts' },
);
export type MudControllers = z.output<typeof controllerShape>;

/** In a list of what the device sends the device is the source, in the other one the target; a match may only name the other end by its address. */
function misplaced({ name, type, aces }: Acl, side: 'from' | 'to'): string | undefined {
  const own = side === 'from' ? 'source' : 'destination';
  const [version, short] = [type === 'ipv4-acl-type' ? 4 : 6, side === 'from' ? 'src' : 'dst'];
  for (const { name: ace, matches: m } of aces.ace) {
    const ipMatch = version === 4 ? m.ipv4 : m.ipv6;
    const where = `without ${JSON.stringify(ace)} of ${JSON.stringify(name)}`;
    if ((version === 4 ? m.ipv6 : m.ipv4) !== undefined) return `${where}: it matches another IP version than its list`;
    if (ipMatch?.[`${own}-ipv${version}-network`] !== undefined || ipMatch?.[`ietf-acldns:${short}-dnsname`] !== undefined)
      return `${where}: it names the device itself by its address`;
    if ([m.tcp, m.udp, m.icmp].filter(one => one !== undefined).length > 1) return `${where}: it matches two protocols`;
  }
  return undefined;
}

function entriesOf({ type, aces }: Acl, side: 'from' | 'to'): readonly MudEntry[] {
  const ipVersion = type === 'ipv4-acl-type' ? 4 : 6;
  return aces.ace.map(({ name, matches: m, actions }) => {
    const protocol =
      m.tcp !== undefined ? 6 : m.udp !== undefined ? 17 : m.icmp !== undefined ? (ipVersion === 4 ? 1 : 58) : (m.ipv4 ?? m.ipv6)?.protocol;
    const [own, far] = side === 'from' ? (['source-port', 'destination-port'] as const) : (['destination-port', 'source-port'] as const);
    const transport = m.tcp ?? m.udp;
    const [ownPorts, farPorts] = [rangesOf(transport?.[own]), rangesOf(transport?.[far])];
    const began = m.tcp?.['ietf-mud:direction-initiated'];
    return {
      name,
      accepts: actions.forwarding === 'accept',
      ipVersion,
      peers: peersOf(m, side, ipVersion),
      ...(protocol === undefined ? {} : { protocol: Number(protocol) }),
      ...(ownPorts === undefined ? {} : { ownPorts }),
      ...(farPorts === undefined ? {} : { farPorts }),
      ...(began === undefined ? {} : { begunBy: began === 'from-device' ? 'device' : 'other' }),
    };
  });
}

function peersOf(m: Matches, side: 'from' | 'to', version: 4 | 6): readonly MudPeer[] {
  const [far, short] = side === 'from' ? (['destination', 'dst'] as const) : (['source', 'src'] as const);
  const ipMatch = version === 4 ? m.ipv4 : m.ipv6;
  const [prefix, name] = [ipMatch?.[`${far}-ipv${version}-network`], ipMatch?.[`ietf-acldns:${short}-dnsname`]];
  const mud = m['ietf-mud:mud'] ?? {};
  return [
    ...(typeof prefix === 'string' ? [{ kind: 'network', prefix } as const] : []),
    ...(typeof name === 'string' ? [{ kind: 'name', name } as const] : []),
    ...(mud['local-networks'] === undefined ? [] : [{ kind: 'local-networks' } as const]),
    ...(mud['same-manufacturer'] === undefined ? [] : [{ kind: 'same-manufacturer' } as const]),
    ...(mud['my-controller'] === undefined ? [] : [{ kind: 'my-controller' } as const]),
    ...(mud.manufacturer === undefined ? [] : [{ kind: 'manufacturer', authority: mud.manufacturer } as const]),
    ...(mud.model === undefined ? [] : [{ kind: 'model', url: mud.model } as const]),
    ...(mud.controller === undefined ? [] : [{ kind: 'controller', of: mud.controller } as const]),
  ];
}

function rangesOf(match: z.output<typeof ports> | undefined): readonly PortRange[] | undefined {
  if (match === undefined) return undefined;
  if ('lower-port' in match) return [{ low: match['lower-port'], high: match['upper-port'] }];
  const { operator, port } = match;
  switch (operator) {
    case 'eq':
      return [{ low: port, high: port }];
    case 'lte':
      return [{ low: 0, high: port }];
    case 'gte':
      return [{ low: port, high: 65_535 }];
    case 'neq':
      return [
        { low: 0, high: port - 1 },
        { low: port + 1, high: 65_535 },
      ];
  }
}
