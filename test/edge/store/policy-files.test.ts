import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readPolicyFiles, watchPolicies } from '../../../gateway/edge/store/policy-files.ts';

let root: string;
let folder: string;
let stop: (() => void) | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), `sp-policy-${process.pid}-`));
  folder = join(root, 'policies.d');
  mkdirSync(join(folder, 'rules'), { recursive: true });
});
afterEach(() => {
  stop?.();
  stop = undefined;
  rmSync(root, { recursive: true, force: true });
});

describe('readPolicyFiles', () => {
  it('reads YAML with stable paths, whatever the folder was called by, and passes over the rest', () => {
    for (const sub of ['expected', 'anchors', 'schema']) mkdirSync(join(folder, sub));
    for (const name of [
      'rules/b.yaml',
      'rules/a.yml',
      'expected/x.yaml',
      'anchors/no.yaml',
      'schema/no.yaml',
      'rules/.hidden.yaml',
      'rules/README.md',
      'rules/c.yaml~',
    ])
      writeFileSync(join(folder, name), `# ${name}\n`);
    const paths = ['policies.d/expected/x.yaml', 'policies.d/rules/a.yml', 'policies.d/rules/b.yaml'];
    expect(readPolicyFiles([folder]).map(f => f.path)).toEqual(paths);
    expect(readPolicyFiles([`${root}/./policies.d/`]).map(f => f.path)).toEqual(paths);
    expect(readPolicyFiles([folder])[2]?.text).toBe('# rules/b.yaml\n');
  });

  it('reads the JSON of makers in mud, and no other', () => {
    mkdirSync(join(folder, 'mud'));
    for (const name of ['mud/thermo.json', 'mud/site.yaml', 'rules/no.json']) writeFileSync(join(folder, name), '');
    expect(readPolicyFiles([folder]).map(f => f.path)).toEqual(['policies.d/mud/site.yaml', 'policies.d/mud/thermo.json']);
  });

  it('hands over files of misspelt folders, so that the load can refuse them', () => {
    mkdirSync(join(folder, 'rule'));
    writeFileSync(join(folder, 'rule', 'x.yaml'), '');
    expect(readPolicyFiles([folder]).map(f => f.path)).toEqual(['policies.d/rule/x.yaml']);
  });

  it('follows a link inside the folder and refuses one that leads out', () => {
    writeFileSync(join(folder, 'rules', 'a.yaml'), 'inside');
    symlinkSync('a.yaml', join(folder, 'rules', 'b.yaml'));
    expect(readPolicyFiles([folder]).map(f => f.text)).toEqual(['inside', 'inside']);
    writeFileSync(join(root, 'secret.yaml'), 'outside');
    symlinkSync('../../secret.yaml', join(folder, 'rules', 'c.yaml'));
    expect(() => readPolicyFiles([folder])).toThrow(`Cannot read ${folder}/rules/c.yaml: it is a symbolic link out of its folder`);
  });

  it('refuses a link of a whole folder that leads out, dangling links and circles', () => {
    symlinkSync(tmpdir(), join(folder, 'more'));
    expect(() => readPolicyFiles([folder])).toThrow('more: it is a symbolic link out of its folder');
    rmSync(join(folder, 'more'));
    symlinkSync('nothing', join(folder, 'dangling.yaml'));
    expect(() => readPolicyFiles([folder])).toThrow('dangling.yaml: it does not exist');
    rmSync(join(folder, 'dangling.yaml'));
    symlinkSync('.', join(folder, 'circle'));
    expect(() => readPolicyFiles([folder])).toThrow('folders are nested too deep');
  });

  it('refuses a missing folder, for rules that vanish must not loosen anything', () => {
    expect(() => readPolicyFiles([folder, join(root, 'gone')])).toThrow(`Cannot read ${root}/gone: it does not exist`);
  });

  it('refuses two folders of one name', () => {
    mkdirSync(join(root, 'other', 'policies.d'), { recursive: true });
    expect(() => readPolicyFiles([folder, join(root, 'other', 'policies.d')])).toThrow('has the same name');
  });

  it.each([
    [
      'a large file',
      () => writeFileSync(join(folder, 'rules', 'x.yaml'), Buffer.alloc(1024 * 1024 + 1, 32)),
      'x.yaml: it is larger than 1048576 bytes',
    ],
    [
      'bytes that are no text',
      () => writeFileSync(join(folder, 'rules', 'x.yaml'), Buffer.from([0x61, 0xff])),
      'x.yaml: it is no UTF-8 text',
    ],
    ['a pipe', () => execFileSync('mkfifo', [join(folder, 'rules', 'x.yaml')]), 'x.yaml: it is not a file'],
  ])('refuses %s', (_, make, message) => {
    make();
    expect(() => readPolicyFiles([folder])).toThrow(message);
  });

  it('refuses more than 1000 files', () => {
    for (let n = 0; n <= 1000; n++) writeFileSync(join(folder, 'rules', `${n}.yaml`), '');
    expect(() => readPolicyFiles([folder])).toThrow('more than 1000 files');
  });
});

describe('watchPolicies', () => {
  const soon = { interval: 20 };

  it('tells once of a burst of changes, also of the renames that editors and git do', async () => {
    const heard = vi.fn();
    stop = watchPolicies([folder], heard);
    for (let n = 0; n < 20; n++) writeFileSync(join(folder, 'rules', 'a.yaml'), `# ${n}\n`);
    await expect.poll(() => heard.mock.calls.length, soon).toBe(1);
    writeFileSync(join(folder, 'rules', '.a.swp'), 'new');
    renameSync(join(folder, 'rules', '.a.swp'), join(folder, 'rules', 'a.yaml'));
    await expect.poll(() => heard.mock.calls.length, soon).toBe(2);
    rmSync(join(folder, 'rules', 'a.yaml'));
    await expect.poll(() => heard.mock.calls.length, soon).toBe(3);
  });

  it('tells of a folder that comes after the start, by looking itself', async () => {
    const heard = vi.fn();
    const late = join(root, 'late.d');
    stop = watchPolicies([folder, late], heard);
    mkdirSync(late);
    writeFileSync(join(late, 'x.yaml'), '');
    await expect.poll(() => heard.mock.calls.length, soon).toBe(1);
  });

  it('says nothing of what is not policy, and nothing after it was stopped', async () => {
    const heard = vi.fn();
    stop = watchPolicies([folder], heard);
    writeFileSync(join(folder, 'rules', 'README.md'), 'text');
    stop();
    writeFileSync(join(folder, 'rules', 'a.yaml'), '');
    const other = vi.fn();
    stop = watchPolicies([folder], other);
    utimesSync(join(folder, 'rules', 'a.yaml'), 1, 1);
    await expect.poll(() => other.mock.calls.length, soon).toBe(1);
    expect(heard).not.toHaveBeenCalled();
  });
});
