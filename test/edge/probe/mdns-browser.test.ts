import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labIsMissing, type Lan, makeLan } from '../../lab/namespace.ts';
import { Processes } from '../processes.ts';

const missing = labIsMissing() ?? (spawnSync('avahi-daemon', ['--version']).status === 0 ? undefined : 'there is no avahi-daemon');
if (missing) console.warn(`mDNS browser: skipped, ${missing}`);

const service = `<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Dock camera</name><service><type>_rtsp._tcp</type><port>554</port></service></service-group>`;
/** A daemon of our own: private services, runtime folder and no D-Bus. Arguments: services, configuration. */
const avahi = `mount --bind "$1" /etc/avahi/services && mkdir -p /run/avahi-daemon && mount -t tmpfs x /run/avahi-daemon &&
exec avahi-daemon -f "$2" --no-drop-root --no-rlimits --no-chroot`;

describe.skipIf(missing !== undefined)('the mDNS browser', () => {
  let lan: Lan;
  let folder: string;
  let processes: Processes;
  let hostile: ChildProcess;
  let answered = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), `sallyport-mdns-${process.pid}-`));
    mkdirSync(join(folder, 'services'));
    writeFileSync(join(folder, 'services', 'camera.service'), service);
    writeFileSync(join(folder, 'avahi.conf'), '[server]\nhost-name=dock-camera\nuse-ipv6=no\nenable-dbus=no\nallow-interfaces=eth0\n');
    const devices = [1, 2].map(n => ({ name: `d${n}`, port: `v${n}`, mac: `02:00:5e:00:00:0${n}`, ip: `10.20.1.${n}/16` }));
    lan = await makeLan({ prefix: 'spmdns', devices });
    for (const host of ['gateway', 'd1', 'd2'])
      await lan.exec(host, ['ip', 'route', 'add', '224.0.0.0/4', 'dev', host === 'gateway' ? lan.bridge : 'eth0']);
    const script = fileURLToPath(new URL('self-pointing.py', import.meta.url));
    hostile = lan.spawn('d2', ['/usr/bin/python3', script, '10.20.1.2'], { stdio: ['ignore', 'pipe', 'inherit'] });
    hostile.stdout?.on('data', () => answered++);
    processes = new Processes(lan, 'gateway', { real: { browser: [] } });
  });
  afterAll(async () => {
    await processes.stop();
    await lan.close();
    rmSync(folder, { recursive: true });
  });

  it('goes on beating after the packet whose name points at itself', async () => {
    await processes.until(() => answered > 0, 'the hostile host answers');
    const beats = processes.messages(6, 'beat').length;
    await processes.until(() => processes.messages(6, 'beat').length > beats + 5, 'it beats');
    expect(processes.starts('browser')).toBe(1);
    expect(processes.log.filter(l => l.event === 'hang')).toEqual([]);
  });

  it('finds the service of an avahi daemon, the hostile host still answering', async () => {
    lan.spawn('d1', ['unshare', '-m', 'sh', '-c', avahi, 'sh', join(folder, 'services'), join(folder, 'avahi.conf')]);
    await processes.until(() => processes.messages(6, 'hint').some(h => h['ip'] === '10.20.1.1'), 'the camera is found');
    expect(processes.messages(6, 'hint').find(h => h['ip'] === '10.20.1.1')?.['services']).toContain('_rtsp._tcp');
    expect(processes.starts('browser')).toBe(1);
  });
});
