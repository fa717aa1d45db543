import { describe, expect, it } from 'vitest';
import { decode, http } from '../../collectors/http.ts';
import * as b from '../vectors/frames/build.ts';
import { head, httpRequest, httpResponse, rtspRequest, rtspResponse } from '../vectors/frames/http.ts';
import { conversation, fromClient, fromServer } from '../vectors/frames/stream.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const client = (...lines: readonly string[]) => told(http, [fromClient(80, head(...lines))]).client;
const server = (port: number, ...lines: readonly string[]) => told(http, [fromServer(port, head(...lines))]).host;

describe('a request', () => {
  const facts = [
    { kind: 'print', scheme: 'http-headers', value: 'Host,User-Agent,Accept' },
    { kind: 'description', text: 'PlcUpdater/1.4 (Linux)', of: 'http-user-agent' },
    { kind: 'asks', protocol: 'http', name: 'updates.vendor.example' },
  ];

  it('shows the program, the order of its fields and whom it asks for, on any port and over many segments', () => {
    expect(told(http, [fromClient(80, httpRequest)]).client).toEqual(facts);
    expect(told(http, conversation(12_345, { client: httpRequest }, 9)).client).toEqual(facts);
  });

  it('may begin with empty lines, of which a few are passed over as servers do', () => {
    const crlf = b.bytes(13, 10);
    expect(told(http, [fromClient(80, b.bytes(crlf, httpRequest))]).client).toEqual(facts);
    expect(told(http, [fromClient(80, b.bytes(10, 10, httpRequest))]).client).toEqual(facts);
    expect(told(http, [fromClient(80, b.bytes(crlf, crlf, crlf, httpRequest))]).client).toEqual([]);
  });

  it('looks alike whatever page is asked for', () => {
    const [print] = client(
      'GET / HTTP/1.1',
      'Host: a',
      'Referer: b',
      'X-Id: 7',
      'Accept: */*',
      'If-None-Match: c',
      'Cookie: d',
      'User-Agent: e',
    );
    expect(print).toEqual({ kind: 'print', scheme: 'http-headers', value: 'Host,Accept,User-Agent' });
  });

  it('to an address asks for no name', () => {
    for (const host of ['192.0.2.1', '192.0.2.1:8080', '[2001:db8::a]:80'])
      expect(client('GET / HTTP/1.1', `Host: ${host}`).map(f => f.kind)).toEqual(['print']);
  });

  it('to a site of a program for remote access tells the program', () =>
    expect(client('GET / HTTP/1.1', 'Host: master7.teamviewer.com')).toContainEqual({
      kind: 'description',
      text: 'TeamViewer',
      of: 'remote-access',
    }));

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'NOTIFY', 'SUBSCRIBE', 'MKCOL', 'RPC_OUT_DATA', 'CCM_POST'])(
    '%s is read',
    method => expect(client(`${method} /x HTTP/1.1`, 'User-Agent: a')).toHaveLength(2),
  );

  it('of which the head does not end is read from its first 4 kB', () =>
    expect(client('GET / HTTP/1.1', 'User-Agent: a', `Cookie: ${'c'.repeat(5000)}`).length).toBe(2));
});

describe('a response', () => {
  it('that is interim names nobody: the final one behind it does', () => {
    const early = head('HTTP/1.1 103 Early Hints', 'Link: </a>');
    const goOn = head('HTTP/1.1 100 Continue');
    const final = head('HTTP/1.1 200 OK', 'Server: Gate/7');
    const name = { kind: 'description', text: 'Gate/7', of: 'http-server' };
    expect(told(http, [fromServer(80, b.bytes(goOn, final))]).host).toContainEqual(name);
    expect(told(http, conversation(80, { server: b.bytes(early, goOn, final) }, 9)).host).toContainEqual(name);
    expect(told(http, [fromServer(80, b.bytes(...Array.from({ length: 9 }, () => goOn), final))]).host).not.toContainEqual(name);
  });

  it('shows the product, and the realm, where devices put their model', () =>
    expect(told(http, [fromServer(80, httpResponse)]).host).toEqual([
      { kind: 'service', protocol: 'tcp', port: 80, name: 'http' },
      { kind: 'description', text: 'Camd/2.1', of: 'http-server' },
      { kind: 'description', text: 'CAM-7000 (00AF)', of: 'http-realm' },
    ]));

  it('shows a service on any port, by its registered name if there is one', () => {
    expect(server(9999, 'HTTP/1.0 200 OK')).toEqual([{ kind: 'service', protocol: 'tcp', port: 9999, name: 'http' }]);
    expect(server(631, 'HTTP/1.0 200 OK')).toMatchObject([{ name: 'ipp' }]);
  });

  const page = (title: string, ...lines: readonly string[]) =>
    told(http, [
      fromServer(80, Buffer.concat([head('HTTP/1.1 200 OK', ...lines), b.bytes(`<html><head><title>${title}</title></head>`)])),
    ]).host.slice(1);

  it('shows the title of its page, and maker and model where it is nothing else', () => {
    const of = 'http-title';
    expect(page(' Schneider Electric Modicon M340 ')).toEqual([
      { kind: 'description', text: 'Schneider Electric Modicon M340', of },
      { kind: 'maker', text: 'Schneider Electric' },
      { kind: 'model', text: 'Modicon M340' },
    ]);
    for (const text of ['How we use Siemens S7-1500', 'Siemens S7-1500, a guide', 'Siemens 1 2 3 4 5 6', 'Siemens'])
      expect(page(text, 'Content-Type: text/html')).toEqual([{ kind: 'description', text, of }]);
  });

  it('has no title that is too long, has marks in it, or stands in no page', () => {
    for (const title of ['a'.repeat(256), 'a&lt;b', '', 'a<b>']) expect(page(title)).toEqual([]);
    expect(page('Siemens S7', 'Content-Type: application/json')).toEqual([]);
  });

  it('that came by a proxy is about somebody else', () => expect(server(80, 'HTTP/1.1 200 OK', 'Server: x', 'Via: 1.1 cache')).toEqual([]));

  it('that a router passed on is not the router’s', () => expect(told(http, [fromServer(80, httpResponse, { ttl: 63 })]).host).toEqual([]));
});

describe('what is no HTTP', () => {
  it('costs nothing: RTSP, SIP and all that begins otherwise', () => {
    for (const body of [
      rtspRequest,
      rtspResponse,
      head('OPTIONS sip:a@b SIP/2.0'),
      head('SUBSCRIBE sip:a SIP/2.0'),
      b.bytes('SSH-2.0-x\r\n'),
    ])
      expect(told(http, conversation(80, { client: body, server: body }))).toEqual({ client: [], host: [], malformed: [] });
  });

  it('but begins like it is malformed', () => {
    expect(told(http, conversation(80, { client: head('GET nonsense') })).malformed).toMatchObject([{ collector: 'http', count: 1 }]);
    expect(() => decode(head('POST rtsp://x RTSP/1.0'))).toThrow('version RTSP/1.0');
  });
});

it('a head cut anywhere waits for the rest', () => {
  cutsWaitOrThrow(decode, httpRequest);
  cutsWaitOrThrow(decode, httpResponse);
});

/** What tshark 4.0.17 shows as http.user_agent, http.host, http.server and http.www_authenticate. */
describe.skipIf(!hasCaptures)('in other people’s captures', () => {
  it('the browser of wikipedia.pcap and whom it asks for are found', () => {
    const facts = captureFacts('captures/zeek/wikipedia.pcap', http).of('00:24:7e:e0:1d:b5');
    expect(facts).toContainEqual({
      kind: 'description',
      text: 'Mozilla/5.0 (X11; U; Linux x86_64; en-US; rv:1.9.2.15) Gecko/20110303 Ubuntu/10.04 (lucid) Firefox/3.6.15',
      of: 'http-user-agent',
    });
    const names = facts.flatMap(f => (f.kind === 'asks' ? [f.name] : []));
    expect(names.toSorted()).toEqual(['bits.wikimedia.org', 'meta.wikimedia.org', 'upload.wikimedia.org', 'www.wikipedia.org']);
  });

  it('the Modicon names its web server, and the router before it does not', () => {
    const facts = captureFacts('captures/Malcolm-Test-Artifacts/Modicon.pcap', http);
    expect(facts.of('00:00:54:14:f2:4f')).toContainEqual({ kind: 'description', text: 'Schneider-WEB/V2.1.4', of: 'http-server' });
    expect(facts.of('00:1c:7f:39:de:5b')).toEqual([]);
  });
});
