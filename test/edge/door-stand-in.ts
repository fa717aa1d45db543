import { createInterface } from 'node:readline';
import { GatewayLink } from '../../gateway/edge/gateway-link.ts';

/**
 * Stands in for a process behind a door. Each line of stdin is sent as `{ said }`, `flood N` as N messages of a megabyte; what comes is printed:
 * messages of the gateway, spoilt lines, how many messages of a flood were refused, and the memory after it.
 */
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const link = new GatewayLink<object>({
  hello: { hello: process.pid },
  take: message => say({ message }),
  spoilt: spoilt => say({ spoilt }),
  succeeded: () => void link.send({ succeeded: true }),
  alone: () => process.exit(7),
});
createInterface({ input: process.stdin }).on('line', line => {
  const flood = Number(/^flood (\d+)$/.exec(line)?.[1] ?? 0);
  if (flood === 0) link.send({ said: line });
  const text = 'x'.repeat(1_000_000);
  let refused = 0;
  for (let n = 0; n < flood; n += 1) if (!link.send({ n, text })) refused += 1;
  say({ refused, waiting: link.waitingBytes });
});
