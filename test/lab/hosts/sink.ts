import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { server } from './beat.ts';

/**
 * `node sink.ts [PLC-ADDRESS]`: the server behind the uplink. Counts the datagrams of each host by the name in their payload and answers each
 * line on stdin with the counts as JSON. As a control room would, it also reads the PLC's registers once a second.
 */
const counts = new Map<string, number>();
const most = 64; // names; more are not counted

const socket = createSocket('udp4');
socket.on('message', message => {
  const name = message.toString('latin1', 0, 32).split(' ')[0] ?? '';
  if (counts.has(name) || counts.size < most) counts.set(name, (counts.get(name) ?? 0) + 1);
});
socket.bind(server.port, server.address, () => process.stdout.write('ready\n'));
process.stdin.on('data', chunk => {
  for (const byte of chunk) if (byte === 10) process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`);
});
process.stdin.on('end', () => process.exit(0));

const plc = process.argv[2];
if (plc !== undefined) setInterval(() => readRegisters(plc), 1000);

function readRegisters(host: string): void {
  const link = connect({ host, port: 502, timeout: 900 });
  link.on('error', () => undefined);
  link.on('timeout', () => link.destroy());
  link.on('connect', () => link.write(Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 4])));
  link.on('data', () => {
    counts.set('modbus', (counts.get('modbus') ?? 0) + 1);
    link.end();
  });
}
