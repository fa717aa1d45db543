import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAttestationListener } from '../../gateway/api/attestation-listener.ts';
import type { AttestationListener } from '../../gateway/api/attestation-listener.ts';
import type { Attesting } from '../../gateway/api/attesting.ts';
import type { DeviceView } from '../../gateway/model/device.ts';
import { fixtureSite } from './fixture-site.ts';
import { fixtureViews } from './fixture-views.ts';
import { hostileName } from './fixture-words.ts';
import type { FixtureSite } from './fixture-site.ts';
import { loopback6IsMissing } from '../loopback6.ts';
import { undisturbed } from '../undisturbed.ts';

/** The fixture's devices with the loopback addresses from which the test asks. */
const views = fixtureViews().map((view, n): DeviceView => ({ ...view, device: { ...view.device, ips: [`127.0.0.${n + 11}`] } }));

const nobodyAttests: Attesting = {
  at: () => ({ kind: 'unknown' }),
  portAt: () => undefined,
  judge: () => Promise.resolve({ kind: 'failed' }),
  verificationKey: () => Promise.resolve(undefined),
  version: '0',
};
let site: FixtureSite;
let listener: AttestationListener;
let clock = 0;
beforeEach(async () => {
  clock = 1_000_000;
  site = fixtureSite(views);
  listener = await createAttestationListener(site, nobodyAttests, { log: () => undefined, now: () => clock });
});
afterEach(() => listener.close());

const opened = (from: string): Socket => connect({ host: '127.0.0.1', port: listener.port, localAddress: from });
/** Sends bytes from an address and gives everything that came back until the end. */
async function say(from: string, bytes: string): Promise<string> {
  const socket = opened(from);
  let text = '';
  socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
  socket.on('error', () => undefined); // a reset after the answer is an end too
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}
const get = (from: string, path = '/') => say(from, `GET ${path} HTTP/1.1\r\nHost: gateway\r\n\r\n`);
const challenge = (from: string) => say(from, 'POST /challenge HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n\r\n');

describe('the listener that held devices reach', () => {
  it('tells a device its own state, reason and next step', async () => {
    const text = await get('127.0.0.12');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain(
      'address: 127.0.0.12\nstate: denied, quarantined; attestation contraindicated, A3\nreason: DIGEST_UNKNOWN: its measured firmware',
    );
    expect(text).toMatch(/Connection: close/i);
    expect(text).not.toMatch(/set-cookie/i);
  });

  it('tells nobody about anybody else', async () => {
    const texts = await Promise.all(views.map(view => get(view.device.ips[0] ?? '')));
    const words = (text: string | undefined) => new Set(text?.split(/[\s,;]+/));
    for (const [n, view] of views.entries()) {
      const others = views.filter(other => other !== view).map(other => other.device);
      const secrets = others.flatMap(other => [other.id, other.mac, other.port, ...other.ips, other.fields.hostname?.value ?? '-']);
      expect(secrets.filter(secret => words(texts[n]).has(secret))).toEqual([]);
      expect(texts[n]).not.toContain(hostileName);
    }
    expect(await get('127.0.0.99')).toMatch(/^HTTP\/1\.1 404.*Nothing is known of 127\.0\.0\.99 yet/s);
  });

  it('lets a device ask for a challenge once in ten seconds', async () => {
    expect(await challenge('127.0.0.12')).toMatch(/^HTTP\/1\.1 202/);
    expect(site.commands.at(-1)).toEqual({
      by: 'device:d2',
      reason: 'the device asked to be challenged',
      command: { kind: 'challenge', device: 'd2' },
    });
    expect(await challenge('127.0.0.12')).toMatch(/^HTTP\/1\.1 429.*Retry-After: 10/s);
    expect(await challenge('127.0.0.13')).toMatch(/^HTTP\/1\.1 202/);
    clock += 10_001;
    expect(await challenge('127.0.0.12')).toMatch(/^HTTP\/1\.1 202/);
    expect(site.commands).toHaveLength(3);
  });

  it('has nothing else, and gives no device a challenge that it does not know', async () => {
    for (const path of ['/challenge', '/api/v1/devices', '/../', '//', '/?', '/devices/d1'])
      expect(await get('127.0.0.12', path)).toMatch(/^HTTP\/1\.1 404/);
    expect(await challenge('127.0.0.99')).toMatch(/^HTTP\/1\.1 404/);
    expect(site.commands).toHaveLength(0);
  });

  it.each([
    ['no HTTP at all', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n'],
    ['a header of 3 kB', `GET / HTTP/1.1\r\nHost: gateway\r\nX: ${'x'.repeat(3_000)}\r\n\r\n`],
    ['two lengths', 'POST /challenge HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
    ['length and chunks', 'POST /challenge HTTP/1.1\r\nHost: g\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ])('answers %s with 4xx and closes', async (_, bytes) => {
    expect(await say('127.0.0.12', bytes)).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(site.commands).toHaveLength(0);
  });

  it('cuts who sends half a request and waits', undisturbed, async () => {
    const started = performance.now();
    await say('127.0.0.12', 'GET / HTTP/1.1\r\nHost: gate');
    expect(performance.now() - started).toBeLessThan(9_000);
  });

  it('holds 16 connections of one place and still answers others at once, and itself when they are gone', undisturbed, async () => {
    let closed = 0;
    const sockets = Array.from({ length: 100 }, () => opened('127.0.0.12'));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => (closed += 1));
    }
    await expect.poll(() => closed, { timeout: 2_500 }).toBe(84); // before the limit on headers ends the others
    expect(await get('127.0.0.13')).toMatch(/^HTTP\/1\.1 200/);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => get('127.0.0.12'), { timeout: 30_000 }).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe.skipIf(loopback6IsMissing)('the listener at further addresses', () => {
  const on6 = (views6: readonly DeviceView[], options: { readonly also: readonly string[]; readonly log?: (line: string) => void }) => {
    const attesting = { ...nobodyAttests, portAt: () => 'p1' };
    return createAttestationListener(fixtureSite(views6), attesting, { log: () => undefined, now: () => clock, ...options });
  };
  const own6 = views.slice(0, 1).map((view): DeviceView => ({ ...view, device: { ...view.device, ips: ['::1'] } }));
  const speak = async (port: number, host: string): Promise<string> => {
    const socket = connect({ host, port });
    let text = '';
    socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
    socket.write('GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n');
    await once(socket, 'close');
    return text;
  };

  it('tells a device without IPv4 its own state, and goes on where one of them cannot be had', async () => {
    const log: string[] = [];
    const both = await on6(own6, { also: ['::1', '2001:db8::1'], log: line => log.push(line) });
    expect(await speak(both.port, '::1')).toContain('address: ::1\nstate: ');
    expect(await speak(both.port, '127.0.0.1')).toMatch(/^HTTP\/1\.1 404/);
    expect(log.join()).toMatch(/Cannot listen at 2001:db8::1 port \d+ yet/);
    await both.close();
    await expect(speak(both.port, '::1')).rejects.toThrow('ECONNREFUSED');
  });

  it('gives a port one share of connections, by whichever address they come', undisturbed, async () => {
    const both = await on6(own6, { also: ['::1'] });
    const sockets = Array.from({ length: 24 }, (_, n) => connect({ host: n % 2 === 0 ? '::1' : '127.0.0.1', port: both.port }));
    let ended = 0;
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (ended += 1));
    await vi.waitUntil(() => ended >= 8, { timeout: 5_000 });
    expect(ended).toBe(8);
    for (const socket of sockets) socket.destroy();
    await both.close();
  });
});
