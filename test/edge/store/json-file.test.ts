import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Low } from 'lowdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JsonFile } from '../../../gateway/edge/store/json-file.ts';

const shape = z.object({ n: z.number(), pad: z.string() });
let folder: string;
let path: string;
let warnings: string[];
const jsonFile = () => new JsonFile(path, { parse: v => shape.parse(v), warn: m => warnings.push(m) });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sp-json-${process.pid}-`));
  path = join(folder, 'accounts.json');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('JsonFile', () => {
  it('reads null when there is no file, and back what was written, through lowdb', async () => {
    expect(await jsonFile().read()).toBeNull();
    const db = new Low(jsonFile(), { n: 0, pad: '' });
    await db.read();
    await db.update(d => {
      d.n = 7;
    });
    expect(await jsonFile().read()).toEqual({ n: 7, pad: '' });
    expect(warnings).toEqual([]);
  });

  it('writes the file and its copy with mode 0600, whatever the mode was before, and leaves no temporary file', async () => {
    writeFileSync(path, '{"n":1,"pad":""}');
    chmodSync(path, 0o644);
    await jsonFile().write({ n: 2, pad: '' });
    for (const p of [path, `${path}.bak`]) expect(statSync(p).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).toSorted()).toEqual(['accounts.json', 'accounts.json.bak']);
  });

  it.each([
    ['empty', '', 'it is empty'],
    ['truncated', '{"n":5,"pa', 'it is no JSON'],
    ['blank', '  \n', 'it is empty'],
  ])('falls back to the copy when the file is %s, and says so', async (_, text, why) => {
    await jsonFile().write({ n: 3, pad: 'x' });
    writeFileSync(path, text);
    const file = jsonFile();
    expect(await file.read()).toEqual({ n: 3, pad: 'x' });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`Cannot read ${path}: ${why}`);
    expect(warnings[0]).toContain('the copy accounts.json.bak is used');
    await file.write({ n: 4, pad: '' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ n: 4, pad: '' });
  });

  it('throws one clear sentence when neither the file nor the copy can be read', async () => {
    writeFileSync(path, '{');
    await expect(jsonFile().read()).rejects.toThrow(
      /^Cannot read .*accounts\.json: it is no JSON .*; nor its copy: Cannot read .*\.bak: it does not exist$/,
    );
  });

  it('throws what the shape check throws, without falling back to an older file', async () => {
    await jsonFile().write({ n: 3, pad: 'x' });
    writeFileSync(path, '{"n":"three","pad":""}');
    await expect(jsonFile().read()).rejects.toBeInstanceOf(z.ZodError);
    expect(warnings).toEqual([]);
  });

  it('keeps the copy equal to the file, so that a password taken back is not revived', async () => {
    const file = jsonFile();
    for (const n of [1, 2, 3]) await file.write({ n, pad: '' });
    expect(readFileSync(`${path}.bak`, 'utf8')).toBe(readFileSync(path, 'utf8'));
  });

  it('does a hundred writes asked for at once one after the other; the last one stands', async () => {
    const file = jsonFile();
    await Promise.all(Array.from({ length: 100 }, (_, n) => file.write({ n, pad: '' })));
    expect(await file.read()).toEqual({ n: 99, pad: '' });
  });

  it('refuses to write over what somebody else changed; reading again allows it', async () => {
    const file = jsonFile();
    await file.write({ n: 1, pad: '' });
    writeFileSync(path, '{"n":100,"pad":"by hand"}');
    await expect(file.write({ n: 2, pad: '' })).rejects.toThrow(`Cannot write ${path}: somebody else changed it since it was read`);
    expect(await file.read()).toEqual({ n: 100, pad: 'by hand' });
    await file.write({ n: 2, pad: '' });
    expect(await jsonFile().read()).toEqual({ n: 2, pad: '' });
  });

  it('keeps the old file when the folder cannot be written to', async () => {
    const file = jsonFile();
    await file.write({ n: 1, pad: '' });
    await expect(new JsonFile('/proc/nowhere.json', { parse: v => v, warn: () => {} }).write(1)).rejects.toThrow();
    expect(await file.read()).toEqual({ n: 1, pad: '' });
  });

  it('is readable after kill -9 in the middle of writes, 12 times, and never goes back', async () => {
    const source = new URL('../../../gateway/edge/store/json-file.ts', import.meta.url).href;
    const writer = `
      import { JsonFile } from ${JSON.stringify(source)};
      const file = new JsonFile(process.argv[1], { parse: v => v, warn: () => {} });
      const last = await file.read();
      for (let n = last === null ? 1 : last.n + 1; ; n++) {
        await file.write({ n, pad: 'x'.repeat(50000) });
        process.stdout.write(n + '\\n');
      }`;
    let acknowledged = 0;
    for (let round = 0; round < 12; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise(done => child.once('exit', done));
      let text = '';
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        text += String(chunk);
        if (!child.killed && text.split('\n').length > 3 + (round % 5)) child.kill('SIGKILL');
      }
      await ended;
      acknowledged = Number(text.split('\n').findLast(line => /^\d+$/.test(line)));
      const now = await jsonFile().read();
      expect(now?.n).toBeGreaterThanOrEqual(acknowledged);
      expect(now?.pad).toHaveLength(50_000);
    }
    expect(acknowledged).toBeGreaterThan(12);
    await jsonFile().write({ n: 0, pad: '' });
    expect(readdirSync(folder).filter(n => n.endsWith('.tmp'))).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });
});
