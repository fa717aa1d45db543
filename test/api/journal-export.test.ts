import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyHead, link } from '../../gateway/journal/chain.ts';
import { runClientVerb } from '../../gateway/api/verbs.ts';
import { callVerb } from './call-verb.ts';
import { bidiText, markupName } from './fixture-words.ts';
import { type OpenPage, openPage } from './open-page.ts';

/** Follows the chain as the help of `sallyport export` tells it, with nothing of ours. */
const judge = `
import hashlib, json, sys
prev, n = '0' * 64, 0
for line in open(sys.argv[1], encoding='utf-8', newline='\\n'):
    e = json.loads(line)
    text = json.dumps({'at': e['at'], 'body': e['body'], 'seq': e['seq']}, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    assert e['prev'] == prev and e['hash'] == hashlib.sha256((prev + text).encode()).hexdigest(), e['seq']
    prev, n = e['hash'], n + 1
print(n, prev)
`;

let open: OpenPage;
let cookie: string;
const folder = mkdtempSync(join(tmpdir(), `sallyport-journal-export-${process.pid}-`));
beforeAll(async () => {
  open = await openPage();
  cookie = await open.signIn();
  let head = emptyHead;
  for (let n = 0; n < 1_200; n++) {
    const event = link(head, 1_000 + n, { kind: 'paused', by: 'keller', reason: `${n} ${bidiText} ${markupName} ü 𐍈`, until: n / 8 });
    open.site.happened.push(event);
    head = { seq: event.seq, hash: event.hash };
  }
});
afterAll(async () => {
  await open.close();
  rmSync(folder, { recursive: true, force: true });
});
const sallyport = (...args: readonly string[]) => callVerb(open.controlSocket, 'export', 'keller', ['--format', 'journal', ...args]);

describe('the exported journal', () => {
  it('is every event, a line each without hidden characters, and its chain can be followed with other tools', async () => {
    const path = join(folder, 'journal.jsonl');
    expect((await sallyport('--output', path)).code).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/u);
    const judged = spawnSync('python3', ['-c', judge, path], { encoding: 'utf8' });
    expect([judged.stdout, judged.stderr]).toEqual([`1200 ${open.site.happened.at(-1)?.hash}\n`, '']);
    expect((await sallyport()).out).toBe(text);
    expect((await open.ask('GET', '/api/v1/export.journal', { cookie })).text).toBe(text);
  });

  it('waits for a slow reader: no piece is taken before the one before is away', async () => {
    const taken: string[] = [];
    let [ahead, mostAhead] = [0, 0];
    const stdout = {
      write: (text: string) => {
        taken.push(text);
        mostAhead = Math.max(mostAhead, (ahead += 1));
        return false;
      },
      // He reads on when everything that could come meanwhile has come.
      drained: () => new Promise<void>(resolve => setImmediate(() => setImmediate(() => ((ahead -= 1), resolve())))),
    };
    const io = { socketPath: open.controlSocket, stdout, stderr: { write: () => true } };
    expect(await runClientVerb('export', ['--format', 'journal'], io)).toBe(0);
    expect([taken.length > 3, mostAhead]).toEqual([true, 1]);
    expect(taken.join('')).toBe((await open.ask('GET', '/api/v1/export.journal', { cookie })).text);
  });

  it('is asked for as a whole, by who is signed in', async () => {
    expect(await sallyport('--as-of', '2026-03-01')).toMatchObject({ code: 1, out: '' });
    expect((await open.ask('GET', '/api/v1/export.journal')).status).toBe(401);
  });
});
