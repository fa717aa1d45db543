import { describe, expect, it } from 'vitest';
import { channelNames } from '../../../gateway/model/settings.ts';
import { nonceBytes } from '../../../gateway/attestation/scheme.ts';
import { channels } from '../../../gateway/edge/challenge/channels/index.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';

const use = { random: new Uint8Array(64).fill(7), mac: '02:00:00:00:00:01', ip: '10.20.1.1', remotePort: 8443 };
const text = (more: Partial<Parameters<typeof makeNonce>[0]>): string =>
  Buffer.from(makeNonce({ ...use, ...more }, 0).bytes).toString('hex');

describe('a nonce', () => {
  it('is long enough in its first half, and ends within a minute', () => {
    const { bytes, expires } = makeNonce(use, 1000);
    expect(bytes.length).toBe(2 * nonceBytes);
    expect(expires - 1000).toBeLessThanOrEqual(60_000);
  });

  it('is of one device, endpoint and connection: none of them shares it, even with the same randomness', () => {
    const exporter = new Uint8Array(32).fill(1);
    const all = [
      {},
      { mac: '02:00:00:00:00:02' },
      { ip: '10.20.1.2' },
      { remotePort: 443 },
      { exporter },
      { exporter: exporter.map(b => b + 1) },
      { ip: '10.20.1.18', remotePort: 443 },
      { ip: '10.20.1.1', remotePort: 8443 * 10 },
      { random: new Uint8Array(64).fill(8) },
    ].map(text);
    expect(new Set(all).size).toBe(all.length);
    expect(text({})).toBe(text({}));
  });

  it('is never made of less randomness than it has bytes', () => {
    expect(() => makeNonce({ ...use, random: new Uint8Array(31) }, 0)).toThrow(/31 bytes/);
  });
});

describe('the channels', () => {
  it('are those that settings may name, each once', () => {
    expect(channels.map(({ name }) => name)).toEqual([...channelNames]);
  });
});
