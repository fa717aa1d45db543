import { expect, it } from 'vitest';
import { decode } from '../../collectors/sql-browser.ts';
import * as b from '../vectors/frames/build.ts';
import { discoveryVectors as v, instances, sqlAnswer } from '../vectors/frames/discovery.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { factsOf } from './observe.ts';

it('a host tells its name and its instances', () =>
  expect(factsOf(host, v['sql-browser'] ?? b.bytes())).toEqual([
    { kind: 'hostname', name: 'HIST-1' },
    { kind: 'description', text: 'SQL Server LINE4 15.0.2000.5, MES 16.0.1000.6', of: 'sql-browser' },
    { kind: 'service', protocol: 'tcp', port: 49_170, name: 'ms-sql-s' },
  ]));

it('questions, other texts, ports that are none, the name of a cluster and what a router passes on tell nothing', () => {
  const answer = (text: string, over = {}) => factsOf(host, datagram(1434, 50_000, sqlAnswer(text), { toPeer: true, ...over }));
  expect(factsOf(host, datagram(50_000, 1434, b.bytes(2)))).toEqual([]);
  expect(factsOf(host, datagram(50_000, 1434, sqlAnswer(instances)))).toEqual([]);
  expect(answer('')).toEqual([]);
  expect(answer('InstanceName;ServerName;;')).toEqual([]);
  expect(answer(instances, { ttl: 63 })).toEqual([]);
  expect(answer('ServerName;SQL-VIRTUAL;InstanceName;B;IsClustered;Yes;Version;1;;')).toEqual([
    { kind: 'description', text: 'SQL Server B 1', of: 'sql-browser' },
  ]);
  for (const port of ['70000', '0', '1e3', '']) expect(answer(`ServerName;A;InstanceName;B;Version;1;tcp;${port};;`)).toHaveLength(2);
});

it('a flood of instances is cut, and cut anywhere it is malformed', () => {
  expect(decode(sqlAnswer('ServerName;A;;'.repeat(200)))).toHaveLength(8);
  expect(cutsThatDecode(sqlAnswer(instances), decode)).toEqual([]);
});
