import { describe, expect, it } from 'vitest';
import { decode, rtsp } from '../../collectors/rtsp.ts';
import { head, httpRequest, rtspRequest, rtspResponse } from '../vectors/frames/http.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const service = { kind: 'service', protocol: 'tcp', port: 554, name: 'rtsp' };
const camera = { kind: 'device-kind', text: 'camera' };
const answer = (...lines: readonly string[]) => told(rtsp, [fromServer(554, head(...lines))]).host;

it('a camera and its recorder name themselves', () =>
  expect(told(rtsp, conversation(554, { client: rtspRequest, server: rtspResponse }, 16))).toEqual({
    client: [{ kind: 'description', text: 'Recorder/4.2', of: 'rtsp-user-agent' }],
    host: [{ kind: 'description', text: 'Vendor RTSP CAM-7000', of: 'rtsp-server' }, service, camera],
    malformed: [],
  }));

describe('an answer', () => {
  it('that wants a password first is a camera’s too', () =>
    expect(answer('RTSP/1.0 401 Unauthorized', 'CSeq: 1')).toEqual([service, camera]));

  it('names the realm for which it wants the password', () =>
    expect(answer('RTSP/1.0 401 Unauthorized', 'CSeq: 1', 'WWW-Authenticate: Digest realm="Login to 7C01", nonce="1"')).toEqual([
      service,
      camera,
      { kind: 'description', text: 'Login to 7C01', of: 'http-realm' },
    ]));

  it('may begin with an empty line', () =>
    expect(answer('', 'RTSP/1.0 200 OK', 'Server: CAM')).toContainEqual({ kind: 'description', text: 'CAM', of: 'rtsp-server' }));

  it('that serves nothing is no camera’s', () => expect(answer('RTSP/1.0 501 Not Implemented', 'CSeq: 1')).toEqual([service]));

  it('that a router passed on is not the router’s', () =>
    expect(told(rtsp, [fromServer(554, rtspResponse, { ttl: 63 })]).host).toEqual([]));
});

it.each(['DESCRIBE', 'SETUP', 'ANNOUNCE', 'PLAY', 'GET_PARAMETER', 'TEARDOWN'])('%s is read on any port', method =>
  expect(told(rtsp, conversation(8554, { client: head(`${method} rtsp://a/ RTSP/1.0`, 'User-Agent: x') })).client).toHaveLength(1),
);

it('HTTP costs nothing, and what only begins like RTSP is malformed', () => {
  expect(told(rtsp, conversation(554, { client: httpRequest })).malformed).toEqual([]);
  expect(() => decode(head('SETUP /x HTTP/1.1'))).toThrow('version HTTP/1.1');
});

it('a head cut anywhere waits for the rest', () => {
  cutsWaitOrThrow(decode, rtspRequest);
  cutsWaitOrThrow(decode, rtspResponse);
});

describe.skipIf(!hasCaptures)('in the warehouse sample', () => {
  it('every camera that answers RTSP is found', () => {
    const facts = captureFacts('bench/sample/warehouse-30dev.pcap', rtsp).all;
    expect(facts.filter(f => f.kind === 'device-kind').length).toBeGreaterThan(0);
    expect(facts.filter(f => f.kind === 'description' && f.text.includes('RTSP')).length).toBeGreaterThan(0);
  });
});
