import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { ftpGreeting, rfbVersion, smtpGreeting } from '../vectors/frames/banner.ts';
import * as b from '../vectors/frames/build.ts';
import { auth3, bind, bindAck } from '../vectors/frames/dce-rpc.ts';
import { encodePcap } from '../vectors/frames/encode-capture.ts';
import { httpRequest, httpResponse } from '../vectors/frames/http.ts';
import { connect5 } from '../vectors/frames/mqtt.ts';
import { client1, client2, server1, server2 } from '../vectors/frames/smb.ts';
import { clientStart, serverStart } from '../vectors/frames/ssh.ts';
import { conversation } from '../vectors/frames/stream.ts';
import { clientSecondFlight, greaseHello, record, serverFlight } from '../vectors/frames/tls.ts';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
if (!hasTshark) process.stdout.write('skipped: tshark, the judge, is not on this machine\n');

/** Own streams in small segments, so that tshark judges the vectors, our reading of them, and how we put them in order. */
const size = 100;
const streams = [
  conversation(443, { client: b.bytes(record(22, greaseHello), clientSecondFlight), server: serverFlight }, size),
  conversation(22, { client: clientStart, server: serverStart }, size),
  conversation(80, { client: httpRequest, server: httpResponse }, size),
  conversation(1883, { client: connect5 }, size),
  conversation(445, { client: client2, server: server2 }, size),
  conversation(139, { client: client1, server: server1 }, size),
  conversation(135, { client: b.bytes(bind, auth3), server: bindAck }, size),
  conversation(21, { server: ftpGreeting }, size),
  conversation(25, { server: smtpGreeting }, size),
  conversation(5900, { server: rfbVersion }, size),
].flat();
const frames = streams.map((bytes, i) => b.frame(bytes, { number: i + 1, at: 1_700_000_000_000 + i }));

const fields = [
  'tls.handshake.ja3',
  'tls.handshake.extensions_server_name',
  'ssh.protocol',
  'ssh.kex.hassh',
  'ssh.kex.hasshserver',
  'http.user_agent',
  'http.host',
  'http.server',
  'mqtt.clientid',
  'mqtt.willtopic',
  'smb.native_os',
  'ntlmssp.challenge.target_info.nb_computer_name',
  'ntlmssp.auth.hostname',
  'ftp.response.arg',
  'smtp.rsp.parameter',
  'vnc.server_proto_ver',
];

const folder = mkdtempSync(join(tmpdir(), `sallyport-tcp-tshark-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasTshark)('tshark reads from our streams what we read', () => {
  const facts: Fact[] = [];
  let shown: readonly (readonly string[])[] = [];
  beforeAll(() => {
    const file = join(folder, 'streams.pcap');
    writeFileSync(file, encodePcap(frames));
    const args = ['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=|', '-E', 'separator=/t'];
    const lines = execFileSync('tshark', [...args, ...fields.flatMap(f => ['-e', f])], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\n');
    shown = lines.map(line => line.split('\t'));
    const dissector = new Dissector();
    for (const f of frames) dissector.frame(f);
    const { observations, malformed } = dissector.drain(true);
    expect(malformed).toEqual([]);
    facts.push(...observations.map(o => o.fact));
  });

  it.each(fields)('%s', field => {
    const place = fields.indexOf(field);
    const values = new Set(shown.flatMap(row => (row[place] ?? '').split('|')).filter(value => value !== '' && value !== 'NULL'));
    expect(values.size, 'tshark shows the field').toBeGreaterThan(0);
    const words = facts.map(fact => plain(JSON.stringify(fact)));
    for (const value of values)
      expect(
        words.some(word => word.includes(plain(value))),
        value,
      ).toBe(true);
  });
});

/** SSH: the version is said apart. Case does not matter in names, ports are left out, and RFB's version has a line end. */
const plain = (text: string): string =>
  text
    .replace(/^SSH-2\.0-/, '')
    .replace(/\\n$/, '')
    .replace(/:8080$/, '')
    .toLowerCase()
    .trim();
