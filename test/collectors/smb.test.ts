import { describe, expect, it } from 'vitest';
import { decode, smb } from '../../collectors/smb.ts';
import * as b from '../vectors/frames/build.ts';
import * as s from '../vectors/frames/smb.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const description = (text: string) => ({ kind: 'description', text, of: 'smb' });
const name = (of: string) => ({ kind: 'hostname', name: of });

describe('machines name themselves and their system', () => {
  it('in SMB 2 and 3', () =>
    expect(told(smb, conversation(445, { client: s.client2, server: s.server2 }, 50))).toEqual({
      client: [name('PANEL-02'), description('version 10.0.19041')],
      host: [
        { kind: 'service', protocol: 'tcp', port: 445, name: 'microsoft-ds' },
        name('Hist-01'),
        description('version 10.0.19041, SMB 3.1.1'),
      ],
      malformed: [],
    }));

  it('in SMB 1 over NetBIOS', () =>
    expect(told(smb, conversation(139, { client: s.client1, server: s.server1 }, 50))).toEqual({
      client: [name('PANEL-02'), description('Windows 2002 Service Pack 3 2600')],
      host: [
        { kind: 'service', protocol: 'tcp', port: 139, name: 'netbios-ssn' },
        name('HIST-01'),
        description('Windows Server 2003 3790 Service Pack 2, SMB 1.0'),
      ],
      malformed: [],
    }));

  it('in SMB 1 without a security blob, in UTF-16 or not, as panels of old ask', () => {
    for (const isUnicode of [true, false])
      for (const user of ['', 'operator'])
        expect(told(smb, conversation(445, { client: s.plainSetUp1('Windows 2000 2195', user, isUnicode) }, 50))).toEqual({
          client: [description('Windows 2000 2195')],
          host: [],
          malformed: [],
        });
  });

  it('but not who logs in', () =>
    expect(JSON.stringify(told(smb, conversation(445, { client: s.client2, server: s.server2 })))).not.toContain('operator'));

  it('and not the router that passes it on', () => expect(told(smb, [fromServer(445, s.server2, { ttl: 63 })]).host).toEqual([]));
});

describe('a server', () => {
  it('that takes Kerberos tells its dialect', () =>
    expect(told(smb, conversation(445, { server: b.bytes(s.negotiated(0x0302), s.setUp(true, b.bytes('krb'))) })).host).toMatchObject([
      { port: 445 },
      { text: 'SMB 3.0.2' },
    ]));

  it('that does not say its version has none', () =>
    expect(told(smb, conversation(445, { server: s.setUp(true, s.challenge('HIST-01', '', 1)) })).host).toEqual([
      { kind: 'service', protocol: 'tcp', port: 445, name: 'microsoft-ds' },
      name('HIST-01'),
    ]));

  it('whose dialect is unknown tells none', () =>
    expect(told(smb, conversation(445, { server: b.bytes(s.negotiated(0x0999), s.setUp(true, b.bytes('krb'))) })).host).toMatchObject([
      { port: 445 },
    ]));

  it('that encrypts from the start tells nothing', () =>
    expect(decode(s.message(b.bytes(0xfd, 'SMB', new Uint8Array(60))))).toMatchObject({ system: undefined, ntlm: undefined }));
});

describe('malformed is', () => {
  it('a session message of no known type', () => expect(() => decode(b.bytes(7, 0, 0, 0))).toThrow('session message 7'));
  it('a name beyond its message', () => {
    const broken = s.challenge('HIST-01', 'HIST-01').with(40, 0xff).with(41, 0xff);
    expect(told(smb, conversation(445, { server: s.setUp(true, broken) })).malformed).toMatchObject([{ collector: 'smb', count: 1 }]);
  });
});

it('cut anywhere it waits for the rest', () => {
  for (const start of [s.server2, s.client2, s.server1, s.client1]) cutsWaitOrThrow(decode, start);
});

/** tshark 4.0.17: smb.native_os, ntlmssp.challenge.target_info.nb_computer_name, ntlmssp.auth.hostname. */
describe.skipIf(!hasCaptures)('in other people’s captures', () => {
  it('the plant’s server and panel are named', () => {
    const facts = captureFacts('captures/ICS-Security-Tools/mb2.pcap', smb);
    expect(facts.of('78:e7:d1:e0:02:5e')).toEqual(
      expect.arrayContaining([name('IAS01'), description('Windows Server (R) 2008 Standard 6002 Service Pack 2, SMB 1.0')]),
    );
    expect(facts.of('00:13:95:07:81:a1')).toEqual([name('PANELPC02'), description('Windows 2002 Service Pack 3 2600')]);
  });
});
