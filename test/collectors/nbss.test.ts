import { describe, expect, it } from 'vitest';
import { decode, nbss } from '../../collectors/nbss.ts';
import { client1, sessionRequest } from '../vectors/frames/smb.ts';
import { conversation, fromClient } from '../vectors/frames/stream.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { told } from './stream-facts.ts';

const request = sessionRequest('*SMBSERVER', 'PANEL-02');

describe('a NetBIOS session request', () => {
  it('names who asks, not whom', () => {
    const { client, host } = told(nbss, conversation(139, { client: client1 }, 50));
    expect([client, host]).toEqual([[{ kind: 'hostname', name: 'PANEL-02' }], []]);
  });

  it('of another kind of name names nobody', () => {
    for (const suffix of [0x03, 0x1b, 0x1d]) expect(decode(sessionRequest('HIST-01', 'PLANT', suffix))).toEqual({ calling: undefined });
    expect(decode(sessionRequest('HIST-01', ''))).toEqual({ calling: undefined });
  });

  it('that a router passes on is not the router’s', () => expect(told(nbss, [fromClient(139, request, { ttl: 63 })]).client).toEqual([]));

  it('with other letters, too long or of another type is malformed', () => {
    for (const broken of [request.with(40, 0x51), request.with(2, 9), request.with(4, 33)])
      expect(told(nbss, conversation(139, { client: broken })).malformed).toMatchObject([{ collector: 'nbss' }]);
    expect(() => decode(request.with(0, 0x82))).toThrow('type 130');
  });

  it('does not decode when cut', () => expect(cutsThatDecode(request, decode)).toEqual([]));

  it('is looked for in what clients send only', () => expect(told(nbss, conversation(139, { server: request })).malformed).toEqual([]));
});
