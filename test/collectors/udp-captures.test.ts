import { describe, expect, it } from 'vitest';
import { collectors } from '../../collectors/index.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';

const facts = (file: string, name: string) => {
  const collector = collectors.find(c => c.name === name);
  if (collector === undefined) throw new Error(`no collector ${name}`);
  return captureFacts(`captures/${file}`, collector);
};
const text = (of: readonly Fact[], kind: Fact['kind']): readonly string[] =>
  of.flatMap(f => (f.kind !== kind ? [] : 'text' in f ? [f.text] : 'name' in f ? [f.name ?? ''] : 'value' in f ? [f.value] : []));

/** What tshark shows of these captures, looked up by hand once. */
describe.skipIf(!hasCaptures)('captures of other people show', () => {
  it.each([
    ['nDPI/netbios.pcap', '00:30:48:b0:b1:94', 'NVR9', 'version 6.1; workgroup VIGILANT_GROUP'],
    ['nDPI/netbios.pcap', '00:30:48:b0:b1:a6', 'BOWIE', 'version 6.1; workgroup VIGILANT_GROUP'],
    ['nDPI/telegram.pcap', '04:92:26:5c:97:35', 'DESKTOP-RB5T12G', 'version 10.0; workgroup WORKGROUP'],
    ['tcpdump/eapon1.pcap', '00:04:23:57:a5:7a', 'DJP95S0J', 'version 5.1; workgroup ARBEITSGRUPPE'],
  ])('a host that the browser protocol announces: %s %s', (file, mac, name, description) => {
    const said = facts(file, 'browser').of(mac);
    expect(text(said, 'hostname')).toEqual([name]);
    expect(text(said, 'description')).toEqual([description]);
    expect(text(said, 'device-kind')).toEqual(['workstation']);
  });

  it('a host by the status of its NetBIOS names, and one by its registration', () => {
    expect(facts('nDPI/netbios.pcap', 'nbns').of('00:1c:c4:10:79:0f')).toContainEqual({ kind: 'hostname', name: 'GUNNAR' });
    expect(facts('nDPI/netbios.pcap', 'nbns').of('ec:a8:6b:f4:60:77')).toEqual([{ kind: 'answers-for', protocol: 'nbns', name: 'GURU' }]);
    expect(facts('tcpdump/eapon1.pcap', 'nbns').of('00:04:23:57:a5:7a')).toEqual([
      { kind: 'address', ip: '169.254.67.194' },
      { kind: 'hostname', name: 'DJP95S0J' },
      { kind: 'description', text: 'workgroup ARBEITSGRUPPE' },
    ]);
  });

  it('a router by SSDP, and the programs that search', () => {
    expect(facts('suricata-verify/ssdp.pcap', 'ssdp').of('e0:91:f5:73:8c:c2')).toEqual([
      { kind: 'address', ip: '192.168.1.1' },
      { kind: 'service', protocol: 'tcp', port: 7406, name: 'upnp' },
      { kind: 'description', text: 'UPnP/Tomato 1.28.7500 MIPSR2Toastman-RT K26 USB Ext UPnP/1.0 MiniUPnPd/1.6' },
      { kind: 'identifier', scheme: 'uuid', value: '04645c3d-e6b4-4eea-bd35-5c320c12969f' },
    ]);
    expect(text(facts('nDPI/ssdp-m-search-ua.pcap', 'ssdp').all, 'description')).toEqual(['Google Chrome/99.0.4844.74 Mac OS X']);
    expect(text(facts('ICS-Pcaps/simens.pcap', 'ssdp').all, 'description')).toEqual(['Google Chrome/71.0.3578.98 Windows']);
  });

  it('agents by SNMP of all versions, encrypted and not, with the engine of each that has one', () => {
    const said = facts('nDPI/snmp.pcap', 'snmp');
    const engines = ['bb:1c:de', 'f3:60:1c', '57:88:69', '41:9a:96', 'b0:88:c2', '81:f1:8c'];
    for (const mac of engines) expect(text(said.of(`00:00:00:${mac}`), 'identifier')).toEqual(['800000090300aabbcc000100']);
    for (const mac of ['99:da:71', '97:d2:b6', 'bb:1c:de', 'f3:60:1c'])
      expect(text(said.of(`00:00:00:${mac}`), 'hostname')).toEqual(['R1.lab.local']);
  });

  it('servers of time, names and access', () => {
    const used = facts('zeek/ntp2.pcap', 'ntp').of('9c:b6:d0:09:17:1d');
    expect(used).toContainEqual({ kind: 'uses-server', service: 'ntp', ip: '80.211.52.109' });
    expect(used.length).toBeGreaterThan(15);
    expect(facts('zeek/wikipedia.pcap', 'dns').all).toEqual([{ kind: 'uses-server', service: 'dns', ip: '141.142.2.2' }]);
    const radius = facts('zeek/radius.pcap', 'radius');
    expect(radius.of('00:19:06:ea:b8:c0')).toEqual([
      { kind: 'uses-server', service: 'radius', ip: '10.0.0.100' },
      { kind: 'address', ip: '10.0.0.1' },
      { kind: 'device-kind', text: 'switch' },
    ]);
    expect(text(radius.of('00:1d:60:b3:01:84'), 'service')).toEqual(['radius']);
    expect(text(facts('nDPI/coap_mqtt.pcap', 'coap').of('b8:27:eb:a6:b2:2f'), 'service')).toEqual(['coap']);
  });
});
