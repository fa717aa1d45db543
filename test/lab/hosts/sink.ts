import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { server } from './beat.ts';

/**
 * `node sink.ts [PLC-ADDRESS]`: the server behind the uplink. Counts the datagrams of each host by the name in their payload and answers each
 * line on stdin with both as JSON: the counts, and how many of a host in a row were missing at most. As a control room would, it also reads the PLC's registers once a second.
 */
const counts = new Map<string, number>();
const most = 64; // names; more are not counted
const last = new Map<string, number>();
/** Most datagrams in a row that each host sent and that did not arrive. */
const lost = new Map<string, number>();
let heard = 0;

const socket = createSocket('udp4');
socket.on('message', message => {
  heard += 1;
  const [name = '', number] = message.toString('latin1', 0, 32).split(' ');
  if (!counts.has(name) && counts.size >= most) return;
  counts.set(name, (counts.get(name) ?? 0) + 1);
  const before = last.get(name) ?? Number(number) - 1;
  last.set(name, Math.max(before, Number(number)));
  lost.set(name, Math.max(lost.get(name) ?? 0, Number(number) - before - 1));
});
socket.bind(server.port, server.address, () => process.stdout.write('ready\n'));
process.stdin.on('data', chunk => {
  for (const byte of chunk) if (byte === 10) answer(-1);
});
/** Once what has arrived already is read: after a pause of this process it may lie behind the question. */
function answer(heardBefore: number): void {
  if (heard !== heardBefore) return void setImmediate(answer, heard);
  process.stdout.write(`${JSON.stringify({ counts: Object.fromEntries(counts), lost: Object.fromEntries(lost) })}\n`);
}
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
