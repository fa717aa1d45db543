import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Started without its channel, this ends at once and well; what is killed, as most are in tests, leaves no compiled code behind. */
const first = fileURLToPath(new URL('../gateway/edge/challenge/challenger.ts', import.meta.url));

/** For the whole run: the programs that tests start, hundreds of them, are compiled once. The product's own processes get no environment and so no cache. */
export default function share(): () => void {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-compiled-${process.pid}-`));
  process.env['NODE_COMPILE_CACHE'] = folder;
  spawnSync(process.execPath, [first], { stdio: Array<'ignore'>(4).fill('ignore'), timeout: 60_000 });
  return () => rmSync(folder, { recursive: true, force: true });
}
