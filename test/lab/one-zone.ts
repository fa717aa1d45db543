import type { DeviceRow } from '../../gateway/api/contract.ts';
import type { Settings } from '../../gateway/model/settings.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { server } from './hosts/beat.ts';
import { type Lan, until } from './namespace.ts';

/** The gateway's address on the bridge of such a site. */
export const gatewayIp = '10.20.0.1';

type Zone = Omit<Settings['zones'][number], 'challengePorts'>;
type OneZone = Omit<Settings, 'dataFolder' | 'policyFolders' | 'zones'> & { readonly zones: readonly Zone[] };

/** Settings of a bridge with one zone, `line`, which enforces and asks by these channels. */
export const oneZone = (
  devices: readonly { readonly port: string }[],
  channels: NonNullable<Zone['channels']>,
  evidenceTtlSeconds = 600,
): OneZone => ({
  network: {
    kind: 'bridge',
    bridge: 'br0',
    ports: devices.map(d => d.port),
    uplinks: ['up0'],
    ip: gatewayIp,
    dhcpServers: [server.address],
  },
  page: { host: '127.0.0.1', port: 8443 },
  attestation: { host: gatewayIp, port: 8444 },
  zones: [
    { name: 'line', mode: 'enforce', default: true, challenge: true, channels, evidenceTtlSeconds, graceSeconds: 60, otherwise: 'hold' },
  ],
  browseMdns: false,
});

/** Has each look for the gateway, so that their addresses are known now and not when they next look for somebody. */
export const announce = (lan: Lan, names: readonly string[]): Promise<unknown> =>
  Promise.all(names.map(name => lan.exec(name, ['ping', '-c1', '-W1', gatewayIp])));

type Named = { readonly name: string; readonly mac: string };

/** The row of the device of that name as soon as `holds`; else throws with the row as it was seen last. */
export async function untilRow(
  gateway: GatewayProcess | undefined,
  devices: readonly Named[],
  name: string,
  holds: (device: DeviceRow) => boolean,
  timeoutMs: number,
): Promise<DeviceRow> {
  let seen: DeviceRow | undefined;
  const mac = devices.find(d => d.name === name)?.mac;
  const is = async (): Promise<boolean> => {
    seen = (await gateway?.devices())?.find(d => d.mac === mac);
    return seen !== undefined && holds(seen);
  };
  await until(is, `${name} is as it should be`, timeoutMs).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : 'failed'}: ${JSON.stringify(seen)}`, { cause: error });
  });
  if (seen === undefined) throw new Error(`Cannot find ${name}`);
  return seen;
}
