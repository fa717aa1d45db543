import { describe, expect, it } from 'vitest';
import { httpHead } from '../../gateway/probing/http-head.ts';
import { tsharkVersion } from '../judge/tshark.ts';
import * as b from '../vectors/frames/build.ts';
import { context, holdsOut, judged, talk } from './talk.ts';

const question = (host: string) => b.bytes(`HEAD / HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: sallyport\r\nConnection: close\r\n\r\n`);
const answer = b.bytes(
  'HTTP/1.1 401 Unauthorized\r\nServer: Moxa/1.0\r\nWWW-Authenticate: Basic realm="EDS-408A"\r\nConnection: close\r\n\r\n',
);

describe('the HTTP probe', () => {
  it.each([
    [80, '192.0.2.34'],
    [8080, '192.0.2.34:8080'],
    [65_535, '192.0.2.34:65535'],
  ])('asks port %i for the head of the root', (service, host) => {
    const { sent, end } = talk(httpHead, [answer], service);
    expect(sent).toEqual([question(host)]);
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
  });

  it('names an IPv6 address in brackets', () => {
    const long = 'fd00:1111:2222:3333:4444:5555:6666:7777';
    for (const [ip, service, host] of [
      ['fe80::7', 80, '[fe80::7]'],
      [long, 65_535, `[${long}]:65535`],
    ] as const) {
      const step = httpHead.begin({ ...context(service), target: { mac: '', ip, service } });
      expect(step.kind === 'send' ? step.messages : step).toEqual([question(host)]);
    }
  });

  it.each([
    ['another protocol', b.bytes('SSH-2.0-x\r\n')],
    ['RTSP', b.bytes('RTSP/1.0 200 OK\r\n\r\n')],
    ['a request', b.bytes('HEAD / HTTP/1.1\r\n\r\n')],
    ['TLS', b.bytes(0x15, 3, 1, 0, 2, 2, 10)],
    ['a first line without end', b.bytes(new Uint8Array(16_384).fill(0x41))],
    ['a head without end', b.bytes('HTTP/1.1 200 OK\r\n', 'a: b\r\n'.repeat(3000))],
  ])('is refused by %s', (_, said) => {
    const { sent, end } = talk(httpHead, [said]);
    expect(sent).toHaveLength(1);
    expect(end).toMatchObject({ kind: 'done', how: 'refused' });
  });

  it('holds out against hostile answers; a body that comes all the same is not read', () =>
    holdsOut(httpHead, [answer], { mayGoOn: true }));

  it.skipIf(tsharkVersion === undefined)('is read by tshark as what it is meant to be', async () => {
    const fields = ['http.request.method', 'http.request.uri', 'http.host', 'http.user_agent', 'http.connection', 'http.content_length'];
    const rows = await judged(80, question('192.0.2.34'), fields);
    const [row] = rows.filter(r => r.one('http.request.method') !== '');
    expect(fields.map(field => row?.one(field))).toEqual(['HEAD', '/', '192.0.2.34', 'sallyport', 'close', '']);
    expect(rows.flatMap(r => r.all('_ws.malformed'))).toEqual([]);
  });
});
