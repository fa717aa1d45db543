import { describe, expect, it } from 'vitest';
import { dceRpc, decode } from '../../collectors/dce-rpc.ts';
import * as b from '../vectors/frames/build.ts';
import { auth3, bind, bindAck, pdu, request } from '../vectors/frames/dce-rpc.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const name = (of: string) => ({ kind: 'hostname', name: of });
const version = { kind: 'description', text: 'version 10.0.19041', of: 'dce-rpc' };
const service = (port: number, of: string) => ({ kind: 'service', protocol: 'tcp', port, name: of });

it('both machines name themselves, on any port, and not who logs in', () => {
  for (const [port, of] of [
    [135, 'epmap'],
    [49_155, 'dce-rpc'],
  ] as const) {
    const heard = told(dceRpc, conversation(port, { client: b.bytes(bind, auth3, request), server: bindAck }, 40));
    expect(heard).toEqual({
      client: [name('PANEL-02'), version],
      host: [service(port, of), name('Hist-01'), version],
      malformed: [],
    });
    expect(JSON.stringify(heard)).not.toContain('operator');
  }
});

describe('no machine is named', () => {
  it('when there is no NTLM', () => {
    expect(decode(b.bytes(pdu(11, new Uint8Array(64)), request))).toEqual({ isServer: false, ntlm: undefined });
    expect(told(dceRpc, [fromServer(135, pdu(12, new Uint8Array(52)))]).host).toEqual([service(135, 'epmap')]);
  });
  it('for a router that passes it on', () => expect(told(dceRpc, [fromServer(135, bindAck, { ttl: 63 })]).host).toEqual([]));
});

it('what breaks the format is malformed', () => {
  expect(() => decode(b.bytes(4, new Uint8Array(30)))).toThrow('version or byte order');
  expect(() => decode(bind.with(8, 3).with(9, 0))).toThrow('fragment of 3 bytes');
  const broken = bindAck.with(16 + 52 + 44, 0xff).with(16 + 52 + 45, 0xff);
  expect(told(dceRpc, conversation(135, { server: broken })).malformed).toMatchObject([{ collector: 'dce-rpc', count: 1 }]);
});

it('cut anywhere it waits for the rest', () => {
  cutsWaitOrThrow(decode, bindAck);
  cutsWaitOrThrow(decode, b.bytes(bind, auth3));
});

describe.skipIf(!hasCaptures)('in other people’s captures', () => {
  it('the machines of a plant that find each other by DCOM are named', () => {
    const facts = captureFacts('captures/ICS-Security-Tools/mb2.pcap', dceRpc);
    expect(facts.of('e0:69:95:33:62:51')).toContainEqual(name('DESKPC10'));
    expect(facts.of('78:e7:d1:e0:02:5e')).toContainEqual(name('IAS01'));
  });
});
