import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as cldap from '../../collectors/cldap.ts';
import * as dtp from '../../collectors/dtp.ts';
import * as gvcp from '../../collectors/gvcp.ts';
import * as iscsi from '../../collectors/iscsi.ts';
import * as rtps from '../../collectors/rtps.ts';
import * as vtp from '../../collectors/vtp.ts';
import * as b from '../vectors/frames/build.ts';
import * as d from '../vectors/frames/discovery.ts';
import { encodePcap } from '../vectors/frames/encode-capture.ts';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
if (!hasTshark) process.stdout.write('skipped: tshark, the judge, is not on this machine\n');

const folder = mkdtempSync(join(tmpdir(), `sallyport-discovery-tshark-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What tshark reads in these fields of a vector; of a field that occurs several times all, with `|` between. */
function asTshark(name: string, ...fields: readonly string[]): readonly string[] {
  const file = join(folder, `${name}.pcap`);
  writeFileSync(file, encodePcap([b.frame(d.discoveryVectors[name] ?? b.bytes())]));
  const args = ['-n', '-r', file, '-T', 'fields', '-E', 'aggregator=|', ...fields.flatMap(field => ['-e', field])];
  const line = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return line.replace(/\n$/, '').split('\t');
}

describe.skipIf(!hasTshark)('tshark reads the same', () => {
  it('in a question for a domain controller, and its answer', () => {
    expect(asTshark('cldap-ping', 'ldap.assertionValue')).toEqual(['plant.example.|PANEL-7']);
    expect(cldap.decode(d.cldapPing(...d.pingTerms))).toEqual({ kind: 'ping', host: 'PANEL-7', domain: 'plant.example' });
    const names = ['domain', 'hostname', 'nb_domain', 'sitename'].map(name => `mscldap.${name}`);
    const [domain, host, flatDomain, site] = asTshark('cldap-answer', ...names);
    expect(cldap.decode(d.cldapAnswer(d.netlogonNames))).toEqual({ kind: 'controller', domain, host, flatDomain, site });
  });

  it('on the plate of a camera', () => {
    const names = ['manufacturername', 'modelname', 'deviceversion', 'serialnumber', 'userdefinedname'];
    const [maker, model, firmware, serial, name] = asTshark('gvcp', ...names.map(one => `gvcp.bootstrap.${one}`));
    expect(gvcp.decode(d.gvcpAnswer())).toMatchObject({ maker, model, firmware, serial, name });
  });

  it('in announcements of VTP and DTP', () => {
    const [version, vtpDomain] = asTshark('vtp', 'vtp.version', 'vtp.md');
    expect(vtp.decode(d.vtpSummary)).toEqual({ version: Number(version), domain: vtpDomain });
    const [domain, isTrunk, wanted] = asTshark('dtp', 'dtp.domain', 'dtp.tos', 'dtp.tas');
    expect(dtp.decode(d.dtpFrame(0x83))).toEqual({ domain, status: (Number(isTrunk) << 7) | Number(wanted) });
  });

  it('of who made a participant of DDS', () => {
    const [vendor] = asTshark('rtps', 'rtps.vendorId');
    expect(rtps.decode(d.rtpsAnnouncement())).toEqual({ vendor: Number(vendor) });
  });

  it('in both sides of an iSCSI login', () => {
    const pairs = ['iscsi-login', 'iscsi-answer'].flatMap(name => asTshark(name, 'iscsi.keyvalue')[0]?.split('|') ?? []);
    const { initiator } = iscsi.decode(d.iscsiLogin(0x43, ...pairs.slice(0, 2)));
    const { targetAlias } = iscsi.decode(d.iscsiLogin(0x23, ...pairs.slice(2)));
    expect(pairs).toEqual([`InitiatorName=${initiator}`, 'SessionType=Normal', 'TargetPortalGroupTag=1', `TargetAlias=${targetAlias}`]);
  });
});
