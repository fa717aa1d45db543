/**
 * `inspect` against the generator's truth over many captures: node test/bench/truth-sweep.ts [devices] [seeds] [vlan] [rogues] [packets]
 * Each is a list with commas; seeds and the like may be ranges: node test/bench/truth-sweep.ts 40,1000 1-12 0,1 0,1 20000,120000
 * One line for each capture, and a sum; exits with 1 on any deviation. What is shown to be in no frame counts as none and is named.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bench, hasBench, judged } from '../edge/truth.ts';

const defaults = ['40,300', '1-3', '0,1', '0,1', '20000,60000'];
const numbers = (list: string): readonly number[] =>
  list.split(',').flatMap(part => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
const [devices = [], seeds = [], vlans = [], rogues = [], packets = []] = defaults.map((list, i) => numbers(process.argv[i + 2] ?? list));

if (!hasBench) {
  console.log(`Nothing to compare with: there is no ${bench}`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'sallyport-sweep-'));
let [captures, deviating, addresses, silentEvents] = [0, 0, 0, 0];
try {
  for (const device of devices)
    for (const packet of packets)
      for (const seed of seeds)
        for (const vlan of vlans)
          for (const rogue of rogues) {
            const args = `--devices ${device} --packets ${packet} --seed ${seed} --vlan ${vlan} --rogues ${rogue}`;
            const { isSame, text, told, addressesInNoFrame, silent } = judged(join(folder, 'sweep.pcap'), args.split(' '));
            captures++;
            addresses += addressesInNoFrame;
            silentEvents += silent.length;
            if (!isSame) deviating++;
            const excused = [
              ...(addressesInNoFrame > 0 ? [`${addressesInNoFrame} addresses in no frame`] : []),
              ...silent.map(([{ type }, reason]) => `${type} shown by none: ${reason}`),
            ].join('; ');
            console.log(`${isSame ? 'same' : 'DEVIATES'}  ${args}${excused === '' ? '' : `  (${excused})`}`);
            if (!isSame) console.log([text.trim(), ...told].join('\n'));
          }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${captures} captures: ${deviating} deviate; in no frame: ${addresses} addresses, ${silentEvents} events`);
process.exitCode = deviating > 0 ? 1 : 0;
