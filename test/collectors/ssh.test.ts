import { expect, it } from 'vitest';
import { decode, ssh } from '../../collectors/ssh.ts';
import * as b from '../vectors/frames/build.ts';
import { clientStart, serverStart } from '../vectors/frames/ssh.ts';
import { conversation, fromServer, opening } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

it('both sides name their software, on any port', () => {
  for (const port of [22, 2222])
    expect(told(ssh, conversation(port, { client: clientStart, server: serverStart }))).toEqual({
      client: [{ kind: 'description', text: 'PuTTY_Release_0.78', of: 'ssh-client' }],
      host: [
        { kind: 'description', text: 'OpenSSH_9.2p1 Debian-2+deb12u3', of: 'ssh-server' },
        { kind: 'service', protocol: 'tcp', port, name: 'ssh' },
      ],
      malformed: [],
    });
});

it('an identification alone is enough, as a scanner gets it', () => {
  for (const [line, text] of [
    ['SSH-1.99-Cisco-1.25\n', 'Cisco-1.25'],
    ['SSH-2.0-dropbear_2019.78\r\n', 'dropbear_2019.78'],
  ] as const)
    expect(told(ssh, [...opening(22), fromServer(22, b.bytes(line))]).host[0]).toEqual({ kind: 'description', text, of: 'ssh-server' });
});

it('an identification that a router passed on is not the router’s', () =>
  expect(told(ssh, [fromServer(22, serverStart, { ttl: 63 })]).host).toEqual([]));

it('an identification without end or version is malformed', () => {
  expect(told(ssh, conversation(22, { server: b.bytes(`SSH-2.0-${'x'.repeat(400)}`) })).malformed).toMatchObject([{ count: 1 }]);
  expect(() => decode(b.bytes('SSH-two\r\n'))).toThrow('no identification');
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, b.bytes('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n')));
