import { expect, it } from 'vitest';
import { decode, mysql } from '../../collectors/mysql.ts';
import * as b from '../vectors/frames/build.ts';
import { mysqlGreeting } from '../vectors/frames/starttls.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const description = (version: string) =>
  told(mysql, conversation(3306, { server: mysqlGreeting(version) }, 9)).host.flatMap(f => (f.kind === 'description' ? [f.text] : []));

it('a greeting names the version of MySQL, and of MariaDB without the one before it', () => {
  expect(description('8.0.36-0ubuntu0.22.04.1')).toEqual(['MySQL 8.0.36-0ubuntu0.22.04.1']);
  expect(description('5.5.5-10.11.6-MariaDB')).toEqual(['10.11.6-MariaDB']);
  expect(description('')).toEqual([]);
});

it('a version without end is malformed; a refusal and what a router passes on tell nothing', () => {
  expect(told(mysql, [fromServer(3306, mysqlGreeting('8'.repeat(100)))]).host).toEqual([]);
  expect(() => decode(mysqlGreeting('8'.repeat(100)))).toThrow('does not end');
  expect(told(mysql, [fromServer(3306, b.bytes(9, 0, 0, 0, 0xff, 0x6a, 4, 'Host no'))])).toMatchObject({ host: [], malformed: [] });
  expect(told(mysql, [fromServer(3306, mysqlGreeting('8.0.36'), { ttl: 63 })]).host).toEqual([]);
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, mysqlGreeting('8.0.36')));
