import { describe, expect, it } from 'vitest';
import type { EnrolledKey } from '../../gateway/model/trust.ts';
import { Enrolments, maxEnrolled } from '../../gateway/inventory/enrolments.ts';

const key = (device: string, instance = device, ek = `ek-${device}`): EnrolledKey => ({
  instance,
  ak: 'AA==',
  ek,
  ekCertificates: [],
  device,
  at: 1,
});
const enrolled = (...keys: readonly EnrolledKey[]): Enrolments => {
  const enrolments = new Enrolments();
  for (const one of keys) enrolments.apply({ kind: 'key-enrolled', device: one.device, key: one });
  return enrolments;
};
const names = (enrolments: Enrolments): readonly string[] => enrolments.all().map(({ device, instance }) => `${device}=${instance}`);

describe('keys that TPMs enrolled', () => {
  it('are one for each device, the newest', () => {
    expect(names(enrolled(key('d1', 'aa'), key('d1', 'bb', 'ek-new')))).toEqual(['d1=bb']);
  });

  it('go by a name that no other TPM may take, and that moves with its own', () => {
    expect(names(enrolled(key('d1', 'aa', 'ek-1'), key('d2', 'aa', 'ek-2')))).toEqual(['d1=aa']);
    expect(names(enrolled(key('d1', 'aa', 'ek-1'), key('d2', 'aa', 'ek-1')))).toEqual(['d2=aa']);
  });

  it('go with their device', () => {
    const enrolments = enrolled(key('d1'), key('d2'));
    enrolments.apply({ kind: 'device-forgotten', device: 'd1', why: 'not seen for long' });
    expect(names(enrolments)).toEqual(['d2=d2']);
  });

  it('are forgotten by the word of a person, who is named; what is not there cannot be', () => {
    const enrolments = enrolled(key('d1', 'aa'), key('d2'));
    const events = enrolments.forget('d1', 'local:ann', 'replaced');
    expect(events).toEqual([{ kind: 'key-forgotten', device: 'd1', instance: 'aa', by: 'local:ann', reason: 'replaced' }]);
    for (const event of events ?? []) enrolments.apply(event);
    expect(names(enrolments)).toEqual(['d2=d2']);
    expect(enrolments.forget('d1', 'local:ann', 'again')).toBeUndefined();
    // Its TPM may enrol again, and no other has lost its name to it.
    enrolments.apply({ kind: 'key-enrolled', device: 'd1', key: key('d1', 'aa') });
    expect(names(enrolments)).toEqual(['d2=d2', 'd1=aa']);
  });

  it('in a flood are kept up to a cap, and nobody is pushed out', () => {
    const enrolments = enrolled(...Array.from({ length: maxEnrolled + 100 }, (_, n) => key(`d${n}`)));
    expect(enrolments.all()).toHaveLength(maxEnrolled);
    expect(enrolments.mayEnrol('d5000', 'new', 'ek')).toBe(false);
    expect(enrolments.mayEnrol('d1', 'renamed', 'ek-d1')).toBe(true);
    expect(enrolments.all()[0]?.device).toBe('d0');
  });

  it('are the same after a restart', () => {
    const before = enrolled(key('d1'), key('d2')).all();
    expect(Enrolments.from(JSON.parse(JSON.stringify(before)) as EnrolledKey[]).all()).toEqual(before);
  });
});
