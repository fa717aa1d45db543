import { readSwitch } from '../../../gateway/edge/probe/read-switch.ts';
import type { SwitchAccess } from '../../../gateway/model/switch.ts';

/** Reads one switch and prints the reading: `read-switch-once.ts IP ACCESS`, the access as JSON. */
const [ip = '', access = '{}'] = process.argv.slice(2);
const reading = await readSwitch(ip, JSON.parse(access) as SwitchAccess, { signal: new AbortController().signal });
process.stdout.write(JSON.stringify(reading));
