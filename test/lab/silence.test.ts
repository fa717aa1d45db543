import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess } from './gateway-process.ts';
import { labIsMissing } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('a sensor that attested and now answers with RST', () => {
  let site: Standing;
  const nft = (...words: readonly string[]) => site.warehouse.lan.exec('sensor', ['nft', ...words]);
  const cable = (state: 'down' | 'up') => site.warehouse.lan.exec('gateway', ['ip', 'link', 'set', 'v1', state]);
  beforeAll(async () => {
    site = await Standing.make('spsil');
    await site.start('sensor');
    await site.gateway.stop();
    const file = `${site.gateway.data}/settings.json`;
    writeFileSync(file, readFileSync(file, 'utf8').replace('"graceSeconds": 60', '"graceSeconds": 6'));
    site.gateway = await GatewayProcess.start(site.warehouse, site.gateway.data, `${site.folder}/gateway-2.log`);
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });
  afterAll(() => site?.close());

  it('loses its admission at the grace, with a reason of its own', async () => {
    await nft('add', 'table', 'inet', 'shut');
    await nft('add', 'chain', 'inet', 'shut', 'in', '{ type filter hook input priority 0 ; }');
    await nft('add', 'rule', 'inet', 'shut', 'in', 'tcp', 'dport', '8443', 'reject', 'with', 'tcp', 'reset');
    await cable('down');
    await cable('up');
    const held = await site.untilDevice('sensor', d => d.reason === 'ATTESTATION_STOPPED' && d.enforcement === 'held', 150_000);
    expect([held.attestation, held.admission]).toEqual(['none', 'pending']);
  });

  it('cannot be approved as unable to attest', async () => {
    const { id } = await site.untilDevice('sensor', d => d.reason === 'ATTESTATION_STOPPED');
    await expect(site.gateway.command(`/devices/${id}/approve`, { reason: 'it is only a sensor', hours: 1 })).rejects.toThrow(/can attest/);
    expect((await site.device('sensor'))?.admission).toBe('pending');
  });

  it('is let in again by its proof, and by nothing else', async () => {
    const { id } = await site.untilDevice('sensor', d => d.reason === 'ATTESTATION_STOPPED');
    await nft('delete', 'table', 'inet', 'shut');
    await site.gateway.command(`/devices/${id}/challenge`, { reason: 'mended' });
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });
});
