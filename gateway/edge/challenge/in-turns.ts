import type { Slices } from '../../attestation/slices.ts';

/** So long others wait at most for work that is done in slices, beside one slice. Milliseconds. */
const turnMs = 10;

/** Does work in turns with everything else that this process has to do: other devices, its heartbeat. What is short is done at once. */
export function inTurns<T>(work: Slices<T>): T | Promise<T> {
  const turn = (): IteratorResult<undefined, T> => {
    const end = performance.now() + turnMs;
    let step = work.next();
    while (step.done !== true && performance.now() < end) step = work.next();
    return step;
  };
  const first = turn();
  if (first.done === true) return first.value;
  const goOn = async (): Promise<T> => {
    for (;;) {
      await new Promise(resolve => void setImmediate(resolve));
      const step = turn();
      if (step.done === true) return step.value;
    }
  };
  return goOn();
}
