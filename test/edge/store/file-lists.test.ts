import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { order } from '../../../gateway/edge/challenge/orders.ts';
import { maxLine } from '../../../gateway/edge/lines.ts';
import { maxListedFiles } from '../../../gateway/edge/store/file-lists.ts';
import { hashOfTrust } from '../../../gateway/edge/store/policy-keeper.ts';
import { readTrust } from '../../../gateway/edge/store/trust-files.ts';

let folder: string;
const put = (name: string, content: string): void => writeFileSync(join(folder, 'reference-values', name), content);
const at = (line: number, file = 'edge.ima.yaml'): string => `${basename(folder)}/reference-values/${file}:${line}`;
const problems = (): string => readTrust([folder], 0).problems.join('\n');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-files-${process.pid}-`));
  mkdirSync(join(folder, 'reference-values'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const a = 'a'.repeat(64);
const b = 'b'.repeat(96);
const entry = (more: string, model = 'EdgeBox-3'): string => `- vendor: Acme Edge
  model: ${model}
${more}  provenance: { source: build server, by: A. Admin, when: "2026-11-01" }
`;
const one = `  files:
    - path: /usr/bin/plc
      digests: ["sha256:${a}", "sha384:${b}"]
`;

describe('lists of files that may be run', () => {
  it('come from *.ima.yaml and the sums beside it, and reach the challenger whole', () => {
    put('edge.ima.yaml', entry(`${one}  lists: [edge.sha256]\n  excludes: [/var/log/]\n`));
    put('edge.sha256', `${a}  /usr/lib/a.so\n${b} */usr/share/with space\n`);
    const { trust, problems: found } = readTrust([folder], 0);
    expect(found).toEqual([]);
    const list = {
      name: at(1),
      vendor: 'Acme Edge',
      model: 'EdgeBox-3',
      files: [
        ['/usr/bin/plc', [`sha256:${a}`, `sha384:${b}`]],
        ['/usr/lib/a.so', [`sha256:${a}`]],
        ['/usr/share/with space', [`sha384:${b}`]],
      ],
      excludes: ['/var/log/'],
    };
    expect(trust.fileLists).toEqual([list]);
    const sent = order.parse(JSON.parse(JSON.stringify({ type: 'trust', trust })));
    expect(sent).toMatchObject({ trust: { fileLists: [list] } });
    put('edge.sha256', `${a}  /usr/lib/b.so\n`);
    // Another list is other trust: everybody is asked anew.
    expect(hashOfTrust(readTrust([folder], 0).trust)).not.toBe(hashOfTrust(trust));
  });

  it.each([
    ['a digest of SHA-1', `  files: [{ path: /a, digests: ["sha1:${'a'.repeat(40)}"] }]\n`, /:3: .*sha256:, sha384: or sha512:/],
    ['neither files nor sums', '', /:1: .*an entry with files or lists/],
    ['a field that there is not', `${one}  ignore: [/tmp/]\n`, /:6: .*ignore/],
    ['sums in another folder', '  lists: [../anchors/edge.sha256]\n', /:3: .*the name of a file in the same folder/],
    ['sums that are not there', '  lists: [none.sha256]\n', /:1: Cannot read none.sha256: there is no such file beside it/],
    ['sums that are none', '  lists: [bad.sha256]\n', /bad.sha256:2: no line as sha256sum/],
    ['sums of nothing', '  lists: [empty.sha256]\n', /empty.sha256: it is empty/],
  ])('with %s are refused where it stands', (_, more, why) => {
    put('bad.sha256', `${a}  /a\n${'a'.repeat(63)}  /b\n`);
    put('empty.sha256', '');
    put('edge.ima.yaml', entry(more));
    expect(problems()).toMatch(why);
    expect(readTrust([folder], 0).trust.fileLists).toBeUndefined();
  });

  it('of one class are one', () => {
    put('edge.ima.yaml', entry(one));
    put('more.ima.yaml', entry(one));
    expect(problems()).toContain(`Cannot use the list of files at ${at(1, 'more.ima.yaml')}: ${at(1)} is for Acme Edge EdgeBox-3 too`);
  });

  it('fit into one line with everything else, and are refused beyond that', () => {
    const sums = (count: number, path = '/usr/lib/x86_64-linux-gnu/'): string =>
      Array.from({ length: count }, (_, i) => `${a}  ${path}${i}\n`).join('');
    put('edge.ima.yaml', entry('  lists: [edge.sha256]\n'));
    put('edge.sha256', sums(maxListedFiles));
    const { trust, problems: found } = readTrust([folder], 0);
    expect(found).toEqual([]);
    expect(JSON.stringify(trust).length).toBeLessThan(maxLine / 2);
    put('edge.sha256', sums(maxListedFiles + 1));
    expect(problems()).toContain(`they have ${maxListedFiles + 1} files`);
    put('edge.sha256', sums(15_000, `/${'d'.repeat(150)}/`));
    expect(problems()).toMatch(/they have 15000 files and \d+ characters/);
  });
});
