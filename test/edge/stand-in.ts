import { Socket } from 'node:net';

/** Stands in for a role that talks on fd 3: says hello, beats, obeys `{"do": …}` lines, ends when fd 3 closes. */
const name = process.argv[2] ?? 'nobody';
const gateway = new Socket({ fd: 3, readable: true, writable: true });
const end = (): never => process.exit(0);
gateway.on('error', end).on('close', end).on('end', end);
gateway.write(`${JSON.stringify({ type: 'hello', role: name, pid: process.pid })}\n`);
const beat = setInterval(() => gateway.write('{"type":"beat"}\n'), 200);
gateway.on('data', (bytes: Buffer) => {
  for (const line of bytes.toString('utf8').split('\n')) {
    if (line === '{"do":"half-line"}') gateway.write('{"type":"half');
    if (line === '{"do":"hang"}') {
      clearInterval(beat);
      for (;;); // a process that hangs cannot be asked to end
    }
  }
});
