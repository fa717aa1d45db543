import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Asking, ListedProbe, ProbeContext } from '../../gateway/probing/probe.ts';
import { fits } from '../../gateway/probing/template.ts';
import { dissect, type Row } from '../judge/tshark.ts';
import * as b from '../vectors/frames/build.ts';
import { encodePcap } from '../vectors/frames/encode-capture.ts';
import { client, conversation, host } from '../vectors/frames/stream.ts';

/** Bytes as a person writes them: hex digits with blanks, comments behind `#`. */
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, ''), 'hex'));

/** We are `client` of the vectors, the device is `host`; the nonce is 11 12 13 … 20. */
export const context = (service: number): ProbeContext => ({
  own: { mac: client.mac, ip: client.ip, prefix: '192.0.2.0/24' },
  target: { mac: host.mac, ip: host.ip, service },
  nonce: Uint8Array.from({ length: 16 }, (_, i) => 0x11 + i),
  now: Date.UTC(2026, 0, 1),
});

export type Talk = { readonly sent: readonly Uint8Array[]; readonly end: Asking; readonly answersTaken: number };

/** Runs a probe against these answers, one for each time that it listens. Holds every message against the templates. */
export function talk(probe: ListedProbe, answers: readonly Uint8Array[], service = 80): Talk {
  const sent: Uint8Array[] = [];
  let step = probe.begin(context(service));
  let taken = 0;
  const note = (messages: readonly Uint8Array[]): void => {
    for (const message of messages) {
      expect(
        probe.templates.filter(t => fits(t, message)),
        Buffer.from(message).toString('hex'),
      ).toHaveLength(1);
      sent.push(message);
    }
  };
  for (;;) {
    if (step.kind === 'send') note(step.messages);
    if (step.kind === 'done') {
      note(step.parting ?? []);
      return { sent, end: step, answersTaken: taken };
    }
    const answer = answers[taken];
    if (answer === undefined) return { sent, end: step, answersTaken: taken };
    taken++;
    step = step.next(answer);
  }
}

const isRefused = ({ end }: Talk): boolean => end.kind === 'done' && end.how === 'refused';

/**
 * What every probe owes a hostile device, given the answers of an honest one: each answer cut at each length waits for more (a datagram: is refused),
 * with bytes behind it is refused unless `mayGoOn`, whatever is changed in it ends or waits, and nothing but templates leaves.
 */
export function holdsOut(
  probe: ListedProbe,
  answers: readonly Uint8Array[],
  options: { readonly service?: number; readonly mayGoOn?: boolean } = {},
): void {
  const isStream = probe.medium.kind === 'tcp';
  const asked = talk(probe, answers, options.service);
  answers.forEach((answer, i) => {
    const before = answers.slice(0, i);
    for (let length = 0; length < answer.length; length++) {
      const cut = talk(probe, [...before, answer.subarray(0, length)], options.service);
      if (isStream) expect(cut.end.kind === 'wait' || cut.end.kind === 'send' ? 'wait' : cut.end, `${i}: ${length} bytes`).toBe('wait');
      else expect(isRefused(cut), `${i}: ${length} bytes`).toBe(true);
    }
    if (isStream) {
      const drip = drips(probe, before, answer, options.service);
      expect(drip.kind, `${i}: byte by byte`).toBe(talk(probe, [...before, answer], options.service).end.kind);
    }
    if (options.mayGoOn !== true) {
      const longer = talk(probe, [...before, b.bytes(answer, new Uint8Array(100))], options.service);
      expect(isRefused(longer), `${i}: more behind it`).toBe(true);
    }
  });
  fc.assert(
    fc.property(
      fc.nat(answers.length - 1),
      fc.array(fc.tuple(fc.nat(65_535), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (which, edits) => {
        const edited = answers.map((answer, i) => {
          const copy = answer.slice();
          if (i === which) for (const [at, value] of edits) copy[at % copy.length] = value;
          return copy;
        });
        expect(talk(probe, edited, options.service).sent.length).toBeLessThanOrEqual(asked.sent.length + 2);
      },
    ),
    { numRuns: 2000 },
  );
}

function drips(probe: ListedProbe, before: readonly Uint8Array[], answer: Uint8Array, service = 80): Asking {
  let step = probe.begin(context(service));
  for (const earlier of before) if (step.kind !== 'done') step = step.next(earlier);
  for (let length = 1; length <= answer.length && step.kind !== 'done'; length++) {
    const now: Asking = step.next(answer.subarray(0, length));
    if (now.kind === 'send') return now;
    step = now;
  }
  return step;
}

/** What tshark reads in a conversation of ours: of all frames, those fields. */
export async function judged(port: number, sent: Uint8Array, fields: readonly string[], isUdp = false): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-probe-'));
  try {
    const file = join(folder, 'sent.pcap');
    const datagram = b.ethernet(client.mac, host.mac, 0x0800, b.ipv4(client.ip, host.ip, 17, b.udp(40_000, port, sent)));
    const frames = isUdp ? [datagram] : conversation(port, { client: sent });
    writeFileSync(file, encodePcap(frames.map((bytes, i) => ({ ...b.frame(bytes), at: 1_700_000_000_000 + i, wireLength: bytes.length }))));
    return await dissect(file, [...fields, '_ws.malformed', '_ws.expert.message']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
