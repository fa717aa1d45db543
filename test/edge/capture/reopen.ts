import { LivePort } from '../../../gateway/edge/capture/live.ts';
import { dropPrivileges } from '../../../gateway/edge/capture/privileges.ts';
import { roles } from '../../../gateway/edge/roles.ts';

/** Opens v1 as the sensor does, gives root up, and says what a second try came to. */
const nothing = (): void => undefined;
function tryTo(): string {
  try {
    const opened = LivePort.open(
      'v1',
      { filter: 'none', bufferBytes: 1_000_000 },
      { onFrame: nothing, onTurn: nothing, onBroken: nothing },
      { last: 0 },
    );
    return opened instanceof LivePort ? 'open' : opened.kind;
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown';
  }
}
function becomeRoot(): string {
  try {
    process.setuid?.(0);
    return 'root';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}
const asRoot = tryTo();
dropPrivileges(roles.sensor.becomes);
process.stdout.write(JSON.stringify({ asRoot, afterwards: tryTo(), root: becomeRoot() }));
