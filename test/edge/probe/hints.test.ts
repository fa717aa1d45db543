import { describe, expect, it } from 'vitest';
import { FreshHints, toHint } from '../../../gateway/edge/probe/hints.ts';

const type = (...names: string[]) => names.map(name => ({ toString: () => name }));

describe('a hint', () => {
  it('is about the sender, the last of its addresses, and names each service once', () => {
    const update = { addresses: ['10.0.0.9', '10.0.0.1'], type: type('_rtsp._tcp', '_http._tcp', '_rtsp._tcp'), host: 'dock-camera.local' };
    expect(toHint(update)).toEqual({ ip: '10.0.0.1', name: 'dock-camera', services: ['_http._tcp', '_rtsp._tcp'] });
  });

  it.each([
    ['no address', { addresses: [], type: type('_http._tcp') }],
    ['an address that is none', { addresses: ['x'], type: type('_http._tcp') }],
    ['no service', { addresses: ['10.0.0.1'] }],
    ['a service that is none', { addresses: ['10.0.0.1'], type: type('http', '_a b._tcp', `_${'x'.repeat(99)}._tcp`) }],
  ])('is none with %s', (_, update) => expect(toHint(update)).toBeUndefined());

  it('leaves out a name that is none', () =>
    expect(toHint({ addresses: ['10.0.0.1'], type: type('_http._tcp'), host: '\u001b[2J' })).not.toHaveProperty('name'));
});

describe('fresh hints', () => {
  const hint = (n: number) => ({ ip: `10.0.${n >> 8}.${n & 255}`, services: ['_http._tcp'] });

  it('pass once until they are old', () => {
    const fresh = new FreshHints(1000);
    expect([0, 1, 999, 1000, 1001].map(now => fresh.isFresh(hint(1), now))).toEqual([true, false, false, true, false]);
  });

  it('stay few in a flood', () => {
    const fresh = new FreshHints(1000);
    for (let n = 0; n < 20_000; n++) fresh.isFresh(hint(n), 0);
    expect(fresh.size).toBeLessThanOrEqual(4096);
  });
});
