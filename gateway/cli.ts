import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { clientVerbs } from './api/verb-help.ts';

/**
 * The command line: one verb, data on stdout, the rest on stderr. Exit codes: 0 good, 1 wrong call or failure of ours, 2 findings, 3 denied,
 * 4 nothing known. A verb is loaded only when it is called: the gateway and its page are large, and those who read a file need neither.
 */
const [verb = '', ...args] = process.argv.slice(2);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** From here on a capture is long: what a second start costs (40 ms) is nothing beside reading it. Bytes. */
const longFile = 64 * 1024 * 1024;
const isLongFile = (arg: string): boolean => (statSync(arg, { throwIfNoEntry: false })?.size ?? 0) >= longFile;

/**
 * What can only be said before the program starts: this process becomes the same program once more (execve: the same process id, files and terminal).
 * - glibc gives each thread of the compiler memory of its own, 8 MiB together on a long capture: let all share one.
 * - Room for 2 MiB that are young instead of 1: half as many collections, and less that is old before it is known to be garbage.
 * Returns where that cannot be, or was done.
 */
function startAnewForLongFile(): void {
  const { execPath, execArgv, argv, env } = process;
  if (env['MALLOC_ARENA_MAX'] === undefined)
    process.execve?.(execPath, [execPath, '--min-semi-space-size=2', ...execArgv, ...argv.slice(1)], { ...env, MALLOC_ARENA_MAX: '1' });
}

async function main(): Promise<number> {
  if (verb === 'replay') return (await import('./edge/replay-verb.ts')).replay(args);
  if (verb === 'inspect') {
    if (args.some(isLongFile)) startAnewForLongFile();
    // What it makes of a frame is forgotten at once: a heap for the young that grows would only take memory.
    setFlagsFromString('--semi-space-growth-factor=1');
    // So little is collected at once that threads which help with it cost more than they do.
    setFlagsFromString('--no-parallel-scavenge');
    // Nobody waits for a single frame: to mark the heap at once costs less than bit by bit between frames.
    setFlagsFromString('--no-incremental-marking');
    // By default it may become four times what lives before anybody looks what of it does.
    setFlagsFromString('--heap-growing-percent=60');
    return (await import('./edge/inspect-verb.ts')).inspect(args, process);
  }
  if (verb === 'verify') {
    const { verify } = await import('./edge/verify-verb.ts');
    return verify(args, { stdout: process.stdout, stderr: process.stderr, now: Date.now() });
  }
  if (verb === 'backup') return (await import('./edge/backup-verb.ts')).backup(args, process);
  if (verb === 'run') return (await import('./edge/run.ts')).run(args);
  const clientVerb = clientVerbs.find(known => known === verb);
  if (clientVerb !== undefined) {
    const { runClientVerb } = await import('./api/verbs.ts');
    const at = args.findIndex(arg => arg === '--data' || arg.startsWith('--data='));
    const data = at < 0 ? '/var/lib/sallyport' : args[at] === '--data' ? args[at + 1] : args[at]?.slice('--data='.length);
    if (data === undefined || data === '' || data.startsWith('-')) throw new Error('Cannot read --data: name a folder after it');
    const rest = at < 0 ? args : args.toSpliced(at, args[at] === '--data' ? 2 : 1);
    const user = process.env['SUDO_USER'];
    const { columns } = process.stdout;
    const stdout = {
      write: (text: string) => process.stdout.write(text),
      drained: () => once(process.stdout, 'drain'),
      ...(process.stdout.isTTY ? { columns } : {}),
    };
    const { journalOf } = await import('./edge/store/offline-journal.ts');
    const offline = journalOf(data);
    const io = { socketPath: join(data, 'control.sock'), stdout, stderr: process.stderr, ...(offline === undefined ? {} : { offline }) };
    return runClientVerb(clientVerb, rest, user === undefined ? io : { ...io, user });
  }
  say(`Cannot run '${verb}': unknown verb, see ./sallyport --help`);
  return 1;
}

// Who reads the first lines only (`| head`) has enough of it.
process.stdout.on('error', (error: Error) => {
  if (!('code' in error && error.code === 'EPIPE')) throw error;
  process.exit();
});

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  say(error.message);
  process.exitCode = 1;
}
