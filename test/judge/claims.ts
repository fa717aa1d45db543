import type { Judged } from './claim.ts';
import { gearClaims } from './gear-claims.ts';
import { networkClaims } from './network-claims.ts';
import { plantClaims } from './plant-claims.ts';

export const judged: readonly Judged[] = [...networkClaims, ...gearClaims, ...plantClaims];

/** Our collector for each name in tshark's frame.protocols: who sends such frames must be known to speak it. */
export const spoken: Readonly<Record<string, string>> = {
  arp: 'arp',
  dhcp: 'dhcpv4',
  dhcpv6: 'dhcpv6',
  mdns: 'mdns',
  llmnr: 'llmnr',
  nbns: 'nbns',
  browser: 'browser',
  ssdp: 'ssdp',
  lldp: 'lldp',
  stp: 'stp',
  lacp: 'lacp',
  marker: 'lacp',
  oampdu: 'oam',
  eapol: 'eapol',
  radius: 'radius',
  snmp: 'snmp',
  ntp: 'ntp',
  hsrp: 'hsrp',
  igmp: 'igmp',
  ecat: 'ethercat',
  epl: 'powerlink',
  kip: 'knxnet-ip',
  sv: 'sampled-values',
  pn_dcp: 'profinet-dcp',
  enip: 'enip',
  s7comm: 's7comm',
  mbtcp: 'modbus',
  iec60870_104: 'iec-104',
  bacnet: 'bacnet',
  opcua: 'opc-ua',
  coap: 'coap',
  quic: 'quic',
  mndp: 'mndp',
  kerberos: 'kerberos',
};

/** What the captures hold and is left out, and why. */
export const notJudged: Readonly<Record<string, string>> = {
  'WS-Discovery': 'tshark 4.0 does not dissect SOAP over UDP; judged by own vectors',
  'Niagara Fox': 'tshark does not dissect it; judged by own vectors and fox_info.pcap in its own test',
  'S7comm-plus': 'tshark 4.0 does not dissect it',
  'KNXnet/IP of others': 'the capture has questions only; its speakers are judged under spoken protocols',
  'PROFINET DCP names': 'the captures hold questions only: who asks for a name may have it or look for it',
  POWERLINK: 'the capture has SDO only; its speakers are judged under spoken protocols',
  EtherCAT:
    'tshark shows the registers and objects of slaves by their numbers only: no field is an identity; judged by own vectors and the real segment',
  'Dropbox, TDS': 'no collectors: not in the list of what is to be read',
  Tuya: 'tshark does not dissect it; judged by own vectors and the real devices in its own test',
  Matter: 'no capture',
  MMS: 'tshark reads it behind the set-up of its association only, which the own vectors leave out',
  'CIP Ethernet Link, KNX and NBSTAT hardware addresses': 'the frame has the same, or the answer is of another and told of nobody',
  'LLDP port descriptions': 'they name the port, which its id does too',
  'SNMP sysContact, sysLocation; user names of EAP, NTLM, MQTT, RADIUS and SIP': 'people, and what people wrote: no identity of a device',
  'SMB server GUID': 'Samba makes it of the NetBIOS name, which is told',
  'Raw IP: a router advertisement, a KNX description': 'they name a hardware address, of which raw IP shows none: they might be of another',
};
