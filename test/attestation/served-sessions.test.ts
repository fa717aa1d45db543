import { describe, expect, it } from 'vitest';
import {
  maxPerDevice,
  maxPerPort,
  maxRepeated,
  maxSessions,
  ServedSessions,
  sessionMs,
} from '../../gateway/attestation/served-sessions.ts';
import type { Asker } from '../../gateway/model/machine.ts';

const now = 1_700_000_000_000;
const nonce = new Uint8Array(32).fill(7);
const asker = (n: number, port = 'v1'): Asker => ({
  device: `d${n}`,
  mac: `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`,
  port,
  ip: `10.20.1.${n}`,
});
const opened = () => {
  const sessions = new ServedSessions();
  sessions.open(asker(1), 's', nonce, now);
  return sessions;
};

describe('a served session', () => {
  it('is there for its asker alone: not for another device, MAC, port or address', () => {
    const sessions = opened();
    expect(sessions.get('s', asker(1), now)).toMatchObject({ status: 'waiting', nonce, expires: now + sessionMs });
    for (const other of [{ device: 'd2' }, { mac: '02:00:00:00:00:99' }, { port: 'v2' }, { ip: '10.20.1.9' }])
      expect(sessions.get('s', { ...asker(1), ...other }, now)).toBeUndefined();
    expect(sessions.get('t', asker(1), now)).toBeUndefined();
  });

  it('is spent once, and not after a minute', () => {
    const sessions = opened();
    expect([sessions.spend('s', now + sessionMs - 1), sessions.spend('s', now + sessionMs - 1)]).toEqual([true, false]);
    expect(opened().spend('s', now + sessionMs)).toBe(false);
    sessions.finish('s', undefined, 'ear', now);
    expect(sessions.spend('s', now)).toBe(false);
  });

  it('cannot be answered before it is spent, tells its result for a minute, and is gone then', () => {
    const sessions = opened();
    sessions.finish('s', undefined, 'ear', now);
    expect(sessions.get('s', asker(1), now)?.status).toBe('waiting');
    sessions.spend('s', now);
    sessions.finish('s', { type: 't', value: nonce }, 'ear', now + 50_000);
    expect(sessions.get('s', asker(1), now + 109_999)).toMatchObject({ status: 'complete', result: 'ear', evidence: { type: 't' } });
    expect(sessions.get('s', asker(1), now + 110_000)).toBeUndefined();
    expect(sessions.size).toBe(0);
  });

  it('without a result has failed, and long Evidence is not kept', () => {
    const sessions = opened();
    sessions.spend('s', now);
    sessions.finish('s', { type: 't', value: new Uint8Array(maxRepeated + 1) }, undefined, now);
    expect(sessions.get('s', asker(1), now)?.status).toBe('failed');
    expect(sessions.get('s', asker(1), now)?.evidence).toBeUndefined();
  });
});

describe('a flood of sessions', () => {
  it(`of one device leaves its newest ${maxPerDevice}, and none that is being judged is taken away`, () => {
    const sessions = new ServedSessions();
    for (let n = 0; n < 1000; n += 1) sessions.open(asker(1), `s${n}`, nonce, now);
    expect(sessions.size).toBe(maxPerDevice);
    expect(sessions.get('s999', asker(1), now)).toBeDefined();
    for (const id of ['s998', 's999']) sessions.spend(id, now);
    expect(sessions.open(asker(1), 'more', nonce, now)).toBeUndefined();
    expect(sessions.get('s998', asker(1), now)?.status).toBe('processing');
  });

  it(`of many devices behind one port ends at ${maxPerPort}, and another port still gets its own`, () => {
    const sessions = new ServedSessions();
    for (let n = 0; n < 5000; n += 1) sessions.open(asker(n), `s${n}`, nonce, now);
    expect(sessions.size).toBe(maxPerPort);
    expect(sessions.open(asker(6000, 'v2'), 'other', nonce, now)).toBeDefined();
  });

  it(`of many ports ends at ${maxSessions}, until the first have ended`, () => {
    const sessions = new ServedSessions();
    for (let n = 0; n < 5000; n += 1) sessions.open(asker(n, `v${n}`), `s${n}`, nonce, now + n);
    expect(sessions.size).toBe(maxSessions);
    expect(sessions.open(asker(6000, 'w'), 'other', nonce, now + sessionMs)).toBeDefined();
  });
});
