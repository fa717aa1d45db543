import { ForwardingTable } from '../../gateway/edge/enforcers/forwarding-table.ts';

/** Prints each address that the bridge of this namespace learns, a line each: `port mac`. Ends with its standard input. */
const table = new ForwardingTable(process.argv[2] ?? 'br0', [], ({ port, mac }) => void process.stdout.write(`${port} ${mac}\n`));
process.stdin.on('end', () => {
  table.stop();
  process.exit(0);
});
process.stdin.resume();
