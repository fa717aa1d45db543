import { Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Relay } from '../../gateway/edge/relay.ts';
import { until } from '../lab/namespace.ts';

/** An end to attach, and the process behind it with what it has read. */
function end(): { here: Duplex; there: Duplex; read: () => string } {
  const [here, there] = duplexPair();
  let text = '';
  there.on('data', (bytes: Buffer) => (text += bytes.toString()));
  there.on('error', () => undefined);
  return { here, there, read: () => text };
}

describe('the relay', () => {
  it('copies both ways', async () => {
    const [relay, role, gateway] = [new Relay(), end(), end()];
    relay.attach('role', role.here);
    relay.attach('gateway', gateway.here);
    role.there.write('up\n');
    gateway.there.write('down\n');
    await until(() => gateway.read().endsWith('up\n') && role.read().endsWith('down\n'), 'both are read');
  });

  it('ends half a line with a newline when a process goes', async () => {
    const [relay, role, next, gateway] = [new Relay(), end(), end(), end()];
    relay.attach('gateway', gateway.here);
    relay.attach('role', role.here);
    role.there.write('{"half');
    await until(() => gateway.read().endsWith('{"half'), 'half a line is read');
    relay.detach('role', role.here);
    relay.attach('role', next.here);
    next.there.write('{}\n');
    await until(() => gateway.read().endsWith('{}\n'), 'the next one is read');
    expect(gateway.read().split('\n')).toContain('{"half');
    expect(gateway.read().split('\n')).toContain('{}');
  });

  it('is not cut for the next process when the one before it goes late', async () => {
    const [relay, role, next, gateway] = [new Relay(), end(), end(), end()];
    relay.attach('gateway', gateway.here);
    relay.attach('role', role.here);
    relay.attach('role', next.here);
    relay.detach('role', role.here);
    next.there.write('{}\n');
    await until(() => gateway.read().endsWith('{}\n'), 'the next one is read');
    relay.detach('role', next.here);
    expect(relay.flows).toBe(false);
  });

  it('reads nobody while the other side is away, so that nothing grows', async () => {
    const [relay, role] = [new Relay(), end()];
    relay.attach('role', role.here);
    while (role.there.write(Buffer.alloc(65_536))); // a writer that is told to stop, stops
    await new Promise(resolve => setImmediate(resolve));
    expect(role.there.writableNeedDrain).toBe(true);
    expect(relay.flows).toBe(false);
    const gateway = end();
    relay.attach('gateway', gateway.here);
    await until(() => !role.there.writableNeedDrain, 'it may write again');
    expect(relay.flows).toBe(true);
  });

  it('keeps nothing that a slow reader has not taken', async () => {
    const relay = new Relay();
    const role = end();
    const [here] = duplexPair(); // nobody reads its other end
    relay.attach('gateway', here);
    relay.attach('role', role.here);
    let written = 0;
    for (let i = 0; i < 100; i++) {
      if (!role.there.writableNeedDrain) role.there.write(Buffer.alloc(65_536), () => (written += 65_536));
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(written).toBeLessThan(1_000_000);
    expect(relay.flows).toBe(false);
  });
});
