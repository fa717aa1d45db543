import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../gateway/api/client.ts';

/** A gateway that sends a piece and then what `goOn` sends, if anything. */
const folder = mkdtempSync(join(tmpdir(), `sallyport-client-${process.pid}-`));
const socketPath = join(folder, 'control.sock');
let goOn: (response: ServerResponse) => void = () => undefined;
const server = createServer((_request, response) => {
  response.write('first\n');
  goOn(response);
});
beforeAll(async () => {
  server.listen(socketPath);
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an answer piece by piece', () => {
  it('of a gateway that says no more is given up after its time', async () => {
    goOn = () => undefined;
    const taken: string[] = [];
    const streamed = new Client(socketPath).stream('/export.journal', async text => void taken.push(text), 200);
    await expect(streamed).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('no answer within 0.2 s') as unknown,
    });
    expect(taken).toEqual(['first\n']);
  });

  it('waits longer than that for who takes it', async () => {
    goOn = response => void setTimeout(300).then(() => response.end('last\n'));
    const taken: string[] = [];
    await new Client(socketPath).stream('/export.journal', async text => void (await setTimeout(400), taken.push(text)), 200);
    expect(taken.join('')).toBe('first\nlast\n');
  });
});
