import { mkdirSync, writeFileSync } from 'node:fs';
import type { Settings } from '../../gateway/model/settings.ts';
import type { Identities } from './identities.ts';
import { server } from './hosts/beat.ts';
import { hostile, rows } from './rows.ts';
import { gateway } from './warehouse.ts';

const ports = [...rows, hostile].map(r => r.port);

/** What an operator would have put there: settings with one armed zone, the vendor's anchor, signed reference values, and the serials that were bought, each with its port. */
export function writeSite(data: string, identities: Identities): void {
  const own = `${data}/policies.d`;
  for (const sub of ['anchors', 'reference-values', 'expected']) mkdirSync(`${own}/${sub}`, { recursive: true });
  writeFileSync(`${own}/anchors/acme.device-ca.pem`, identities.anchorPem);
  writeFileSync(`${own}/anchors/acme.refval.pem`, identities.reference.publicKeyPem);
  writeFileSync(`${own}/reference-values/acme.json`, identities.reference.file);
  writeFileSync(`${own}/reference-values/acme.json.sig`, identities.reference.signature);
  const portOf = (credential: string): string => rows.find(r => r.credential === credential)?.port ?? '';
  const bought = identities.bought.map(
    ({ serial, credential }) =>
      `- serial: "${serial}"\n  vendor: ${identities.vendor}\n  port: ${portOf(credential)}\n  note: bought for the dock\n`,
  );
  writeFileSync(`${own}/expected/dock.yaml`, bought.join(''));
  writeFileSync(`${data}/settings.json`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}

const settings: Omit<Settings, 'dataFolder' | 'policyFolders'> = {
  network: { kind: 'bridge', bridge: 'br0', ports, uplinks: ['up0'], ip: gateway.ip, dhcpServers: [server.address] },
  page: { host: '127.0.0.1', port: 8443 },
  attestation: { host: gateway.ip, port: 8444 },
  zones: [
    {
      name: 'dock',
      mode: 'enforce',
      default: true,
      challenge: true,
      challengePorts: [8443],
      evidenceTtlSeconds: 600,
      graceSeconds: 60,
      otherwise: 'hold',
    },
  ],
  browseMdns: false,
};
