import { oid, sequence, tlv, utf8 } from '../../vectors/der-encode.ts';
import * as pki from '../../vectors/path-pki.ts';
import { raw } from '../../vectors/raw-certificate.ts';
import { A, A2, add, B, caA, caB, chain, eku, ext, extension, leaf, n, nc, san, selfA, who } from './world.ts';

/** Names of servers and mailboxes, and what CAs constrain them to. Each line is one case. */

// Names of servers
const named = (id: string, wanted: boolean, names: readonly Uint8Array[], peer: string, subject = 'CN=L'): number =>
  chain(`name::${id}`, wanted, {
    l: { with: names.length === 0 ? [] : [san(...names)], ...(names.length === 0 ? { without: [ext.san] } : {}), subject: pki.dn(subject) },
    peer,
  });
named('exact', true, [n.dns('a.example.com')], 'a.example.com');
named('case', true, [n.dns('A.eXample.com')], 'a.example.COM');
named('another', false, [n.dns('a.example.com')], 'b.example.com');
named('a host below', false, [n.dns('example.com')], 'a.example.com');
named('a host above', false, [n.dns('a.example.com')], 'example.com');
named('wildcard', true, [n.dns('*.example.com')], 'a.example.com');
named('wildcard, two labels', false, [n.dns('*.example.com')], 'b.a.example.com');
named('wildcard, no label', false, [n.dns('*.example.com')], 'example.com');
named('wildcard in part', false, [n.dns('a*.example.com')], 'ab.example.com');
named('wildcard in the middle', false, [n.dns('a.*.com')], 'a.example.com');
named('wildcard alone', false, [n.dns('*')], 'com');
named('wildcard of all of com', false, [n.dns('*.com')], 'example.com');
named('two wildcards', false, [n.dns('*.*.example.com')], 'b.a.example.com');
named('wildcard for an A-label', true, [n.dns('*.example.com')], 'xn--bcher-kva.example.com');
named('dot at the end of the SAN', false, [n.dns('a.example.com.')], 'a.example.com');
named('dot at the start', false, [n.dns('.example.com')], 'a.example.com');
named('empty', false, [n.dns('')], 'a.example.com');
named('underscore', false, [n.dns('a_b.example.com')], 'a_b.example.com');
named('underscore under a wildcard', false, [n.dns('*.example.com')], 'a_b.example.com');
named('zero octet', false, [n.dns('a.example.com\0.evil.test')], 'a.example.com');
named('no ASCII', false, [n.dns('bücher.example.com')], 'xn--bcher-kva.example.com');
named('space around', false, [n.dns(' a.example.com')], 'a.example.com');
named('CN alone', false, [], 'a.example.com', 'CN=a.example.com');
named('CN beside an address', false, [n.ip(10, 0, 0, 1)], 'a.example.com', 'CN=a.example.com');
named('CN beside another name', false, [n.dns('b.example.com')], 'a.example.com', 'CN=a.example.com');
named('address', true, [n.ip(10, 0, 0, 1)], '10.0.0.1');
named('another address', false, [n.ip(10, 0, 0, 2)], '10.0.0.1');
named('address as a DNS name', false, [n.dns('10.0.0.1')], '10.0.0.1');
named('address as CN', false, [], '10.0.0.1', 'CN=10.0.0.1');
named('address of five octets', false, [n.ip(10, 0, 0, 1, 0)], '10.0.0.1');
named('IPv4 mapped', false, [n.ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1)], '10.0.0.1');
named('IPv6', true, [n.ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)], '2001:db8::1');
named('URI for a host', false, [n.uri('https://a.example.com/')], 'a.example.com');
named('the second of two', true, [n.dns('b.example.com'), n.dns('a.example.com')], 'a.example.com');
chain('name::SAN empty', false, { l: { with: [extension(ext.san, false, sequence())] } });
chain('name::SAN empty, and nobody asks for a name', false, { l: { with: [extension(ext.san, false, sequence())] }, peer: null });
chain('name::SAN of a CA with a tag that is none', false, { a: { with: [san(n.dns('ca.example.com'), tlv(0x8b, utf8('x')))] } });
chain('name::SAN with bytes after', false, {
  l: { with: [extension(ext.san, false, Buffer.concat([sequence(n.dns('www.example.com')), Uint8Array.of(5, 0)]))] },
});
chain('name::SAN with a tag that is none', false, { l: { with: [san(n.dns('www.example.com'), tlv(0x8b, utf8('x')))] } });
chain('name::SAN critical without subject', true, {
  l: { subject: sequence(), with: [extension(ext.san, true, sequence(n.dns('www.example.com')))] },
});
const mail = (id: string, wanted: boolean, names: readonly Uint8Array[], peer: string, subject = 'CN=L'): number =>
  chain(`mail::${id}`, wanted, {
    l: { with: [san(...names), eku('1.3.6.1.5.5.7.3.4')], subject: pki.dn(subject) },
    peer,
    purpose: 'emailProtection',
  });
mail('exact', true, [n.email('ann@example.com')], 'ann@example.com');
mail('case of the host', true, [n.email('ann@EXAMPLE.com')], 'ann@example.com');
mail('case of the mailbox', false, [n.email('Ann@example.com')], 'ann@example.com');
mail('in the subject', false, [n.dns('x.example.com')], 'ann@example.com', 'CN=L/E=ann@example.com');
mail('at the host alone', false, [n.email('example.com')], 'ann@example.com');
mail('at a host below', false, [n.email('ann@a.example.com')], 'ann@example.com');
mail('two ats', false, [n.email('ann@example.com@evil.test')], 'ann@example.com');

// Name constraints, in the product of names and subtrees that BetterTLS made known
const hosts: Readonly<Record<string, readonly Uint8Array[]>> = {
  none: [],
  inside: [n.dns('test.localhost')],
  outside: [n.dns('bad.example.com')],
  both: [n.dns('test.localhost'), n.dns('bad.example.com')],
  wildcard: [n.dns('*.test.localhost')],
};
const addresses: Readonly<Record<string, readonly Uint8Array[]>> = { none: [], inside: [n.ip(127, 0, 0, 1)], outside: [n.ip(1, 1, 1, 1)] };
const trees: Readonly<Record<string, readonly Uint8Array[]>> = {
  none: [],
  'DNS in': [n.dns('localhost')],
  'DNS out': [n.dns('example.com')],
  'IP in': [n.ip(127, 0, 0, 0, 255, 255, 255, 0)],
  'IP out': [n.ip(1, 1, 1, 0, 255, 255, 255, 0)],
};
const holds = (host: string, address: string, permitted: string, excluded: string): boolean => {
  const isIn = { none: [], inside: ['in'], outside: ['out'], both: ['in', 'out'], wildcard: ['in'] } as Readonly<
    Record<string, readonly string[]>
  >;
  const [h, a] = [(isIn[host] ?? []).map(x => `DNS ${x}`), (isIn[address] ?? []).map(x => `IP ${x}`)];
  const all = [...h, ...a];
  const form = permitted.slice(0, 3);
  return !all.includes(excluded) && (permitted === 'none' || all.every(x => !x.startsWith(form.trim()) || x === permitted));
};
for (const [host, h] of Object.entries(hosts))
  for (const [address, a] of Object.entries(addresses))
    for (const [permitted, p] of Object.entries(trees))
      for (const [excluded, e] of Object.entries(trees)) {
        if (h.length + a.length === 0) continue;
        const of = { with: [san(...h, ...a)] };
        const constrained = { with: p.length + e.length === 0 ? [] : [nc(p, e)] };
        const right = holds(host, address, permitted, excluded);
        for (const peer of ['test.localhost', '127.0.0.1'])
          chain(
            `nc::host ${host}, address ${address}, permitted ${permitted}, excluded ${excluded}, for ${peer}`,
            right && (peer === '127.0.0.1' ? address === 'inside' : ['inside', 'both'].includes(host)),
            { l: of, a: constrained, peer },
          );
      }

/** One attribute of the subject, in each type of string that it may have. */
const attributeOf = (tag: number, text: string, width: number): Uint8Array => {
  const value = Uint8Array.from(Array.from(text).flatMap(c => [...Array.from({ length: width - 1 }, () => 0), c.charCodeAt(0)]));
  return sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(tag, value))), tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, utf8('L')))));
};
const acme = tlv(0xa4, sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(0x0c, utf8('Acme Corp'))))));
for (const [type, tag, width] of [
  ['UTF8', 0x0c, 1],
  ['Printable', 0x13, 1],
  ['Teletex', 0x14, 1],
  ['IA5', 0x16, 1],
  ['Visible', 0x1a, 1],
  ['BMP', 0x1e, 2],
  ['Universal', 0x1c, 4],
] as const) {
  const l = { subject: attributeOf(tag, 'ACME  corp', width) };
  chain(`nc::directory as ${type}String, excluded`, false, { l, a: { with: [nc([], [acme])] } });
  chain(`nc::directory as ${type}String, permitted`, true, { l, a: { with: [nc([acme])] } });
}
chain('nc::UniversalString of five octets', false, {
  l: { subject: sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(0x1c, new Uint8Array(5))))) },
});
chain('nc::the common name is no DNS name, excluded', true, {
  l: { subject: pki.dn('CN=bad.example.com') },
  a: { with: [nc([], [n.dns('bad.example.com')])] },
});
chain('nc::the common name alone, permitted', true, {
  l: { subject: pki.dn('CN=bad.example.com'), with: [san(n.ip(10, 0, 0, 1))] },
  a: { with: [nc([n.dns('localhost')])] },
  peer: '10.0.0.1',
});
chain('nc::mailbox in the subject, outside', false, {
  l: { subject: pki.dn('CN=L/E=ann@evil.test') },
  a: { with: [nc([n.email('example.com')])] },
});
chain('nc::mailbox in the subject, inside', true, {
  l: { subject: pki.dn('CN=L/E=ann@example.com') },
  a: { with: [nc([n.email('example.com')])] },
});
chain('nc::the root constrains', false, { r: { with: [nc([n.dns('example.org')])] } });
chain('nc::empty', false, { a: { with: [extension('2.5.29.30', true, sequence())] } });
chain('nc::permitted, without a subtree', false, { a: { with: [extension('2.5.29.30', true, sequence(tlv(0xa0)))] } });
// A constraint that is no network is no constraint, though nothing below has an address.
for (const [what, wanted, ...octets] of [
  ['an address alone', false, 127, 0, 0, 1],
  ['nine octets', false, 127, 0, 0, 0, 255, 0, 0, 0, 0],
  ['a mask with a hole', false, 127, 0, 0, 0, 255, 0, 255, 0],
  ['a network', true, 127, 0, 0, 0, 255, 0, 0, 0],
  ['all addresses', true, 0, 0, 0, 0, 0, 0, 0, 0],
] as const) {
  chain(`nc::IP permitted, ${what}`, wanted, { a: { with: [nc([n.ip(...octets)])] } });
  chain(`nc::IP excluded, ${what}`, wanted, { a: { with: [nc([], [n.ip(...octets)])] } });
}
chain('nc::a minimum of 1', false, {
  a: { with: [extension('2.5.29.30', true, sequence(tlv(0xa0, sequence(n.dns('example.com'), tlv(0x80, Uint8Array.of(1))))))] },
});
chain('nc::a maximum', false, {
  a: { with: [extension('2.5.29.30', true, sequence(tlv(0xa0, sequence(n.dns('example.com'), tlv(0x81, Uint8Array.of(1))))))] },
});
add('nc::of a CA above are kept below', false, {
  leaf: leaf({}, B),
  with: [caA({ with: [nc([n.dns('example.org')])] }), caB({ with: [nc([n.dns('example.com')])] })],
});
add('nc::do not bind a self-issued CA', true, {
  leaf: leaf({ subject: sequence(), with: [extension(ext.san, true, sequence(n.dns('www.example.com')))] }, A2),
  with: [caA({ with: [nc([n.directory('CN=Z')])] }), selfA()],
});
add('nc::bind a self-issued leaf', false, { leaf: raw('leaf', who('A'), A), with: [caA({ with: [nc([n.directory('CN=Z')])] })] });
