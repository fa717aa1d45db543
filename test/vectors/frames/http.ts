import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from RFC 9110, RFC 9112 and RFC 2326 with invented names. */
export const head = (...lines: readonly string[]): Uint8Array => b.bytes([...lines, '', ''].join('\r\n'));

export const httpRequest = head(
  'GET /setup HTTP/1.1',
  'Host: Updates.Vendor.example:8080',
  'User-Agent: PlcUpdater/1.4 (Linux)',
  'Accept: */*',
);
export const httpResponse = head(
  'HTTP/1.1 401 Unauthorized',
  'Server: Camd/2.1',
  'WWW-Authenticate: Digest realm="CAM-7000 (00AF)", nonce="1"',
  'Content-Length: 0',
);
export const rtspRequest = head('OPTIONS rtsp://192.0.2.34/ RTSP/1.0', 'CSeq: 1', 'User-Agent: Recorder/4.2');
export const rtspResponse = head('RTSP/1.0 200 OK', 'CSeq: 1', 'Server: Vendor RTSP CAM-7000', 'Public: OPTIONS, DESCRIBE, SETUP, PLAY');

export const httpVectors: { readonly [name: string]: Uint8Array } = {
  'http-request': fromClient(80, httpRequest),
  'http-response': fromServer(80, httpResponse),
  'rtsp-request': fromClient(554, rtspRequest),
  'rtsp-response': fromServer(554, rtspResponse),
};
