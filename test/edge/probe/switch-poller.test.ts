import { describe, expect, it } from 'vitest';
import type { ToSwitchReader } from '../../../gateway/edge/messages.ts';
import { SwitchPoller } from '../../../gateway/edge/probe/switch-poller.ts';

const listed = Array.from(
  { length: 6 },
  (_, n) => ({ ip: `10.0.0.${n + 1}`, intervalSeconds: 60, version: '2c', community: 'c' }) as const,
);
const silent = { kind: 'silent', detail: 'no answer' } as const;

function poller(switches = listed) {
  const sent: ToSwitchReader[] = [];
  const done: string[] = [];
  return { it: new SwitchPoller(switches, { send: message => sent.push(message), done: ip => done.push(ip) }), sent, done };
}
const hello = { type: 'hello', role: 'switch-reader', epoch: 'e', pid: 1 } as const;

describe('when switches are read', () => {
  it('each at its interval, with what lets us in', () => {
    const { it: one, sent, done } = poller(listed.slice(0, 1));
    one.tick(0);
    expect(sent).toEqual([{ type: 'read', switchIp: '10.0.0.1', access: { version: '2c', community: 'c' } }]);
    one.heard({ type: 'switch', switchIp: '10.0.0.1', reading: silent });
    for (const now of [1_000, 59_999, 60_000, 61_000]) one.tick(now);
    expect(sent).toHaveLength(2);
    expect(done).toEqual(['10.0.0.1']);
  });

  it('four at a time', () => {
    const { it: one, sent } = poller();
    one.tick(0);
    expect(sent).toHaveLength(4);
    one.heard({ type: 'switch', switchIp: '10.0.0.2', reading: silent });
    one.tick(1_000);
    expect(sent.map(({ switchIp }) => switchIp)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']);
  });

  it('again when the process came anew, or never answered', () => {
    const { it: one, sent } = poller(listed.slice(0, 1));
    one.tick(0);
    one.heard(hello);
    one.tick(1_000);
    expect(sent).toHaveLength(2);
    one.tick(120_000);
    expect(sent).toHaveLength(2);
    one.tick(121_001);
    expect(sent).toHaveLength(3);
  });

  it('and it is known which of them could not be', () => {
    const { it: one } = poller(listed.slice(0, 1));
    one.tick(0);
    one.heard({ type: 'switch', switchIp: '10.0.0.1', reading: silent });
    expect(one.faults).toBe('10.0.0.1 silent: no answer');
    one.tick(60_000);
    const tables = { name: '', description: '', chassis: '', own: [], ports: [], entries: [], neighbours: [], truncated: [], skipped: 0 };
    one.heard({ type: 'switch', switchIp: '10.0.0.1', reading: { kind: 'read', tables } });
    expect(one.faults).toBe('');
  });

  it('and nothing is believed that nobody asked for', () => {
    const { it: one, done } = poller(listed.slice(0, 1));
    one.heard({ type: 'switch', switchIp: '10.0.0.1', reading: silent });
    one.tick(0);
    one.heard({ type: 'switch', switchIp: '10.9.9.9', reading: silent });
    expect(done).toEqual([]);
  });
});
