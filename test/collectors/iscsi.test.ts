import { expect, it } from 'vitest';
import { decode, iscsi } from '../../collectors/iscsi.ts';
import * as b from '../vectors/frames/build.ts';
import { iscsiLogin } from '../vectors/frames/discovery.ts';
import { conversation, fromClient } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const windows = iscsiLogin(0x43, 'InitiatorName=iqn.1991-05.com.microsoft:mes-1.plant.example', 'SessionType=Normal');
const linux = iscsiLogin(0x43, 'InitiatorName=iqn.1993-08.org.debian:01:9a9a9a', 'InitiatorAlias=hist');

it('a client tells its name, and of Windows that of the host; a server that it serves', () => {
  const server = iscsiLogin(0x23, 'TargetPortalGroupTag=1', 'TargetAlias=shelf 2');
  expect(told(iscsi, conversation(3260, { client: windows, server }, 30))).toEqual({
    client: [
      { kind: 'hostname', name: 'mes-1.plant.example' },
      { kind: 'description', text: 'iSCSI initiator iqn.1991-05.com.microsoft:mes-1.plant.example', of: 'iscsi' },
    ],
    host: [
      { kind: 'service', protocol: 'tcp', port: 3260, name: 'iscsi-target' },
      { kind: 'description', text: 'iSCSI target shelf 2', of: 'iscsi' },
    ],
    malformed: [],
  });
  expect(told(iscsi, [fromClient(3260, linux)]).client).toEqual([
    { kind: 'description', text: 'iSCSI initiator iqn.1993-08.org.debian:01:9a9a9a', of: 'iscsi' },
  ]);
});

it('other messages, one without a name and what a router passes on tell nothing', () => {
  for (const f of [
    fromClient(3260, iscsiLogin(1, 'InitiatorName=x')),
    fromClient(3260, iscsiLogin(0x43)),
    fromClient(3260, windows, { ttl: 63 }),
  ])
    expect(told(iscsi, [f])).toMatchObject({ client: [], malformed: [] });
});

it('a text that is too long is malformed, and cut anywhere it waits', () => {
  expect(() => decode(b.bytes(0x43, 0, 0, 0, 0, 1, 0, 0, new Uint8Array(40)))).toThrow('text of 65536 bytes');
  expect(() => decode(iscsiLogin(1))).toThrow('code 1');
  cutsWaitOrThrow(decode, windows);
});
