import { probes } from '../../probing/index.ts';
import { parseProberOptions } from './orders.ts';
import { runProber } from './run-prober.ts';

/**
 * The prober process: the only one that asks on the wire by itself. It opens a sending handle per port as root, gives root up, and then does
 * what the gateway orders, as far as its own guards let it: known probes, reviewed bytes, ports that do not act, the bound neighbour, its turn.
 * It holds nothing worth having; when it ends, nothing else changes.
 */
runProber(parseProberOptions(process.argv[2] ?? ''), probes);
