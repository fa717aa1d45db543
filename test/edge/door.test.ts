import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { duplexPair } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Door, doorPath, sweepDoors } from '../../gateway/edge/door.ts';
import { callRole } from '../../gateway/edge/role-link.ts';
import { roles } from '../../gateway/edge/roles.ts';
import { labIsMissing, until } from '../lab/namespace.ts';
import { behindDoor } from './behind-door.ts';

const missing = labIsMissing();
if (missing) console.warn(`doors: skipped, ${missing}`);
const standIn = fileURLToPath(new URL('door-stand-in.ts', import.meta.url));

/** What a stream says, line by line. */
function linesOf(stream: NodeJS.ReadableStream | null): unknown[] {
  const lines: unknown[] = [];
  if (stream) createInterface({ input: stream }).on('line', line => lines.push(JSON.parse(line)));
  return lines;
}

/** A gateway that is told of doors, and what it hears. */
function heard(path: string) {
  const [end, supervisor] = duplexPair();
  const [messages, problems]: [unknown[], string[]] = [[], []];
  callRole(end, { take: message => messages.push(message), problem: what => problems.push(what), alone: () => undefined });
  const tell = (door: string): void => void supervisor.write(`${door}\n`);
  tell(path);
  return { messages, problems, tell, end: () => supervisor.end() };
}

describe.skipIf(missing !== undefined)('a process behind a door', () => {
  const made: { child: { kill: (signal: 'SIGKILL') => boolean }; path: string }[] = [];
  const start = (caller?: number) => {
    const one = behindDoor(stdio => spawn(process.execPath, [standIn], { stdio }), caller);
    made.push(one);
    return { ...one, printed: linesOf(one.child.stdout) };
  };
  afterEach(() => {
    for (const { child, path } of made.splice(0)) {
      child.kill('SIGKILL');
      rmSync(dirname(path), { recursive: true, force: true });
    }
  });

  it('says hello on each connection, then what waited in its order, then to any but the first gateway what it must know', async () => {
    const { child, call, printed } = start();
    child.stdin?.write('one\ntwo\n');
    await until(() => printed.length === 2, 'both wait');
    const first = linesOf(await call());
    await until(() => first.length === 3, 'it is said');
    expect(first).toEqual([{ hello: child.pid }, { said: 'one' }, { said: 'two' }]);
    const next = linesOf(await call());
    await until(() => next.length === 2, 'it says hello again');
    expect(next).toEqual([{ hello: child.pid }, { succeeded: true }]);
  });

  it('talks to the newest gateway only, and closes the connection of the one before', async () => {
    const { child, call, printed } = start();
    const old = await call();
    const said = linesOf(old);
    await until(() => said.length === 1, 'the first is heard');
    const closed = once(old, 'close');
    const next = await call();
    const heard = linesOf(next);
    await closed;
    child.stdin?.write('to the next\n');
    next.write('{"to":"role"}\n');
    await until(() => heard.length === 3 && printed.length === 2, 'both hear');
    expect(heard[2]).toEqual({ said: 'to the next' });
    expect(printed).toContainEqual({ message: { to: 'role' } });
    expect(said).toHaveLength(1);
  });

  it('keeps 32 MiB for a gateway that is away, refuses the rest, and hands over what it kept', async () => {
    const { child, call, printed } = start();
    child.stdin?.write('flood 100\n');
    await until(() => printed.length === 1, 'the flood is through');
    const { refused, waiting } = printed[0] as { readonly refused: number; readonly waiting: number };
    expect(refused).toBe(66);
    expect(waiting).toBeCloseTo(34_000_000, -5);
    const heard: unknown[] = linesOf(await call());
    await until(() => heard.length === 35, 'all of it comes');
    expect(heard.slice(1, 35).map(one => (one as { n: number }).n)).toEqual(Array.from({ length: 34 }, (_, n) => n));
  });

  it('does not grow behind a gateway that reads nothing, and the next one gets what that one was not given', async () => {
    const { child, call, printed } = start();
    const deaf = (await call()).pause();
    child.stdin?.write('flood 100\n');
    await until(() => printed.length === 1, 'the flood is through');
    expect((printed[0] as { waiting: number }).waiting).toBeLessThan(40_000_000);
    const closed = once(deaf, 'close');
    const heard: unknown[] = linesOf(await call());
    deaf.resume();
    await closed;
    await until(() => heard.length >= 33, 'it gets most');
    child.stdin?.write('more\n');
    await until(() => heard.some(one => JSON.stringify(one) === '{"said":"more"}'), 'it goes on');
    const kinds = heard.map(one => Object.keys(one as object)[0]);
    expect(kinds).toEqual(['hello', ...kinds.slice(1, -2).fill('n'), 'succeeded', 'said']); // what waited comes before what is said anew
  });

  it('ends when its supervisor is gone', async () => {
    const { child, supervisor } = start();
    supervisor.destroy();
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it('lets its caller in and no other user', async () => {
    const { path, printed, child } = start(roles.gateway.becomes);
    chmodSync(dirname(dirname(path)), 0o755);
    expect([statSync(path).mode & 0o777, statSync(path).uid, statSync(dirname(path)).mode & 0o777]).toEqual([
      0o600,
      roles.gateway.becomes,
      0o711,
    ]);
    const program = `require('net').connect(${JSON.stringify(path)}).on('connect', () => process.exit(0)).on('error', e => { console.log(e.code); process.exit(1) })`;
    const connect = (user: number) => {
      const argv = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', process.execPath, '-e', program];
      return spawnSync('setpriv', argv, { encoding: 'utf8' }).stdout.trim();
    };
    for (const { becomes } of Object.values(roles)) expect(connect(becomes)).toBe(becomes === roles.gateway.becomes ? '' : 'EACCES');
    child.stdin?.write('alive\n');
    await until(() => printed.length > 0, 'it runs on');
  });
});

describe.skipIf(missing !== undefined)('a door', () => {
  const folder = mkdtempSync('/run/sallyport-test-door-');
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is a new socket for each start: one that a predecessor kept hears nobody', async () => {
    const path = join(folder, 'doors', 'door');
    const [first, second] = [new Door({ path, caller: 0 }), new Door({ path, caller: 0 })];
    const stdio = (fd: number) => ['pipe', 'pipe', 'inherit', fd, 'pipe'] as const;
    const children = [first, second].map(door => {
      const child = spawn(process.execPath, [standIn], { stdio: [...stdio(door.open())] });
      door.handedOver(true);
      return child;
    });
    const gateway = heard(path);
    await until(() => gateway.messages.length > 0, 'one answers');
    expect(gateway.messages[0]).toEqual({ hello: children[1]?.pid });
    for (const child of children) child.kill('SIGKILL');
    gateway.end();
  });

  it('throws where none can be made', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'file'), '');
    expect(() => new Door({ path: join(folder, 'file', 'door'), caller: 0 }).open()).toThrow(/ENOTDIR|EEXIST/);
    const tooLong = join(folder, 'x'.repeat(120));
    expect(() => new Door({ path: tooLong, caller: 0 }).open()).toThrow(`Cannot open the door ${tooLong}`);
  });

  it('is swept with the supervisor that made it, and when that one died', () => {
    const dead = spawnSync('true').pid;
    for (const pid of [process.pid, dead, 1]) mkdirSync(join(folder, `sallyport-doors-${pid}`, 'x'), { recursive: true });
    expect(doorPath('sensor', folder)).toBe(join(folder, `sallyport-doors-${process.pid}`, 'sensor'));
    sweepDoors(folder);
    expect([process.pid, dead, 1].map(pid => existsSync(join(folder, `sallyport-doors-${pid}`)))).toEqual([false, false, true]);
  });

  it('told anew, the gateway leaves the old connection, though whoever holds its other end keeps it open', async () => {
    mkdirSync(folder, { recursive: true });
    const peers: Socket[] = [];
    const servers = ['old', 'new'].map(name => createServer(socket => peers.push(socket)).listen(join(folder, name)));
    const gateway = heard(join(folder, 'old'));
    await until(() => peers.length === 1, 'it calls');
    peers[0]?.write('{"from":"old"}\n');
    await until(() => gateway.messages.length === 1, 'it hears');
    gateway.tell(join(folder, 'new'));
    await until(() => peers.length === 2, 'it calls the new one');
    const [old, next] = peers;
    old?.on('error', () => undefined).write('{"from":"orphan"}\n');
    next?.write('{"from":"new"}\n');
    await until(() => gateway.messages.length === 2, 'it hears the new one');
    await new Promise(resolve => setImmediate(resolve));
    expect(gateway.messages).toEqual([{ from: 'old' }, { from: 'new' }]);
    expect(gateway.problems).toEqual([]);
    gateway.end();
    for (const peer of peers) peer.destroy();
    for (const server of servers) server.close();
  });
});
