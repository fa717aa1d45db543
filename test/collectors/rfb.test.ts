import { expect, it } from 'vitest';
import { decode, rfb } from '../../collectors/rfb.ts';
import * as b from '../vectors/frames/build.ts';
import { rfbVersion } from '../vectors/frames/banner.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

it('a server shows its version, on any port; its client nothing', () => {
  for (const port of [5900, 5901, 22_000])
    expect(told(rfb, conversation(port, { client: rfbVersion, server: rfbVersion }, 5))).toEqual({
      client: [],
      host: [
        { kind: 'service', protocol: 'tcp', port, name: 'rfb' },
        { kind: 'description', text: 'RFB 003.008', of: 'remote-access' },
      ],
      malformed: [],
    });
});

it('what only begins like a version is malformed', () =>
  expect(told(rfb, conversation(5900, { server: b.bytes('RFB three.8\n') })).malformed).toMatchObject([{ count: 1 }]));

it('that a router passed on is not the router’s', () => expect(told(rfb, [fromServer(5900, rfbVersion, { ttl: 63 })]).host).toEqual([]));

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, rfbVersion));
