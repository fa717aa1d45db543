import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lan, labIsMissing, makeLan, run, sweep } from './namespace.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('the lab of namespaces', () => {
  let lan: Lan;
  beforeAll(async () => {
    lan = await makeLan({
      prefix: 'slpns',
      devices: [
        { name: 'd1', port: 'v1', mac: '02:00:5e:00:00:01', ip: '10.20.1.1/16' },
        { name: 'd2', port: 'v2', mac: '02:00:5e:00:00:02' },
      ],
    });
  });
  afterAll(() => lan?.close());

  it('a device reaches the server through the bridge', async () => {
    const ping = await lan.exec('d1', ['ping', '-c1', '-W30', '10.20.0.2']);
    expect(ping.stdout).toContain('1 received');
  });

  it('hears exactly the frames that were sent, tags included, without waiting by the clock', async () => {
    const frame = new Uint8Array(64).fill(0xff, 0, 6);
    frame.set([2, 0, 0x5e, 0, 0, 2, 0x81, 0x00, 0x20, 0x14, 0x88, 0xb6], 6);
    const ear = await lan.receive('server');
    await lan.sendFrames('d2', [frame, frame, frame]);
    const seen = await lan.heard('server', ear);
    expect(seen.map(f => Buffer.from(f).toString('hex'))).toEqual(Array(3).fill(Buffer.from(frame).toString('hex')));
    await ear.close();
  });

  it('sweeps what a dead process left, and nothing of a living one', async () => {
    const dead = 'slpns-4194999-d1';
    await run(undefined, ['ip', 'netns', 'add', dead]);
    expect(await sweep('slpns')).toEqual([dead]);
    expect((await lan.exec('d1', ['true'])).code).toBe(0);
  });
});
