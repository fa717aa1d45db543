import { createHash, X509Certificate } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { once } from 'node:events';
import { OpensslCa } from '../vectors/openssl-ca.ts';
import { server } from './hosts/beat.ts';
import { labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)("a device whose vendor's CA publishes what it revoked, in files beside the anchor", () => {
  let site: Standing;
  let ca: OpensslCa;
  const anchors = (): string => `${site.gateway.data}/policies.d/anchors`;
  const say = (revocation: string): void => {
    const sha256 = createHash('sha256').update(new X509Certificate(site.identities.anchorPem).raw).digest('hex');
    const provenance = '{ source: the lab, by: the lab, when: "2026-01-01" }';
    writeFileSync(
      `${anchors()}/acme.yaml`,
      `- certificate: acme.device-ca.pem\n  sha256: "${sha256}"\n  revocation: { ${revocation} }\n  provenance: ${provenance}\n`,
    );
  };
  const serial = (): string => site.identities.credentials.good.certificates[1]?.serialNumber ?? '';
  beforeAll(async () => {
    site = await Standing.make('sprev');
    ca = new OpensslCa(site.identities.anchorPem, site.identities.anchorKeyPem);
    await site.start('sensor');
  });
  afterAll(async () => {
    ca?.close();
    await site?.close();
  });

  it('is admitted while the list of its CA has nothing of it', async () => {
    ca.know({ [serial()]: 'good' });
    writeFileSync(`${anchors()}/acme.crl`, ca.crl());
    await until(async () => (await site.gateway.health()).policy.problems.length === 0, 'the list is taken');
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });

  it('is contraindicated and quarantined within seconds of a list that names it', async () => {
    ca.know({ [serial()]: 'revoked' });
    writeFileSync(`${anchors()}/acme.crl`, ca.crl());
    const cut = await site.untilDevice('sensor', d => d.enforcement === 'quarantined');
    expect([cut.attestation, cut.reason]).toEqual(['contraindicated', 'CERT_REVOKED']);
  });

  it('comes back when its CA takes that back, in a newer list', async () => {
    ca.know({ [serial()]: 'good' });
    writeFileSync(`${anchors()}/acme.crl`, ca.crl());
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });

  it('is let pass or refused as its anchor says, when nothing tells', async () => {
    rmSync(`${anchors()}/acme.crl`);
    say('whenUnknown: refuse');
    const refused = await site.untilDevice('sensor', d => d.enforcement === 'quarantined');
    expect([refused.attestation, refused.reason]).toEqual(['contraindicated', 'REVOCATION_UNKNOWN']);
    say('whenUnknown: tell');
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });

  it('is quarantined by a list that is fetched from where its anchor says', async () => {
    ca.know({ [serial()]: 'revoked' });
    ca.crl();
    ca.run('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'root.crl');
    const web = site.warehouse.lan.spawn(
      'server',
      [process.execPath, `${import.meta.dirname}/../edge/challenge/web-server.ts`, ca.folder, '80'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    if (web.stdout !== null) await once(web.stdout, 'data');
    say(`whenUnknown: tell, hosts: [${server.address}], crl: ["http://${server.address}/root.crl"]`);
    const cut = await site.untilDevice('sensor', d => d.enforcement === 'quarantined');
    expect([cut.attestation, cut.reason]).toEqual(['contraindicated', 'CERT_REVOKED']);
  });
});
