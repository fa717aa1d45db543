import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backOff } from '../../gateway/edge/keeper.ts';
import { roles, type RoleName } from '../../gateway/edge/roles.ts';
import { labIsMissing, type Lan, makeLan, until } from '../lab/namespace.ts';
import { isAlive, Processes, statusOf } from './processes.ts';

const missing = labIsMissing();
if (missing) console.warn(`supervisor: skipped, ${missing}`);

const sensorArgument = JSON.stringify({ ports: ['v1'], filter: 'none', user: roles.sensor.becomes });
const hex = (...bits: number[]): string =>
  bits
    .reduce((sum, bit) => sum + 2 ** bit, 0)
    .toString(16)
    .padStart(16, '0');
const [netAdmin, netRaw, setgid, setuid] = [12, 13, 6, 7];

describe.skipIf(missing !== undefined)('the supervisor', () => {
  let lan: Lan;
  let processes: Processes;
  const all: readonly RoleName[] = ['sensor', 'enforcer', 'challenger', 'browser', 'gateway'];

  beforeAll(async () => {
    lan = await makeLan({ prefix: 'spsv', devices: [{ name: 'd1', port: 'v1', mac: '02:00:5e:00:00:01', ip: '10.20.1.1/16' }] });
    const first = { 4: { do: 'half-line' } };
    processes = new Processes(lan, 'gateway', {
      real: { sensor: [sensorArgument] },
      standIns: ['enforcer', 'challenger', 'browser'],
      first,
    });
    await processes.until(() => [3, 4, 5, 6].every(fd => processes.messages(fd, 'hello').length > 0), 'every role says hello');
  });
  afterAll(async () => {
    await processes.stop();
    await lan.close();
  });

  it.each([
    ['sensor', 61171, hex(), hex(netRaw, setgid, setuid)],
    ['enforcer', 61172, hex(netAdmin), hex(netAdmin)],
    ['challenger', 61173, hex(), hex()],
    ['gateway', 61174, hex(), hex()],
    ['browser', 61175, hex(), hex()],
  ] as const)('%s runs as %i with the capabilities %s and can never have more than %s', (role, uid, capabilities, bounding) => {
    const pid = processes.pid(role);
    expect(statusOf(pid, 'Uid')).toBe(Array(4).fill(uid).join(' '));
    expect(statusOf(pid, 'Gid')).toBe(Array(4).fill(uid).join(' '));
    expect(statusOf(pid, 'Groups')).toBe('');
    expect(statusOf(pid, 'CapEff')).toBe(capabilities);
    expect(statusOf(pid, 'CapPrm')).toBe(capabilities);
    expect(statusOf(pid, 'CapBnd')).toBe(bounding);
    expect(statusOf(pid, 'NoNewPrivs')).toBe('1');
    expect(statusOf(pid, 'Umask')).toBe('0077');
  });

  it('throws half a line of a killed process away and gives the gateway its successor', async () => {
    const before = processes.messages(4, 'hello').length;
    process.kill(processes.pid('enforcer'), 'SIGKILL');
    await processes.until(() => processes.messages(4, 'hello').length > before, 'the enforcer says hello again');
    expect(processes.heard.filter(h => h.fd === 4 && h.spoilt !== undefined)).toHaveLength(1);
  });

  it.each(['sensor', 'challenger', 'browser'] as const)('starts a killed %s again and leaves the others alone', async role => {
    const pids = new Map(all.map(r => [r, processes.pid(r)]));
    const hellos = processes.messages(roles[role].fd, 'hello').length;
    process.kill(processes.pid(role), 'SIGKILL');
    await processes.until(() => processes.messages(roles[role].fd, 'hello').length > hellos, `${role} says hello again`);
    expect(all.filter(r => processes.pid(r) !== pids.get(r))).toEqual([role]);
  });

  it('starts a killed gateway again with the streams of the processes that went on', async () => {
    const pids = new Map(all.map(r => [r, processes.pid(r)]));
    const from = processes.heard.length;
    process.kill(processes.pid('gateway'), 'SIGKILL');
    await processes.until(
      () => [4, 5, 6].every(fd => processes.heard.slice(from).some(h => h.fd === fd && h.message?.type === 'beat')),
      'beats come',
    );
    await processes.until(() => processes.heard.slice(from).some(h => h.fd === 3 && h.message?.type === 'counters'), 'counters come');
    expect(all.filter(r => processes.pid(r) !== pids.get(r))).toEqual(['gateway']);
  });

  it('ends a process that hangs: one that beats and then writes nothing', async () => {
    const hang = { do: 'hang' } as const;
    const hanging = new Processes(lan, 'server', { standIns: ['browser', 'challenger', 'enforcer'], first: { 6: hang, 5: hang, 4: hang } });
    try {
      for (const role of ['browser', 'challenger'] as const) {
        await hanging.until(() => hanging.log.some(l => l.event === 'hang' && l.role === role), `the ${role}'s hang is seen`);
        await hanging.until(() => hanging.starts(role) > 1, 'it is started again');
      }
      expect(hanging.starts('enforcer')).toBe(1); // nobody asked for its heartbeat
    } finally {
      process.kill(hanging.pid('enforcer'), 'SIGKILL');
      await hanging.stop();
    }
  });

  it('gives the gateway a stream that says nothing for a process that is not there', async () => {
    const alone = new Processes(lan, 'server', { standIns: ['challenger'], first: { 4: { type: 'enforce' } } });
    await alone.until(() => alone.messages(5, 'beat').length > 5, 'the challenger beats');
    expect(alone.starts('gateway')).toBe(1);
    expect(alone.heard.filter(h => h.fd === 4)).toEqual([]);
    await alone.stop();
  });

  it('ends its processes when it is asked to end', async () => {
    const asked = new Processes(lan, 'server', { standIns: ['enforcer', 'challenger'] });
    await asked.until(() => asked.messages(4, 'hello').length > 0 && asked.messages(5, 'hello').length > 0, 'they say hello');
    const pids = (['enforcer', 'challenger', 'gateway'] as const).map(r => asked.pid(r));
    await asked.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('leaves processes that end by themselves when it is killed', async () => {
    const killed = new Processes(lan, 'server', { standIns: ['enforcer', 'challenger'] });
    await killed.until(() => killed.messages(4, 'hello').length > 0 && killed.messages(5, 'hello').length > 0, 'they say hello');
    const pids = (['enforcer', 'challenger', 'gateway'] as const).map(r => killed.pid(r));
    killed.child.kill('SIGKILL');
    await until(() => !pids.some(isAlive), 'they are gone');
  });
});

describe('the waiting time before a restart', () => {
  it('is nothing at first, then doubles up to 5 s', () => {
    expect([0, 1, 2, 3, 6, 7, 50].map(backOff)).toEqual([0, 100, 200, 400, 3200, 5000, 5000]);
  });
});
