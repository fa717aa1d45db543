import { startBeat } from './beat.ts';
import { startCamera } from './camera.ts';
import { startPlc } from './plc.ts';
import { startTls } from './sensor.ts';

/** `node host.ts ROLE NAME FOLDER`: one simulated host, run inside its namespace. It ends when its stdin does. */
const roles = {
  sensor: (_name: string, folder: string) => startTls(folder, '21.5 C'),
  printer: (name: string, folder: string) => startTls(folder, `<title>${name}</title>Ready`),
  plc: () => startPlc(),
  camera: () => startCamera(),
  /** Nothing but the beat: clone, stealth host, unknown laptop. */
  quiet: () => undefined,
};
export type Role = keyof typeof roles;

const [role = '', name = 'host', folder = '.'] = process.argv.slice(2);
const isRole = (text: string): text is Role => Object.hasOwn(roles, text);
if (!isRole(role)) throw new Error(`Cannot play ${role}: unknown role`);
roles[role](name, folder);
startBeat(name);
process.stdin.on('end', () => process.exit(0)).resume();
