import type { Event } from '../model/event.ts';

/** True iff it says that a device was asked, or judged as before: an hour's worth of these says no more than the last. */
const repeats = ({ body }: Event): boolean => body.kind === 'challenged' || body.kind === 'attested-again';

/** A timeline in which runs of Events that repeat are cut down to the newest of each kind. Oldest first, as it came. */
export function withoutRepeats(events: readonly Event[]): readonly Event[] {
  const kept: Event[] = [];
  const run = new Set<string>();
  for (const event of events.toReversed()) {
    if (!repeats(event)) run.clear();
    else if (run.has(event.body.kind)) continue;
    else run.add(event.body.kind);
    kept.push(event);
  }
  return kept.toReversed();
}
