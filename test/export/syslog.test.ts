import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isForSyslog, syslogLoss, syslogMessage } from '../../gateway/export/syslog.ts';
import type { Event, EventBody } from '../../gateway/model/event.ts';
import { bidiText, markupName } from '../api/fixture-words.ts';

const frame = { host: 'box-7.plant', version: '0.1.0', enterprise: 32_473, most: 8_192 };
const event = (body: EventBody): Event => ({ seq: 12, at: Date.UTC(2026, 2, 1, 6, 14, 0, 7), prev: '00', hash: 'ab'.repeat(32), body });
const paused = (reason: string, by = 'keller'): Event => event({ kind: 'paused', by, reason, until: 5 });

const unproved = { announced: true, cloned: false, attestation: 'none', assurance: 0, expected: false } as const;

/** A message read as RFC 5424 §6 writes its grammar; undefined when it does not fit. */
function read(bytes: Buffer) {
  const text = bytes.toString('utf8');
  const [, pri, time, host, app, proc, id, rest = ''] =
    /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (.*)$/su.exec(text) ?? [];
  const elements = new Map<string, ReadonlyMap<string, string>>();
  let left = rest;
  for (;;) {
    const found = /^\[([!#-<>-\\^-~]{1,32})((?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\]/u.exec(left);
    if (found === null) break;
    const params = [...(found[2] ?? '').matchAll(/ ([^=]+)="((?:[^"\\\]]|\\["\\\]])*)"/gu)];
    elements.set(found[1] ?? '', new Map(params.map(([, name = '', value = '']) => [name, value.replace(/\\(["\\\]])/g, '$1')])));
    left = left.slice(found[0].length);
  }
  if (pri === undefined || !left.startsWith(' ')) return undefined;
  return { pri: Number(pri), time, host, app, proc, id, elements, text: left.slice(1) };
}

describe('an event as syslog', () => {
  it('is the header, what happened as structured data with the journal’s number and hash, and a sentence', () => {
    expect(syslogMessage(paused('line change'), 'keller paused enforcement', frame).toString()).toBe(
      `<109>1 2026-03-01T06:14:00.007Z box-7.plant sallyport - paused [sallyport@32473 journalSeq="12" journalHash="${'ab'.repeat(32)}" kind="paused" by="keller" reason="line change" until="5"][origin software="sallyport" swVersion="0.1.0"] keller paused enforcement`,
    );
  });

  it('marks UTF-8 in the sentence, and only there', () => {
    expect(read(syslogMessage(paused('x'), 'Tür 7', frame))?.text).toBe('\ufeffTür 7');
    expect(
      read(syslogMessage(paused('Tür'), 'door', frame))
        ?.elements.get('sallyport@32473')
        ?.get('reason'),
    ).toBe('Tür');
  });

  it('names its severity: a full disk is critical, a failed enforcement an error, an alarm a warning, a person’s word a notice', () => {
    const severity = (body: EventBody): number => (read(syslogMessage(event(body), '', frame))?.pri ?? 0) - 13 * 8;
    expect(severity({ kind: 'storage', state: 'full', detail: '' })).toBe(2);
    expect(severity({ kind: 'enforcement-state', state: 'failed', ruleSet: 'aa', detail: '' })).toBe(3);
    expect(severity({ kind: 'port-state', port: 'v1', state: 'down', detail: '' })).toBe(4);
    expect(severity({ kind: 'resumed', by: 'keller', reason: 'done' })).toBe(5);
    expect(severity({ kind: 'signed-in', user: 'keller', from: '10.0.0.9' })).toBe(5);
    expect(severity({ kind: 'started', version: '1', source: 'live' })).toBe(6);
  });

  it('is of what people look for and of how devices stand, not of each fact and challenge', () => {
    expect(isForSyslog({ kind: 'resumed', by: 'keller', reason: 'done' })).toBe(true);
    expect(isForSyslog({ kind: 'device-forgotten', device: 'd1', why: 'silent' })).toBe(true);
    expect(isForSyslog({ kind: 'challenged', device: 'd1', challenge: 'c', target: 't' })).toBe(false);
    expect(isForSyslog({ kind: 'attested-again', device: 'd1', challenge: 'c', expires: 1 })).toBe(false);
  });

  it('hostile text ends no value, field or line, in whatever part it stands', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc
        .array(fc.constantFrom('"', '\\', ']', '=', '[', ' ', '\n', '\r', '\0', '<', '\u202e', '\ud800', 'ü', '𐍈'), { maxLength: 40 })
        .map(parts => parts.join('')),
      fc.constantFrom(bidiText, markupName, '] ] [x y="1"]', String.raw`\"]`),
    );
    fc.assert(
      fc.property(hostile, hostile, fc.integer({ min: 480, max: 2_048 }), (reason, text, most) => {
        const bytes = syslogMessage(paused(reason, text), text, { ...frame, host: text, version: reason.slice(0, 40), most });
        expect(bytes.length).toBeLessThanOrEqual(most);
        const said = read(bytes);
        expect(said?.id).toBe('paused');
        expect([...(said?.elements.keys() ?? [])]).toEqual(['sallyport@32473', 'origin']);
        expect(said?.elements.get('sallyport@32473')?.get('journalSeq')).toBe('12');
        expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).not.toMatch(/[\n\r\0\u202e]/);
      }),
    );
  });

  it('that is too long for the way loses the end of its sentence, then of its parameters, never half a character', () => {
    const long = syslogMessage(paused('x'.repeat(400)), 'ü'.repeat(4_000), { ...frame, most: 700 });
    expect([long.length <= 700, long.length >= 699, read(long)?.text.endsWith('ü')]).toEqual([true, true, true]);
    const services = Array.from({ length: 500 }, (_, n) => `tcp/${n}`);
    const facts = { ...{ zone: 'dock', mac: '02:00:00:00:00:01', port: 'dock1', vlan: 0, services, now: 5 }, ...unproved };
    const rule = { name: 'strangers', at: 'dock.yaml:1' };
    const held = { access: 'hold', admission: 'pending', reason: 'CANNOT_ATTEST' } as const;
    const many = event({ kind: 'decided', device: 'd1', decision: { ...held, rule, facts, policy: 'ab' } });
    const params = read(syslogMessage(many, 'held', { ...frame, most: 480 }))?.elements.get('sallyport@32473');
    expect([params?.get('decision.access'), params?.has('decision.facts.services')]).toEqual(['hold', false]);
  });

  it('of lost events says how many', () => {
    expect(read(syslogLoss(7, 0, frame))).toMatchObject({
      pri: 107,
      id: 'syslog-lost',
      text: '7 events were not sent: the receiver was away too long',
    });
  });
});
