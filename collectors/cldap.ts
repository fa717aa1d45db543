import { berInteger, berNext, berOpen, berTake } from '../gateway/codec/ber.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const cldapPort = 389;
/** BER tags, RFC 4511 §4.5; `and` and `equals` of filters. */
const tags = { sequence: 0x30, set: 0x31, integer: 2, octets: 4, search: 0x63, entry: 0x64, and: 0xa0, equals: 0xa3 } as const;
/** Code of an answer with names as in DNS, MS-ADTS §6.3.1.3. Ahead of them stand code, flags and GUID of the domain. */
const [samLogonResponseEx, netlogonHeader] = [23, 24];
/** Caps: terms of a filter, attributes of an entry, labels of a name. */
const [maxTerms, maxAttributes, maxLabels] = [16, 16, 64];

type Ping = { readonly kind: 'ping'; readonly host: string; readonly domain: string };
type Controller = {
  readonly kind: 'controller';
  readonly domain: string;
  readonly host: string;
  readonly flatDomain: string;
  readonly site: string;
};

/** Connectionless LDAP: how a Windows machine looks for a domain controller, and how that answers. MS-ADTS §6.3.3; RFC 1798. */
export function decode(bytes: Uint8Array): Ping | Controller | { readonly kind: 'other' } {
  const r = berOpen(new Reader(bytes, 'CLDAP'), tags.sequence, 'CLDAP');
  berInteger(berTake(r, tags.integer, 'CLDAP message number'), 'CLDAP message number');
  const { tag, content } = berNext(r);
  if (tag === tags.search) return ping(new Reader(content, 'CLDAP search'));
  return tag === tags.entry ? entry(new Reader(content, 'CLDAP entry')) : { kind: 'other' };
}

/** The machine says its name, and in which domain it looks: mostly, but not always, its own. */
function ping(r: Reader): Ping {
  for (let i = 0; i < 6; i++) berNext(r); // base, scope, aliases, limits, types only
  const filter = berNext(r);
  const terms = new Reader(filter.content, 'CLDAP filter');
  let [host, domain] = ['', ''];
  for (let i = 0; filter.tag === tags.and && i < maxTerms && terms.left > 0; i++) {
    const term = berNext(terms);
    if (term.tag !== tags.equals) continue;
    const pair = new Reader(term.content, 'CLDAP filter');
    const name = decodeText(berTake(pair, tags.octets, 'CLDAP filter')).toLowerCase();
    const value = berTake(pair, tags.octets, 'CLDAP filter');
    if (name === 'host') host = decodeText(value).trim();
    else if (name === 'dnsdomain') domain = decodeText(value).trim().replace(/\.$/, '');
  }
  return { kind: 'ping', host, domain };
}

function entry(r: Reader): Controller | { readonly kind: 'other' } {
  berTake(r, tags.octets, 'CLDAP entry');
  const attributes = berOpen(r, tags.sequence, 'CLDAP attributes');
  for (let i = 0; i < maxAttributes && attributes.left > 0; i++) {
    const attribute = berOpen(attributes, tags.sequence, 'CLDAP attribute');
    const name = decodeText(berTake(attribute, tags.octets, 'CLDAP attribute')).toLowerCase();
    const values = berOpen(attribute, tags.set, 'CLDAP values');
    if (name === 'netlogon' && values.left > 0) return netlogon(berTake(values, tags.octets, 'CLDAP value'));
  }
  return { kind: 'other' };
}

/** MS-ADTS §6.3.1.9: names as in DNS, which may go on where an earlier one does. */
function netlogon(bytes: Uint8Array): Controller | { readonly kind: 'other' } {
  const r = new Reader(bytes, 'netlogon');
  if (r.u16le() !== samLogonResponseEx) return { kind: 'other' };
  r.skip(netlogonHeader - 2);
  readName(r, bytes); // forest
  const [domain, host, flatDomain] = [readName(r, bytes), readName(r, bytes), readName(r, bytes)];
  readName(r, bytes); // NetBIOS name of the host
  readName(r, bytes); // user
  return { kind: 'controller', domain, host, flatDomain, site: readName(r, bytes) };
}

/** RFC 1035 §4.1.4. Pointers go backwards only, so that names end. */
function readName(r: Reader, bytes: Uint8Array): string {
  const labels: string[] = [];
  let [at, before] = [r, bytes.length];
  for (let i = 0; i < maxLabels; i++) {
    const length = at.u8();
    if (length === 0) return labels.join('.').slice(0, maxText);
    if (length < 0xc0) labels.push(at.text(length));
    else {
      const to = ((length & 0x3f) << 8) | at.u8();
      if (to >= before || (at === r && to >= r.at - 2)) throw r.fault(`name that goes on at ${to}`);
      before = to;
      at = new Reader(bytes, 'netlogon', to);
    }
  }
  throw r.fault('name of too many labels');
}

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (m.kind === 'other' || !packet.isOwnAddress) return [];
  const facts: Fact[] = m.host === '' ? [] : [{ kind: 'hostname', name: m.host }];
  if (m.kind === 'ping') {
    if (m.domain !== '')
      facts.push({ kind: 'description', text: `looks for a domain controller of ${m.domain}`.slice(0, maxText), of: 'cldap' });
    return facts;
  }
  const where = [m.flatDomain === '' ? '' : ` (${m.flatDomain})`, m.site === '' ? '' : `, site ${m.site}`].join('');
  return [
    ...facts,
    { kind: 'description', text: `domain controller of ${m.domain}${where}`.slice(0, maxText), of: 'cldap' },
    { kind: 'device-kind', text: 'server' },
  ];
}

const wants = ({ bytes: b, payload: i }: Packet): boolean => b[i] === tags.sequence;

export const cldap = collector({ name: 'cldap', spec: 'MS-ADTS §6.3, RFC 1798', matches: udpPorts(cldapPort), wants, decode, observe });
