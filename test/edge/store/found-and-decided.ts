import type { EventBody } from '../../../gateway/model/event.ts';
import { fixtureViews } from '../../api/fixture-views.ts';

const [view] = fixtureViews();
if (view === undefined) throw new Error('Cannot find a decision');
const { decision } = view;

/** What the journal tells of device `n` (1 to 9) when it is met: that it was found, and what was decided. */
export const seen = (n: number): readonly EventBody[] => [
  { kind: 'device-found', device: `d${n}`, mac: `02:00:00:00:00:0${n}`, port: 'v1', vlan: 0, zone: 'dock', seenBy: 'frames', frame: n },
  { kind: 'decided', device: `d${n}`, decision },
];
