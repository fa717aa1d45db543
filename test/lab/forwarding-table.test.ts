import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labIsMissing, run, sweep, until } from './namespace.ts';

/** The watcher of the forwarding table against a real bridge and a real overrun of its netlink socket. */
const [prefix, bridge] = ['slfdb', 'br0'];
const namespace = `${prefix}-${process.pid}-gw`;
const missing = labIsMissing();
if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);
const mac = (i: number): string => `02:77:00:00:${[i >> 8, i & 255].map(x => x.toString(16).padStart(2, '0')).join(':')}`;

describe.skipIf(missing !== undefined)('the forwarding table of a real bridge', () => {
  const told = new Set<string>();
  let count = 0;
  let watcher: ReturnType<typeof spawn>;

  /** Adds or deletes entries as the bridge would learn and forget them. */
  const change = async (verb: 'add' | 'del', from: number, to: number, port = 'p1'): Promise<void> => {
    const lines = Array.from(
      { length: to - from },
      (_, i) => `fdb ${verb} ${mac(from + i)} dev ${port} master${verb === 'add' ? ' dynamic' : ''}`,
    );
    const { code, stderr } = await run(namespace, ['bridge', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    expect([code, stderr]).toEqual([0, '']);
  };
  /** The `bridge monitor` of the watcher. */
  const monitor = (): number => Number(readFileSync(`/proc/${watcher.pid}/task/${watcher.pid}/children`, 'utf8').trim().split(' ')[0]);
  const isMonitor = (): boolean => monitor() > 0 && readFileSync(`/proc/${monitor()}/comm`, 'utf8').trim() === 'bridge';

  beforeAll(async () => {
    await sweep(prefix, process.pid);
    expect(await run(undefined, ['ip', 'netns', 'add', namespace])).toMatchObject({ code: 0 });
    for (const words of [
      `add ${bridge} type bridge`,
      'add p1 type veth peer name q1',
      'add p2 type veth peer name q2',
      `set p1 master ${bridge} up`,
      `set p2 master ${bridge} up`,
      'set q1 up',
      'set q2 up',
      `set ${bridge} up`,
    ])
      expect(await run(namespace, ['ip', 'link', ...words.split(' ')]), words).toMatchObject({ code: 0 });
    const script = join(import.meta.dirname, 'forwarding-table-process.ts');
    // `nsenter` stays no process of its own, so that the watcher's children are its own.
    watcher = spawn('nsenter', [`--net=/run/netns/${namespace}`, process.execPath, script, bridge], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (watcher.stdout !== null)
      createInterface({ input: watcher.stdout }).on('line', line => {
        if (!line.includes('02:77:')) return; // the interfaces' own kernels speak too
        told.add(line);
        count++;
      });
  });
  afterAll(async () => {
    watcher.stdin?.end();
    await until(() => watcher.exitCode !== null, 'the watcher ends');
    await run(undefined, ['ip', 'netns', 'del', namespace]);
  });

  it('tells what it learns', async () => {
    await until(isMonitor, 'the monitor runs');
    await change('add', 0, 3);
    await until(() => told.size === 3, 'three addresses are told');
    expect([...told]).toContain(`p1 ${mac(2)}`);
  });

  it('reads the table anew after the kernel dropped news: all are told, once each', async () => {
    process.kill(monitor(), 'SIGSTOP');
    await change('add', 3, 3000);
    expect(told.size).toBe(3);
    process.kill(monitor(), 'SIGCONT');
    await until(() => told.size === 3000, 'all are told');
    expect(count).toBe(3000);
  });

  it('what left meanwhile is told again when it comes back, and holds no place', async () => {
    process.kill(monitor(), 'SIGSTOP');
    await change('del', 1000, 3000);
    await change('add', 3000, 5000);
    process.kill(monitor(), 'SIGCONT');
    await until(() => told.size === 5000, 'the new ones are told');
    const before = count;
    await change('add', 1000, 1003);
    await until(() => count >= before + 3, 'the returned ones are told');
    await change('add', 5000, 5003, 'p2');
    await until(() => told.has(`p2 ${mac(5002)}`), 'other ports are told too');
    expect(count).toBe(5000 + 3 + 3);
  });
});
