import { parseProberOptions } from '../../../gateway/edge/probe/orders.ts';
import { runProber } from '../../../gateway/edge/probe/run-prober.ts';
import { ownProbes } from './own-probes.ts';

/** The real prober with the lab's own probes. */
runProber(parseProberOptions(process.argv[2] ?? ''), ownProbes);
