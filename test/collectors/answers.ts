import fc from 'fast-check';
import { expect } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { frame } from '../vectors/frames/build.ts';

/** After what came before it a sensor reads the last frame in another way than by itself: whatever of its bytes is changed or cut off, it is decoded or malformed. */
export function expectSoundAnswers(...talk: readonly Uint8Array[]): void {
  const [before, answer = new Uint8Array(0)] = [talk.slice(0, -1), talk.at(-1)];
  // One sensor for all edits: a fresh one costs more than the frames.
  const dissector = new Dissector();
  let number = 0;
  const feed = (bytes: Uint8Array): void => dissector.frame(frame(bytes, { number: ++number, at: 1_700_000_000_000 + number * 100 }));
  const edits = fc.array(fc.tuple(fc.integer({ min: 34, max: answer.length - 1 }), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(edits, fc.nat(answer.length), (list, length) => {
      const edited = answer.slice();
      for (const [at, value] of list) edited[at] = value;
      for (const bytes of [edited, answer.subarray(0, length)]) {
        for (const earlier of before) feed(earlier);
        feed(bytes);
        const { observations, malformed } = dissector.drain(true);
        expect(malformed.filter(m => m.message.startsWith('defect:'))).toEqual([]);
        expect(JSON.stringify(observations.map(o => o.fact))).not.toMatch(
          /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/,
        );
      }
    }),
    { numRuns: 300, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
  );
}
