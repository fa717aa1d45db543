import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PolicyKeeper } from '../../../gateway/edge/store/policy-keeper.ts';
import { settings as base } from '../../gateway/fixture.ts';

let folder = '';
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-policy-${process.pid}-`));
  mkdirSync(join(folder, 'policies.d/rules'), { recursive: true });
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const patience = { timeout: 60_000 };
const rule = (name: string) => `- name: ${name}\n  when: { kind: camera }\n  then: quarantine\n`;
const put = (text: string) => writeFileSync(join(folder, 'policies.d/rules/site.yaml'), text);
const open = () => PolicyKeeper.open(folder, { ...base(), policyFolders: [join(folder, 'policies.d')] }, line => said.push(line));
const names = (keeper: PolicyKeeper) => keeper.policy.rules.map(({ value }) => value.name);

describe('the policy in force', () => {
  it('follows good files; a bad one is refused whole, with file and line, and the last good ones stay', async () => {
    put(rule('first'));
    const keeper = await open();
    put(rule('second'));
    expect([keeper.reload(), names(keeper), keeper.problems]).toEqual([true, ['second'], []]);
    put(`${rule('third')}- name: fourth\n  whenn: {}\n  then: hold\n`);
    expect(keeper.reload()).toBe(false);
    expect(names(keeper)).toEqual(['second']);
    expect(keeper.problems.join()).toMatch(/policies\.d\/rules\/site\.yaml:\d+: /);
    put(rule('fifth'));
    expect([keeper.reload(), names(keeper), keeper.problems]).toEqual([true, ['fifth'], []]);
  });

  it('stays over a restart while the files are bad, also when the folder is gone', async () => {
    put(rule('good'));
    await open();
    put('- name: [');
    const again = await open();
    expect(names(again)).toEqual(['good']);
    expect(again.problems).not.toEqual([]);
    rmSync(join(folder, 'policies.d'), { recursive: true });
    expect(names(await open())).toEqual(['good']);
  });

  it('that is most likely not meant is in force and told, from the start and in few lines, and is no problem', async () => {
    put(rule('good'));
    mkdirSync(join(folder, 'policies.d/expected'));
    const list = (text: string) => writeFileSync(join(folder, 'policies.d/expected/dock.yaml'), text);
    list('- serial: "1"\n  vendor: Acme\n');
    const keeper = await open();
    const note: unknown = expect.stringContaining('policies.d/expected/dock.yaml:1: Cannot let in by proof alone "1": no port is named');
    expect([keeper.problems, keeper.notes]).toEqual([[], [note]]);
    expect(said).toEqual([note]);
    list('- serial: "1"\n'.repeat(300));
    expect(keeper.reload()).toBe(true);
    expect(keeper.problems).toEqual([]);
    expect([keeper.notes.length, keeper.notes.at(-1)]).toEqual([51, 'and 251 more such notes on policy files']);
    list('- serial: "1"\n  vendor: Acme\n  port: lan1\n');
    expect([keeper.reload(), keeper.notes]).toEqual([true, []]);
  });

  it('is none at a first start with bad files: it says why and does not start', async () => {
    put('- name: x\n  then: maybe\n');
    await expect(open()).rejects.toThrow(/site\.yaml:\d+: /);
  });

  it('keeps the last good trust while files are bad or every anchor is gone, and tells once of each change', async () => {
    put(rule('good'));
    const keeper = await open();
    const trust = (name: string) => ({ trust: { anchors: [{ name, certificate: 'AA==' }], referenceSets: [] }, problems: [] });
    const first = keeper.takeTrust(trust('acme'));
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(keeper.takeTrust(trust('acme'))).toBeUndefined();
    expect(keeper.takeTrust({ ...trust('evil'), problems: ['Cannot read acme.json: its signature is wrong'] })).toBeUndefined();
    expect(keeper.takeTrust({ trust: { anchors: [], referenceSets: [] }, problems: [] })).toBeUndefined();
    expect(keeper.trust.anchors.map(({ name }) => name)).toEqual(['acme']);
    expect(keeper.problems.join()).toContain('every anchor is gone');
    expect(keeper.takeTrust(trust('other'))).toMatch(/^[0-9a-f]{64}$/);
    expect(keeper.problems).toEqual([]);
  });

  it('keeps the last good trust over a restart while files are bad, and takes what they are then when they are good', async () => {
    put(rule('good'));
    const trust = (...names: readonly string[]) => ({ anchors: names.map(name => ({ name, certificate: 'AA==' })), referenceSets: [] });
    const anchors = (keeper: PolicyKeeper) => keeper.trust.anchors.map(({ name }) => name);
    const problems = ['Cannot read acme.yaml: it is no YAML'];
    const written = () => vi.waitFor(() => expect(readFileSync(kept, 'utf8')).toContain('"acme"'), patience);
    const kept = join(folder, 'trust-in-force.json');
    const first = await open();
    first.takeTrust({ trust: trust(), problems });
    expect([anchors(first), existsSync(kept)]).toEqual([[], false]);
    first.takeTrust({ trust: trust('acme'), problems: [] });
    await written();
    expect(statSync(kept).mode & 0o777).toBe(0o600);

    const again = await open();
    again.takeTrust({ trust: trust('evil'), problems });
    expect([anchors(again), again.problems]).toEqual([['acme'], problems]);
    again.takeTrust({ trust: trust('other'), problems: [] });
    expect(anchors(again)).toEqual(['other']);
    await vi.waitFor(() => expect(readFileSync(kept, 'utf8')).toContain('"other"'), patience);

    // An operator who took every anchor away meanwhile has his way.
    const bare = await open();
    bare.takeTrust({ trust: trust(), problems: [] });
    expect([anchors(bare), bare.problems]).toEqual([[], []]);
  });

  it('keeps no trust that is too large, nor what it cannot read, and says so', async () => {
    put(rule('good'));
    const kept = join(folder, 'trust-in-force.json');
    const first = await open();
    const small = { anchors: [{ name: 'acme', certificate: 'AA==' }], referenceSets: [] };
    first.takeTrust({ trust: small, problems: [] });
    const large = { ...small, crls: [{ name: 'x.crl', sha256: 'ab'.repeat(32), der: 'A'.repeat(5_000_000) }] };
    first.takeTrust({ trust: large, problems: [] });
    await vi.waitFor(() => expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({}), patience);
    expect(said.join()).toContain('a restart will have the trust files as they are then');
    for (const text of ['{"anchors":[{"name":7}]}', 'no JSON', '[]']) {
      writeFileSync(kept, text);
      rmSync(`${kept}.bak`, { force: true });
      const again = await open();
      again.takeTrust({ trust: { anchors: [], referenceSets: [] }, problems: ['Cannot read x'] });
      expect(again.trust.anchors, text).toEqual([]);
    }
    expect(said.filter(line => line.startsWith('Cannot use the kept trust')).length).toBe(2);
  });

  it('takes what people brought beside its files, and lets go of it though a file is wrong', async () => {
    put(rule('good'));
    const keeper = await open();
    const files = { trust: { anchors: [{ name: 'acme', certificate: 'AA==' }], referenceSets: [] }, problems: [] as string[] };
    const verifier = { name: 'plant', spki: 'AA==', most: 'warning', maxAgeSeconds: 60 } as const;
    const brought = { anchors: [{ name: 'brought', certificate: 'AA==' }], verifiers: [verifier] };
    const names = () => [...keeper.trust.anchors, ...(keeper.trust.verifiers ?? [])].map(({ name }) => name);
    keeper.takeTrust(files, brought);
    expect(names()).toEqual(['acme', 'brought', 'plant']);
    const broken = { trust: { anchors: [], referenceSets: [] }, problems: ['Cannot read acme.yaml: it is no YAML'] };
    expect(keeper.takeTrust(broken, brought)).toBeUndefined();
    expect(keeper.takeTrust(broken, { anchors: [], verifiers: [] })).toMatch(/^[0-9a-f]{64}$/);
    expect(names()).toEqual(['acme']);
  });
});
