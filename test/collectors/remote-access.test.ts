import { describe, expect, it } from 'vitest';
import { remoteAccess } from '../../collectors/remote-access.ts';
import { remoteAccessDomains, remoteAccessProduct } from '../../gateway/codec/remote-access-names.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, discovery, initiation, remoteAccessVectors, response, zeroTierHello } from '../vectors/frames/remote-access.ts';
import { conversation } from '../vectors/frames/stream.ts';
import { told } from './stream-facts.ts';

const said = (...frames: readonly Uint8Array[]) => told(remoteAccess, frames);
const program = (text: string) => [{ kind: 'description', text, of: 'remote-access' }];

describe('a program for remote access is recognised', () => {
  it.each([
    ['wireguard-initiation', 'WireGuard'],
    ['tailscale-discovery', 'Tailscale'],
    ['zerotier-hello', 'ZeroTier node a1b2c3d4e5, version 1.14.2'],
    ['anydesk-discovery', 'AnyDesk'],
    ['teamviewer-start', 'TeamViewer'],
  ] as const)('%s', (vector, text) => expect(said(remoteAccessVectors[vector] ?? b.bytes()).client).toEqual(program(text)));

  it('by either half of the handshake', () => expect(said(datagram(51_820, 40_000, response)).client).toEqual(program('WireGuard')));

  it('when it begins a stream or sends a datagram to TeamViewer’s port', () => {
    expect(said(...conversation(5938, { client: b.bytes('hello, there') })).client).toEqual(program('TeamViewer'));
    expect(said(datagram(40_000, 5938, b.bytes(1))).client).toEqual(program('TeamViewer'));
  });
});

describe('no program is recognised', () => {
  it('in a handshake of another length or on another port', () => {
    expect(said(datagram(51_820, 51_820, initiation.subarray(1))).client).toEqual([]);
    expect(said(datagram(51_820, 51_820, b.bytes(initiation, 0))).client).toEqual([]);
    expect(said(datagram(40_000, 40_001, initiation)).client).toEqual([]);
  });

  it('in what ZeroTier encrypts, in its other messages, and in short ones', () => {
    expect(said(datagram(9993, 9993, zeroTierHello(undefined, 8))).client).toEqual([]);
    expect(said(datagram(9993, 9993, zeroTierHello().with(27, 2))).client).toEqual([]);
    expect(said(datagram(9993, 9993, zeroTierHello().subarray(0, 27))).client).toEqual([]);
  });

  it('on AnyDesk’s port but not to its group', () => expect(said(datagram(50_001, 50_001, b.bytes(1, 2, 3))).client).toEqual([]));

  it('of the server that answers TeamViewer, nor of a router that passes it on', () => {
    expect(said(...conversation(5938, { server: b.bytes('hello, there') })).host).toEqual([]);
    expect(said(datagram(40_000, 41_641, discovery, undefined, 63)).client).toEqual([]);
  });
});

it('an identity of ZeroTier that is not the sender’s, or is cut, is malformed', () => {
  expect(said(datagram(9993, 9993, zeroTierHello([9, 9, 9, 9, 9]))).malformed).toMatchObject([{ collector: 'remote-access' }]);
  for (let length = 28; length < 45; length++)
    expect(said(datagram(9993, 9993, zeroTierHello().subarray(0, length))).malformed, `${length} bytes`).toHaveLength(1);
});

describe('a name is a program’s', () => {
  it('when it is a domain of the table or below one', () => {
    for (const [domain, product] of Object.entries(remoteAccessDomains)) {
      expect(domain).toBe(domain.toLowerCase());
      expect(remoteAccessProduct(domain)).toBe(product);
      expect(remoteAccessProduct(`a.b.${domain}`)).toBe(product);
      expect(remoteAccessProduct(`not${domain}`)).toBeUndefined();
    }
  });
  it('and nothing else', () => {
    for (const name of ['', '.', 'com', 'vendor.example', 'teamviewer.com.vendor.example'])
      expect(remoteAccessProduct(name)).toBeUndefined();
  });
});
