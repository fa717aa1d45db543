import { expect, it } from 'vitest';
import { decode, rdp } from '../../collectors/rdp.ts';
import * as b from '../vectors/frames/build.ts';
import { confirm, oldConfirm, rdpStart, refusal, request } from '../vectors/frames/rdp.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const service = { kind: 'service', protocol: 'tcp', port: 3389, name: 'ms-wbt-server' };
const description = (text: string) => ({ kind: 'description', text: `Remote Desktop, security ${text}`, of: 'remote-access' });

it('a server shows its certificate behind its answer; the client’s cookie, a user name, is not read', () =>
  expect(told(rdp, conversation(3389, { client: request, server: rdpStart }, 60))).toMatchObject({
    client: [],
    host: [service, description('CredSSP'), { kind: 'certificate', role: 'server', subject: 'CN=cam-7.plant.example' }],
    malformed: [],
  }));

it('an old server, one that refuses and one without TLS have none', () => {
  for (const answer of [oldConfirm, refusal, confirm(0)])
    expect(told(rdp, [fromServer(3389, answer)]).host).toEqual([service, description('RDP')]);
});

it('an answer that a router passed on is not the router’s', () =>
  expect(told(rdp, [fromServer(3389, rdpStart, { ttl: 63 })]).host).toEqual([]));

it('what is no answer is malformed', () => {
  expect(() => decode(b.bytes(4, 0, 0, 19))).toThrow('no TPKT');
  expect(() => decode(b.bytes(3, 0, 0, 5, 1))).toThrow('length 5');
  expect(() => decode(request)).toThrow('no connection confirm');
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, rdpStart));
