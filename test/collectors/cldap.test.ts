import { expect, it } from 'vitest';
import { decode } from '../../collectors/cldap.ts';
import * as b from '../vectors/frames/build.ts';
import { cldapAnswer, cldapPing, discoveryVectors as v, netlogonNames, pingTerms } from '../vectors/frames/discovery.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { factsOf } from './observe.ts';

it('a machine that looks for its domain is called as it says', () =>
  expect(factsOf(host, v['cldap-ping'] ?? b.bytes())).toEqual([
    { kind: 'hostname', name: 'PANEL-7' },
    { kind: 'description', text: 'looks for a domain controller of plant.example', of: 'cldap' },
  ]));

it('a domain controller tells its name, domain and site', () =>
  expect(factsOf(host, v['cldap-answer'] ?? b.bytes())).toEqual([
    { kind: 'hostname', name: 'dc1.plant.example' },
    { kind: 'description', text: 'domain controller of plant.example (PLANT), site Hall-North', of: 'cldap' },
    { kind: 'device-kind', text: 'server' },
  ]));

it('a search without them, the answer for old clients, the end of a search and what a router passes on tell nothing', () => {
  for (const f of [
    datagram(50_000, 389, cldapPing(), { toPeer: true }),
    datagram(389, 50_000, cldapAnswer(netlogonNames, 19), { toPeer: true }),
    datagram(389, 50_000, b.bytes(0x30, 12, 2, 1, 1, 0x65, 7, 10, 1, 0, 4, 0, 4, 0), { toPeer: true }),
    datagram(389, 50_000, cldapAnswer(netlogonNames), { toPeer: true, ttl: 63 }),
  ])
    expect(factsOf(host, f)).toEqual([]);
});

it.each([
  ['to itself', 'name that goes on at 24', b.bytes(0xc0, 24)],
  ['forward', 'name that goes on at 60', b.bytes(0xc0, 60, new Uint8Array(60))],
  ['round', 'name that goes on at 24', b.bytes(1, 'a', 0xc0, 24)],
  ['for too long', 'name of too many labels', b.bytes(Array.from({ length: 70 }, () => [1, 'a']))],
])('a name that goes on %s is malformed', (_, found, names) =>
  expect(() => decode(cldapAnswer(names))).toThrow(`Cannot read netlogon: ${found}`),
);

it('of terms and attributes so many are read', () => {
  const [other = b.bytes()] = pingTerms.slice(-1);
  expect(decode(cldapPing(...Array.from({ length: 14 }, () => other), ...pingTerms))).toMatchObject({ host: 'PANEL-7' });
  expect(decode(cldapPing(...Array.from({ length: 16 }, () => other), ...pingTerms))).toEqual({ kind: 'ping', host: '', domain: '' });
  expect(decode(cldapAnswer(netlogonNames, 23, 15))).toMatchObject({ kind: 'controller' });
  expect(decode(cldapAnswer(netlogonNames, 23, 16))).toEqual({ kind: 'other' });
});

it('cut anywhere is malformed', () => {
  expect(cutsThatDecode(cldapPing(...pingTerms), decode)).toEqual([]);
  expect(cutsThatDecode(cldapAnswer(netlogonNames), decode)).toEqual([]);
});
