import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EnrolledKey } from '../../gateway/model/trust.ts';
import type { Enrolment } from '../../gateway/edge/challenge/enrol.ts';
import type { ToChallenger } from '../../gateway/edge/messages.ts';
import { maxOpen, Registrar } from '../../gateway/edge/registrar.ts';

/** A registrar whose challenger makes a credential for everybody, with an answer that the test knows. */
const answer = 'ab'.repeat(48);
const tag = createHash('sha256').update(answer).digest('hex');
const wish = { agent: 'dock-1', ak: Uint8Array.of(1), ek: Uint8Array.of(2), certificates: [Uint8Array.of(3)] };
class Desk {
  now = 1_700_000_000_000;
  says: Enrolment | undefined = { kind: 'challenged', blob: 'AA==', tag, ek: 'ee' };
  there = true;
  armed = true;
  readonly sent: ToChallenger[] = [];
  readonly keys: EnrolledKey[] = [];
  readonly registrar: Registrar = new Registrar({
    at: ip =>
      this.armed
        ? { kind: 'armed', asker: { device: `d-${ip}`, mac: 'm', port: 'v1', ip }, zone: 'dock', ttlSeconds: 60 }
        : { kind: 'unarmed' },
    send: message => {
      this.sent.push(message);
      if (message.type === 'enrol') queueMicrotask(() => this.registrar.answered(message.id, this.says));
      return this.there;
    },
    mayEnrol: (device, instance, ek) => !this.keys.some(one => one.instance === instance && one.ek !== ek && one.device !== device),
    enrolled: () => this.keys,
    enrol: key => void this.keys.push(key),
    now: () => this.now,
  });
}

describe('a registrar of keys of TPMs', () => {
  it('enrols a key once, however often its agent starts', async () => {
    const desk = new Desk();
    for (let n = 0; n < 3; n++) {
      expect(await desk.registrar.register('10.0.0.1', wish)).toEqual({ kind: 'challenged', blob: 'AA==' });
      expect(desk.registrar.activate('10.0.0.1', 'dock-1', answer.toUpperCase())).toBe(true);
    }
    expect(desk.keys).toHaveLength(1);
    expect(desk.keys).toMatchObject([{ ak: 'AQ==', ek: 'ee', ekCertificates: ['Aw=='], device: 'd-10.0.0.1', at: desk.now }]);
  });

  it('takes the answer of the device that it asked, in time, and of nobody else', async () => {
    const desk = new Desk();
    await desk.registrar.register('10.0.0.1', wish);
    expect(desk.registrar.activate('10.0.0.2', 'dock-1', answer)).toBe(false);
    desk.now += 60_001;
    expect(desk.registrar.activate('10.0.0.1', 'dock-1', answer)).toBe(false);
    await desk.registrar.register('10.0.0.1', wish);
    desk.armed = false;
    expect(desk.registrar.activate('10.0.0.1', 'dock-1', answer)).toBe(false);
    expect(await desk.registrar.register('10.0.0.1', wish)).toMatchObject({ kind: 'refused' });
    expect(desk.keys).toEqual([]);
  });

  it('keeps no more open than its cap, whoever asks, and lets go of what has ended', async () => {
    const desk = new Desk();
    const kinds = new Set<string>();
    for (let n = 0; n < 3 * maxOpen; n++) kinds.add((await desk.registrar.register(`10.0.1.${n}`, wish)).kind);
    expect([desk.registrar.size, [...kinds]]).toEqual([maxOpen, ['challenged', 'failed']]);
    desk.now += 60_001;
    expect(await desk.registrar.register('10.0.2.1', wish)).toMatchObject({ kind: 'challenged' });
    expect(desk.registrar.size).toBe(1);
  });

  it('asks the challenger for no more at once than its cap', async () => {
    const desk = new Desk();
    const all = await Promise.all(Array.from({ length: 2 * maxOpen }, (_, n) => desk.registrar.register(`10.0.1.${n}`, wish)));
    expect(desk.sent).toHaveLength(maxOpen);
    expect(all.filter(({ kind }) => kind === 'failed')).toHaveLength(maxOpen);
  });

  it('blames nobody where the challenger is not there, was restarted, or could not judge', async () => {
    const desk = new Desk();
    desk.says = undefined;
    expect(await desk.registrar.register('10.0.0.1', wish)).toEqual({ kind: 'failed' });
    desk.there = false;
    expect(await desk.registrar.register('10.0.0.1', wish)).toEqual({ kind: 'failed' });
    desk.there = true;
    const waiting = desk.registrar.register('10.0.0.1', wish);
    desk.registrar.lost();
    expect(await waiting).toEqual({ kind: 'failed' });
  });

  it('says why a key is refused, without what could mislead a terminal', async () => {
    const desk = new Desk();
    desk.says = { kind: 'refused', code: 'CHAIN_UNTRUSTED', detail: 'Cannot trust \u001b[2J' };
    const told = await desk.registrar.register('10.0.0.1', wish);
    expect(told).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(told)).toContain('[CHAIN_UNTRUSTED]');
    expect(JSON.stringify(told)).not.toContain('u001b');
  });
});
