import { describe, expect, it } from 'vitest';
import { httpAuthenticate } from '../../collectors/http-authenticate.ts';
import { head, httpRequest, httpResponse } from '../vectors/frames/http.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { told } from './stream-facts.ts';

const realm = { kind: 'description', text: 'CAM-7000 (00AF)', of: 'http-realm' };
const page = head('HTTP/1.1 200 OK', 'Content-Length: 0');

it('a realm is told of an answer that is not the first of its stream', () => {
  const frames = [...conversation(80, { client: httpRequest, server: page }), fromServer(80, httpResponse, { sequence: 1 + page.length })];
  expect(told(httpAuthenticate, frames)).toEqual({ client: [], host: [realm], malformed: [] });
});

describe('no realm is told', () => {
  const of = (port: number, body: Uint8Array, ttl = 64) => told(httpAuthenticate, [fromServer(port, body, { ttl })]);
  it('of any other answer or request', () => {
    for (const body of [page, httpRequest]) expect(of(80, body)).toEqual({ client: [], host: [], malformed: [] });
  });
  it('of another port', () => expect(of(9999, httpResponse).host).toEqual([]));
  it('that a router or proxy passed on', () => {
    expect(of(80, httpResponse, 63).host).toEqual([]);
    expect(of(80, head('HTTP/1.1 401 No', 'Via: 1.1 x', 'WWW-Authenticate: Basic realm="x"')).host).toEqual([]);
  });
});

/** A segment may end in the midst of a head, so a cut head decodes; it says the realm or nothing. */
it('a cut answer says no more than the whole, or is malformed', () => {
  for (let length = 0; length < httpResponse.length; length++) {
    const { host, malformed } = told(httpAuthenticate, [fromServer(80, httpResponse.subarray(0, length))]);
    expect([[], [realm]]).toContainEqual(host);
    for (const m of malformed) expect(m.message).not.toMatch(/^defect/);
  }
});

describe.skipIf(!hasCaptures)('in other people’s captures', () => {
  it('the Modicon’s realm is found', () =>
    expect(captureFacts('captures/Malcolm-Test-Artifacts/Modicon.pcap', httpAuthenticate).all).toEqual([
      { kind: 'description', text: 'Schneider Web', of: 'http-realm' },
    ]));
});
