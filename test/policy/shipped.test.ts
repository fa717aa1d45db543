import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readPolicyFiles } from '../../gateway/edge/store/policy-files.ts';
import { kindOf } from '../../gateway/policy/kinds.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';

const folder = fileURLToPath(new URL('../../policies', import.meta.url));
const { policy, problems } = loadPolicy(readPolicyFiles([folder]));
const mac = '02:00:5e:00:00:01';

describe('the shipped policies', () => {
  it('load without a problem', () => {
    expect(problems).toEqual([]);
    expect(policy?.rules.map(r => `${r.ref.name} ${r.ref.at}`)).toEqual([
      'signed-and-expected policies/rules/10-default.yaml:4',
      'cameras-nobody-asked-for policies/rules/10-default.yaml:9',
    ]);
  });

  it.each([
    ['camera', { vendor: 'Hangzhou Hikvision Digital Technology Co.,Ltd.' }],
    ['camera', { vendor: 'Axis Communications AB', services: ['tcp/554'] }],
    ['camera', { vendor: 'Bosch Security Systems', services: ['tcp/554'] }],
    ['printer', { vendor: 'Zebra Technologies Corp.' }],
    ['handheld-scanner', { vendor: 'Zebra Technologies Inc', vendorClass: 'android-dhcp-11' }],
    ['vfd', { deviceKind: 'drive' }],
    ['switch', { vendor: 'Moxa Technologies Corp.', deviceKind: 'switch' }],
    ['remote-access', { hostname: 'pikvm' }],
    ['printer', { services: ['tcp/443', 'tcp/9100'] }],
    ['plc', { vendor: 'Siemens AG', services: ['tcp/102'] }],
    ['plc', { services: ['tcp/44818'] }],
    ['building-controller', { vendor: 'Johnson Controls, Inc.', protocols: ['bacnet'] }],
    ['plc', { vendor: 'Rockwell Automation' }],
    ['sensor', { vendor: 'SICK AG' }],
    ['access-point', { vendor: 'Cisco Systems, Inc', model: 'cisco AIR-CAP2602I-Q-K9', deviceKind: 'router' }],
    ['router', { vendor: 'Cisco Systems, Inc', model: 'AIR-CT2504-K9', deviceKind: 'router' }],
    ['access-point', { vendor: 'Routerboard.com', maker: 'MikroTik', model: 'RBcAPGi-5acD2nD' }],
    ['switch', { vendor: 'Routerboard.com', maker: 'MikroTik', model: 'CRS125-24G-1S' }],
    ['router', { vendor: 'Routerboard.com', maker: 'MikroTik', model: 'RB5009UG+S+' }],
    ['router', { maker: 'Ubiquiti', model: 'UGW3' }],
    ['switch', { maker: 'Ubiquiti', model: 'USW-24-PoE' }],
    ['access-point', { maker: 'Ubiquiti', model: 'NanoStation M5' }],
    ['wireless-controller', { services: ['udp/5246'] }],
    ['server', { services: ['tcp/445', 'tcp/88'] }],
    ['switch', { vendorClass: 'TL-SG116E' }],
    ['mobile', { vendorClass: 'android-dhcp-9', vendor: 'HMD Global Oy' }],
    ['mobile', { vendor: 'Apple, Inc.', hostname: 'Lucas-iPhone' }],
    ['media-player', { model: 'Chromecast' }],
    ['media-player', { vendor: 'Sonos, Inc.' }],
    ['smart-home', { maker: 'Tuya' }],
    ['workstation', { model: 'MacBookPro14,1' }],
    ['workstation', { vendorClass: 'MSFT 5.0', vendor: 'Intel Corporate' }],
    ['hmi', { vendorClass: 'MSFT 5.0', vendor: 'Advantech Technology' }],
    ['workstation', { vendorClass: 'MSFT 5.0', vendor: 'Dell Inc.', services: ['tcp/515'] }],
    ['vision-sensor', { deviceKind: 'vision-sensor' }],
  ])('tell a %s by %j', (kind, facts) => {
    expect(policy && kindOf(policy, { mac, services: [], ...facts })?.kind).toBe(kind);
  });

  it.each([
    ['hmi', { deviceKind: 'hmi' }],
    ['server', { deviceKind: 'server' }],
    ['plc', { deviceKind: 'plc' }],
    ['hmi', { deviceKind: 'hmi', vendor: 'Dell Inc.' }],
    ['server', { deviceKind: 'server', vendor: 'Hewlett Packard Enterprise' }],
    ['plc', { deviceKind: 'plc', vendor: 'LENOVO' }],
    ['plc', { services: ['tcp/44818'] }],
    ['printer', { services: ['tcp/9100'] }],
    ['server', { services: ['tcp/88'] }],
    ['plc', { vendor: 'Rockwell Automation' }],
    ['sensor', { vendor: 'SICK AG' }],
  ])('tell a %s by %j, Windows or not: panels and controllers have it too', (kind, facts) => {
    for (const windows of [{}, { vendorClass: 'MSFT 5.0' }])
      expect(policy && kindOf(policy, { mac, services: [], ...facts, ...windows })?.kind).toBe(kind);
  });

  it.each([
    ['Siemens without a service (it makes all sorts)', { vendor: 'Siemens AG' }],
    ['RTSP alone', { services: ['tcp/554'] }],
    ['a Dahua that makes scales', { vendor: 'Shanghai Dahua Scale Factory' }],
    ['nothing known', {}],
  ])('do not guess: %s', (_, facts) => {
    expect(policy && kindOf(policy, { mac, services: [], ...facts })).toBeUndefined();
  });

  it('have a README of at most 20 lines in every folder, with its licence', () => {
    for (const sub of ['.', ...readdirSync(folder, { withFileTypes: true }).flatMap(e => (e.isDirectory() ? [e.name] : []))]) {
      const text = readFileSync(`${folder}/${sub}/README.md`, 'utf8');
      expect(text.trimEnd().split('\n').length, sub).toBeLessThanOrEqual(20);
      expect(text, sub).toMatch(/licen[cs]e|Apache-2\.0/);
    }
  });

  it('say in the head of every file under which licence it stands, and of every fingerprint where it is known from', () => {
    const files = readPolicyFiles([folder]).filter(({ path }) => path.endsWith('.yaml'));
    expect(files.some(({ path }) => path.includes('fingerprints/'))).toBe(true);
    for (const { path, text } of files) {
      const head = text.split('\n').filter((line, n, all) => all.slice(0, n + 1).every(one => one.startsWith('#')));
      expect(head.join('\n'), path).toMatch(/Apache-2\.0|BSD|CC0|MIT/);
    }
    // Without a source an entry does not load.
    const [print] = files.filter(({ path }) => path.includes('fingerprints/'));
    const bare = (print?.text ?? '').replace(/\n {2}source: .*\n/, '\n');
    expect(
      loadPolicy([{ path: 'policies/fingerprints/x.yaml', text: bare }])
        .problems.map(one => one.text)
        .join(),
    ).toMatch(/source of entry .*missing/);
  });
});
