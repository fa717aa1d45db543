import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyForbidden } from '../../../gateway/edge/challenge/revocation/guard.ts';
import { httpGet, type Resolve, type Wish } from '../../../gateway/edge/challenge/revocation/http-get.ts';
import { labIsMissing } from '../../lab/namespace.ts';
import { tcp } from './servers.ts';
import { WebHost } from './web-host.ts';

const nothing = { management: [], lan: [] };

describe('what a name may lead to', () => {
  const forbidden = { own: ['10.20.0.1', 'fd00::1'], management: ['10.9.9.9', '10.8.0.0/16'], lan: ['10.20.0.1/16'] };
  const why = (...addresses: readonly string[]) => whyForbidden('crl.acme.example', addresses, forbidden);

  it.each(['192.0.2.7', '10.1.2.3', '172.16.0.9', '2001:db8::7', 'fd00::7'])('%s is a server like others', address => {
    expect(why(address)).toBeUndefined();
  });
  it.each([
    ...['127.0.0.1', '127.8.9.1', '0.0.0.0', '0.1.2.3', '169.254.169.254', '224.0.0.251', '255.255.255.255', '240.0.0.1'],
    ...[
      '::',
      '::1',
      '::127.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:10.1.2.3',
      '::ffff:7f00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      'fe80::1',
      'ff02::1',
    ],
    ...['10.20.0.1', 'fd00::1', '10.9.9.9', '10.8.3.4', '10.20.7.7'],
  ])('%s is not', address => {
    expect(why(address)).toBeDefined();
    // One good address beside it does not make it better.
    expect(why('192.0.2.7', address)).toBeDefined();
  });
  it('without an address leads nowhere', () => {
    expect(why()).toBe('it has no address');
  });
  it('an address of the devices’ network that an operator lists is his word; our own and those of switches are never', () => {
    expect(whyForbidden('10.20.7.7', ['10.20.7.7'], forbidden)).toBeUndefined();
    expect(whyForbidden('10.20.0.1', ['10.20.0.1'], forbidden)).toContain('of this machine');
    expect(whyForbidden('10.9.9.9', ['10.9.9.9'], forbidden)).toContain('management');
    expect(whyForbidden('127.0.0.1', ['127.0.0.1'], forbidden)).toContain('loopback');
  });
});

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('fetching by HTTP', () => {
  let web: WebHost;
  beforeAll(async () => {
    web = new WebHost(0);
    await web.serve();
    web.put('list.crl', 'the list');
  });
  afterAll(() => web?.close());
  const wish = (path: string, change: Partial<Wish> = {}): Wish => ({
    url: `http://${web.ip}/${path}`,
    accept: 'application/pkix-crl',
    most: 100_000,
    timeout: 30_000,
    ...change,
  });
  const text = async (got: Promise<Uint8Array>): Promise<string> => new TextDecoder().decode(await got);

  it('gives the bytes of the answer, and says whom it asks', async () => {
    expect(await text(httpGet(wish('list.crl'), nothing))).toBe('the list');
    expect(web.requests).toContain(`GET ${web.ip} /list.crl`);
  });
  it.each([
    ['redirect/list.crl', 'a redirect, which is not followed'],
    ['gzip', 'coded as gzip'],
    ['long', 'more than 100000'],
    ['huge', 'more than 100000 bytes'],
    ['cut', /cut short|aborted|socket hang up/],
    ['absent', 'status 404'],
  ])('%s is refused', async (path, words) => {
    await expect(httpGet(wish(path), nothing)).rejects.toThrow(words);
  });
  it.each(['slow', 'silent'])('a server that is %s, and never ends, is given up', async path => {
    await expect(httpGet(wish(path, { timeout: 400 }), nothing)).rejects.toThrow('no answer in time');
  });
  it('a name is resolved once, and the connection goes to the address that was judged', async () => {
    let asked = 0;
    const rebinding: Resolve = () => Promise.resolve([++asked === 1 ? web.ip : '127.0.0.1']);
    const url = 'http://list.acme.example/list.crl';
    expect(await text(httpGet(wish('', { url }), nothing, rebinding))).toBe('the list');
    expect(asked).toBe(1);
    expect(web.requests).toContain('GET list.acme.example /list.crl');
    await expect(httpGet(wish('', { url }), nothing, rebinding)).rejects.toThrow('loopback');
  });
  it('loopback and our own addresses get no connection, whatever listens there', async () => {
    let connections = 0;
    const inner = await tcp(() => (connections += 1));
    const own = Object.values(networkInterfaces())
      .flatMap(all => all ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0', '2130706433', ...(own === undefined ? [] : [own])])
      await expect(httpGet(wish('', { url: `http://${host}:${inner.port}/x` }), nothing), host).rejects.toThrow('Cannot fetch from');
    expect(connections).toBe(0);
    await inner.close();
  });
  it('a name that leads nowhere in time is given up', async () => {
    const never: Resolve = () => new Promise(() => {});
    await expect(httpGet(wish('', { url: 'http://x.example/', timeout: 200 }), nothing, never)).rejects.toThrow('no answer in time');
  });
});
