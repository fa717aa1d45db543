import { createInterface } from 'node:readline';
import type { PlannedDevice, RuleSet } from '../../gateway/model/rule-set.ts';
import { hashRuleSet } from '../../gateway/quarantine/hash.ts';
import { EnforcerProcess } from '../lab/enforcer-process.ts';
import { labIsMissing, makeLan } from '../lab/namespace.ts';

/** Prints how long one device's change takes from the message to the enforcer until it was committed in the kernel and read back. */
const rounds = 41;
const hex = (n: number): string => n.toString(16).padStart(2, '0');

function ruleSet(count: number, admitted: boolean): RuleSet {
  const others = Array.from({ length: count - 1 }, (_, i): PlannedDevice => {
    const mac = `02:66:00:${hex(i >> 16)}:${hex((i >> 8) & 255)}:${hex(i & 255)}`;
    return { mac, port: 'v1', ips: [], access: 'admit', bound: false };
  });
  const device: PlannedDevice = {
    mac: '02:00:5e:00:00:01',
    port: 'v2',
    ips: ['10.20.1.1'],
    access: admitted ? 'admit' : 'quarantine',
    bound: false,
  };
  return {
    bridge: 'br0',
    gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', attestationPort: 8443 },
    uplinks: ['up0'],
    enforced: ['v1', 'v2'],
    observed: [],
    dhcpServers: [],
    devices: [device, ...others],
  };
}

async function measure(enforcer: EnforcerProcess, commits: readonly number[], count: number) {
  const both = [true, false].map(admitted => ruleSet(count, admitted)).map(r => ({ ruleSet: r, hash: hashRuleSet(r) }));
  const times: { readonly committed: number; readonly readBack: number }[] = [];
  for (let i = 0; i < rounds; i++) {
    const next = both[i % 2];
    if (next === undefined) continue;
    const [before, old] = [enforcer.heard.length, commits.length];
    const from = performance.now();
    enforcer.send({ type: 'enforce', ...next });
    const applied = (): boolean =>
      enforcer.heard.slice(before).some(m => m.type === 'enforcement' && m.state === 'applied' && m.ruleSet === next.hash);
    while (!applied()) await new Promise(resolve => setImmediate(resolve));
    times.push({ committed: (commits[old] ?? Number.NaN) - from, readBack: performance.now() - from });
    await new Promise(resolve => setTimeout(resolve, 250)); // a burst would measure the queue
  }
  return times.slice(1); // the first loads the whole table
}

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
else {
  const lan = await makeLan({ prefix: 'slpbe', devices: [1, 2].map(n => ({ name: `d${n}`, port: `v${n}`, mac: `02:00:5e:00:00:0${n}` })) });
  try {
    const enforcer = new EnforcerProcess(lan);
    const commits: number[] = [];
    const monitor = lan.spawn('gateway', ['nft', 'monitor'], { stdio: ['ignore', 'pipe', 'ignore'] });
    if (monitor.stdout)
      createInterface({ input: monitor.stdout }).on('line', l => l.startsWith('# new generation') && commits.push(performance.now()));
    for (const count of [1, 50, 500, 5_000]) {
      const times = await measure(enforcer, commits, count);
      for (const what of ['committed', 'readBack'] as const) {
        const sorted = times.map(t => t[what]).sort((a, b) => a - b);
        const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2);
        console.log(`enforce: message -> ${what}, ${count} devices: median ${at(0.5)} ms, p90 ${at(0.9)} ms`);
      }
    }
  } finally {
    await lan.close();
  }
}
