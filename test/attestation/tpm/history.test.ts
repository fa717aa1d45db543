import 'reflect-metadata';
import { beforeAll, describe, expect, it } from 'vitest';
import type { QuoteState } from '../../../gateway/model/attestation.ts';
import { receive } from '../../../gateway/edge/inbox.ts';
import { wantedFrom } from '../../../gateway/attestation/tpm/file-list.ts';
import { stepOf } from '../../../gateway/attestation/tpm/counters.ts';
import { makeVendor } from '../../vectors/pki.ts';
import { type File, imaAscii, imaBinary, type Message, pcr10, pcrsAfter, type QuoteSpec, softKey } from '../../vectors/soft-tpm.ts';
import { answers, boot, certify, type Files, fileList, good, nonce, now, quoteVerifier } from './world.ts';

/** One device over time: each quote is judged with the state that the one before left. */
const key = softKey();
let chain: readonly Uint8Array[];
let judge: ReturnType<typeof quoteVerifier>;
beforeAll(async () => {
  const acme = await makeVendor({ name: 'Acme Edge' });
  chain = [await certify(acme, key)];
  judge = quoteVerifier([acme]);
});

const counters = (resetCount: number, restartCount: number, clock: bigint, safe = true): Partial<QuoteSpec> => ({
  resetCount,
  restartCount,
  clock,
  safe,
});
const state = (resetCount: number, restartCount: number, clock: string): QuoteState => ({
  ak: 'aa',
  resetCount,
  restartCount,
  clock,
  since: 'first',
});
const step = (before: QuoteState, now: Partial<QuoteSpec>): string =>
  stepOf(before, 'aa', {
    resetCount: now.resetCount ?? 0,
    restartCount: now.restartCount ?? 0,
    clock: now.clock ?? 0n,
    safe: now.safe ?? true,
  }).kind;

describe('counters', () => {
  it('tell running, resumed, rebooted and gone back apart', () => {
    const before = state(5, 2, '1000');
    expect(step(before, counters(5, 2, 1000n))).toBe('running');
    expect(step(before, counters(5, 3, 1001n))).toBe('resumed');
    expect(step(before, counters(6, 0, 1001n))).toBe('rebooted');
    expect(step(before, counters(4, 9, 9999n))).toBe('back');
    expect(step(before, counters(5, 1, 9999n))).toBe('back');
    expect(step(before, counters(5, 2, 999n))).toBe('back');
  });

  it('forgive a clock that lost time with its power, once the TPM says so and was started anew', () => {
    const before = state(5, 2, '1000');
    expect(step(before, counters(6, 0, 900n, false))).toBe('rebooted');
    expect(step(before, counters(6, 0, 900n, true))).toBe('back');
    expect(step(before, counters(5, 2, 900n, false))).toBe('back');
  });

  it('with the offset of a key outside the endorsement hierarchy still compare, around 2^32 too', () => {
    expect(step(state(0xffff_ffff, 7, '1'), counters(0, 7, 2n))).toBe('rebooted');
    expect(step(state(0, 7, '1'), counters(0xffff_ffff, 7, 2n))).toBe('back');
  });

  it('of another key are no history', () => {
    expect(stepOf({ ...state(9, 9, '9'), ak: 'bb' }, 'aa', { resetCount: 1, restartCount: 0, clock: 1n, safe: true }).kind).toBe('first');
  });

  it('tell between which instants it was reset, and how long it runs at least', () => {
    const from = (previous: QuoteState | undefined, more: Partial<QuoteSpec>, at: number): QuoteState => {
      const { quote } = judge(good(key, chain, more), {
        at,
        freshness: answers(nonce, { expires: at + 1 }),
        ...(previous === undefined ? {} : { quote: { previous } }),
      });
      if (quote === undefined) throw new Error('no state');
      return quote;
    };
    const first = from(undefined, counters(7, 0, 5000n), now);
    expect(first.started).toEqual({ before: now });
    expect(from(first, counters(7, 1, 6000n), now + 60_000).started).toEqual({ before: now });
    const reset = from(first, counters(8, 0, 7000n), now + 90_000);
    expect(reset.started).toEqual({ before: now + 90_000, after: now });
    expect(from(reset, counters(8, 0, 8000n), now + 120_000).started).toEqual(reset.started);
    const { at: _, started: __, ...older } = first;
    expect(from(older, counters(8, 0, 7000n), now + 90_000).started).toEqual({ before: now + 90_000 });
  });

  it('that went back make a good quote contraindicated, and where the TPM stood is not forgotten', () => {
    const previous = judge(good(key, chain, counters(7, 0, 5000n))).quote;
    if (previous === undefined) throw new Error('no state');
    const clone = judge(good(key, chain, counters(6, 0, 9000n)), { quote: { previous } });
    expect([clone.status, clone.reason, clone.quote]).toEqual(['contraindicated', 'ROLLED_BACK', previous]);
    expect(judge(good(key, chain, counters(8, 0, 5001n)), { quote: { previous } }).quote?.since).toBe('rebooted');
  });
});

const files: readonly File[] = [
  { path: 'boot_aggregate', content: 'b' },
  { path: '/usr/sbin/init', content: 'init' },
  { path: '/usr/bin/plc-runtime', content: 'plc' },
];
const more: readonly File[] = [...files, { path: '/usr/bin/late', content: 'late' }];
const evil: readonly File[] = [...files, { path: '/tmp/evil', content: 'evil' }];

/** A quote after these files, with the list from `from` on. */
const ran = (list: readonly File[], from = 0, sent: readonly File[] = list, spec: Partial<QuoteSpec> = {}): Message => {
  const pcrs = { sha256: { ...pcrsAfter(boot), 10: pcr10(list) } };
  return { ...good(key, chain, { ...spec, pcrs }), imaLog: { from, ascii: imaAscii(sent.slice(from)) } };
};
const digests = (list: readonly File[]): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(list.map(f => [f.path, new Set([/(sha256:[0-9a-f]+) /.exec(imaAscii([f]))?.[1] ?? ''])]));
const policy: Files = { id: 'ab', files: digests(more) };
const after = (m: Message, quote = {}): QuoteState => {
  const { quote: found, status, reason } = judge(m, { quote: { ima: policy, ...quote } });
  if (found === undefined) throw new Error(`${status} ${reason}`);
  return found;
};

describe('the list of files that were run', () => {
  it('is judged by its policy; without one the quote is no more than a warning', () => {
    expect(judge(ran(files), { quote: { ima: policy } }).status).toBe('affirming');
    expect(judge(ran(files))).toMatchObject({ status: 'warning', reason: 'NO_MEASUREMENTS' });
    const unknown = judge(ran(evil), { quote: { ima: policy } });
    expect([unknown.status, unknown.reason, unknown.vector.executables]).toEqual(['contraindicated', 'FILE_NOT_LISTED', 96]);
    // Who it is stays proved: it is this very device that ran the file.
    expect([unknown.identity?.serial, unknown.assurance]).toEqual(['EB3-0001', 3]);
    const found = unknown.checks.find(c => c.code === 'FILE_NOT_LISTED');
    expect(found).toMatchObject({
      check: 'reference',
      detail: 'entry 4 of what it ran is of a file that is not in the list edge.ima.yaml:1',
      expected: 'no such file',
    });
    expect(found?.seen).toMatch(/^\/tmp\/evil sha256:[0-9a-f]{64}$/);
    expect(judge(good(key, chain), { quote: { ima: policy } }).reason).toBe('LOG_MISMATCH');
  });

  it('may come as binary, and may have grown after the quote', () => {
    const binary: Message = { ...ran(files), imaLog: { from: 0, binary: imaBinary(files) } };
    expect(judge(binary, { quote: { ima: policy } }).status).toBe('affirming');
    // What was run after the quote is not proven: it neither helps nor harms this one.
    expect(judge(ran(files, 0, evil), { quote: { ima: policy } }).quote?.ima?.entries).toBe(3);
  });

  it('is replayed onwards from where the last good quote ended', () => {
    const previous = after(ran(files));
    expect(wantedFrom(previous, fileList(policy))).toBe(3);
    const next = judge(ran(more, 3), { quote: { ima: policy, previous } });
    expect([next.status, next.quote?.ima?.entries]).toEqual(['affirming', 4]);
    expect(judge(ran(more, 0), { quote: { ima: policy, previous } }).status).toBe('affirming');
    expect(judge(ran(more, 2), { quote: { ima: policy, previous } }).reason).toBe('LOG_MISMATCH');
    expect(judge(ran(more, 3), { quote: { ima: policy } }).reason).toBe('LOG_MISMATCH');
  });

  it('is wanted from its beginning after a reset, and when the policy is another', () => {
    const previous = after(ran(files));
    const other: Files = { ...policy, id: 'cd' };
    expect(wantedFrom(previous, fileList(other))).toBe(0);
    expect(judge(ran(more, 3), { quote: { ima: other, previous } }).reason).toBe('LOG_MISMATCH');
    expect(judge(ran(more, 3, more, { resetCount: 6 }), { quote: { ima: policy, previous } }).reason).toBe('LOG_MISMATCH');
    expect(judge(ran(files.slice(0, 2), 0, files, { resetCount: 6 }), { quote: { ima: policy, previous } }).status).toBe('affirming');
  });

  it('that shrinks or changes without a reset was rolled back', () => {
    const previous = after(ran(more));
    expect(judge(ran(files), { quote: { ima: policy, previous } }).reason).toBe('ROLLED_BACK');
    expect(judge(ran(more, 0, files), { quote: { ima: policy, previous } }).reason).toBe('ROLLED_BACK');
    const swapped = [files[0], more[3], files[1], files[2]].flatMap(f => f ?? []);
    expect(judge(ran(swapped), { quote: { ima: policy, previous } }).reason).toBe('ROLLED_BACK');
    expect(judge(ran(files, 0, more), { quote: { ima: policy, previous } }).reason).toBe('ROLLED_BACK');
  });

  it('with a file that was run once is never forgotten by asking for the rest only', () => {
    const previous = after(ran(files));
    expect(judge(ran(evil, 3), { quote: { ima: policy, previous } }).quote?.ima).toEqual(previous.ima);
    const later = [...evil, ...more.slice(3)];
    expect(judge(ran(later, 4), { quote: { ima: policy, previous } }).reason).toBe('LOG_MISMATCH');
    expect(judge(ran(later, 3), { quote: { ima: policy, previous } }).reason).toBe('FILE_NOT_LISTED');
    // Nor by a reset: then the list begins anew.
    expect(judge(ran(evil, 0, evil, { resetCount: 6 }), { quote: { ima: policy, previous } }).quote?.ima).toBeUndefined();
  });

  it('is refused when an entry is left out, swapped or rewritten, and when PCR 10 is not quoted', () => {
    const quote = { ima: policy };
    expect(
      judge(
        ran(
          files,
          0,
          [files[0], files[2]].flatMap(f => f ?? []),
        ),
        { quote },
      ).reason,
    ).toBe('LOG_MISMATCH');
    expect(judge(ran(files, 0, files.toReversed()), { quote }).reason).toBe('LOG_MISMATCH');
    const renamed: Message = { ...ran(files), imaLog: { from: 0, ascii: imaAscii(files).replace('plc-runtime', 'plc-runtimf') } };
    expect(judge(renamed, { quote }).reason).toBe('LOG_MISMATCH');
    expect(judge({ ...good(key, chain), imaLog: { from: 0, ascii: imaAscii(files) } }, { quote }).reason).toBe('LOG_MISMATCH');
  });

  it('is not judged where a person left a file or a folder out, and only there', () => {
    const log = [...files, { path: '/var/log/a/b', content: 'x' }];
    const judged = (excludes: readonly string[], list = log): string | undefined =>
      judge(ran(list), { quote: { ima: { ...policy, excludes: new Set(excludes) } } }).reason;
    expect([judged(['/var/log/']), judged(['/var/log/a/b']), judged(['/'])]).toEqual([undefined, undefined, undefined]);
    for (const one of ['/var/log', '/var/log/a', '/var/log/a/bc', '/var/lo/', 'var/log/', '/var/log/b/'])
      expect(judged([one])).toBe('FILE_NOT_LISTED');
    // A path that climbs out of the folder is not in it.
    expect(judged(['/var/log/'], [...files, { path: '/var/log/../../tmp/evil', content: 'x' }])).toBe('FILE_NOT_LISTED');
    // What is left out takes part in the replay all the same.
    expect(judge(ran(log, 0, files), { quote: { ima: { ...policy, excludes: new Set(['/']) } } }).reason).toBe('LOG_MISMATCH');
  });

  it('with a violation is replayed, and never allowed by a policy', () => {
    const broken = [...files, { path: '/usr/bin/late', content: '', violation: true }];
    expect(judge(ran(broken))).toMatchObject({ status: 'warning', reason: 'NO_MEASUREMENTS' });
    expect(judge(ran(broken), { quote: { ima: policy } })).toMatchObject({ status: 'contraindicated', reason: 'FILE_VIOLATION' });
    const zeros = new Map([...policy.files, ['/usr/bin/late', new Set([`sha256:${'00'.repeat(32)}`])]]);
    expect(judge(ran(broken), { quote: { ima: { id: 'ef', files: zeros } } }).reason).toBe('FILE_VIOLATION');
    const left = { ...policy, excludes: new Set(['/usr/bin/late']) };
    expect(judge(ran(broken), { quote: { ima: left } }).status).toBe('affirming');
  });

  it('begins with the boot that it belongs to, where PCR 0 to 7 are quoted', () => {
    const values = Object.fromEntries(Array.from({ length: 10 }, (_, pcr) => [pcr, pcrsAfter(boot)[pcr] ?? '00'.repeat(32)]));
    const over = (count: number): Uint8Array => Buffer.from(Object.values(values).slice(0, count).join(''), 'hex');
    const begun = (content: Uint8Array): Message => {
      const list = [{ path: 'boot_aggregate', content }, ...files.slice(1)];
      return { ...good(key, chain, { pcrs: { sha256: { ...values, 10: pcr10(list) } } }), imaLog: { from: 0, ascii: imaAscii(list) } };
    };
    for (const count of [8, 10]) expect(judge(begun(over(count)), { quote: { ima: policy } }).status).toBe('affirming');
    expect(judge(begun(over(9)), { quote: { ima: { ...policy, files: digests(more.slice(1)) } } }).reason).toBe('FILE_NOT_LISTED');
  });

  it('that is left out once goes on from where it was, and is not forgotten', () => {
    const previous = judge(ran(files)).quote;
    if (previous === undefined) throw new Error('no state');
    const between = judge(good(key, chain), { quote: { previous } }).quote;
    expect(between?.ima).toEqual(previous.ima);
    expect(judge(good(key, chain, { resetCount: 6 }), { quote: { previous } }).quote?.ima).toBeUndefined();
  });

  it('in a PCR that anybody can reset is refused, though it leads there', () => {
    const in16 = imaAscii(files).replaceAll(/^10 /gm, '16 ');
    const values = { sha256: { ...pcrsAfter(boot), 10: pcr10(evil), 16: pcr10(files) } };
    const m: Message = { ...good(key, chain, { pcrs: values }), imaLog: { from: 0, ascii: in16 } };
    expect(judge(m, { quote: { ima: policy } }).reason).toBe('LOG_MISMATCH');
  });

  it('comes with a state that the gateway takes from its challenger as it is', () => {
    const result = judge(ran(files), { quote: { ima: policy } });
    const sent: unknown = JSON.parse(
      JSON.stringify({ type: 'outcome', id: '1', outcome: { kind: 'appraised', result, evidence: [result.evidence] }, certificates: [] }),
    );
    const refused: string[] = [];
    expect(receive('challenger', sent, why => refused.push(why))).toMatchObject({ outcome: { result: { quote: result.quote } } });
    expect(refused).toEqual([]);
    expect(result.quote?.ima?.policy).toBe('ab');
  });

  it('at its longest costs less than a few seconds', () => {
    const long = Array.from({ length: 30_000 }, (_, i) => ({ path: `/usr/bin/${i}`, content: 'x' }));
    const m = ran(long);
    const started = process.cpuUsage().user;
    expect(judge(m).quote?.ima?.entries).toBe(30_000);
    const spent = (process.cpuUsage().user - started) / 1e6;
    process.stderr.write(`30,000 files: ${spent.toFixed(2)} s of CPU\n`);
    expect(spent).toBeLessThan(4);
  });
});
