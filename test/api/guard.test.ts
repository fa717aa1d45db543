import { IncomingMessage, type IncomingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isOwnOrigin, remoteOf } from '../../gateway/api/guard.ts';

/** A request with these headers, from this address; undefined is what a Unix socket has. */
function request(headers: IncomingHttpHeaders, remoteAddress?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  return Object.assign(new IncomingMessage(socket), { headers });
}

describe('the origin of a request', () => {
  it.each<[boolean, IncomingHttpHeaders]>([
    [true, { origin: 'https://box:8443', host: 'box:8443' }],
    [false, { origin: 'https://box:8443', host: 'box' }],
    [false, { origin: 'http://box', host: 'box' }],
    [false, { origin: 'null', host: 'null' }],
    [false, { host: 'box' }],
    [false, {}],
    // No host at all must not become a host of that name.
    [false, { origin: 'https://undefined' }],
  ])('is our own: %s, of %j', (own, headers) => expect(isOwnOrigin(request(headers))).toBe(own));
});

describe('who asks', () => {
  it.each([
    ['socket', undefined],
    ['socket', ''],
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['fe80::1', 'fe80::1%eth0'],
    ['::ffff', '::ffff'],
  ])('is %s for %s', (asker, address) => expect(remoteOf(request({}, address))).toBe(asker));
});
