import { X509Certificate } from 'node:crypto';
import type { Row } from './tshark.ts';

/** One thing that a frame says of its sender, as tshark prints it: one of `texts` must be found. `exact`: as a whole, not as a part of a text. */
export type Claim = { readonly field: string; readonly texts: readonly string[]; readonly exact?: true };

/** What is judged of one protocol: the collectors that may have found it, and what tshark's fields claim. */
export type Judged = {
  readonly protocol: string;
  readonly collectors: readonly string[];
  readonly fields: readonly string[];
  readonly claims: (row: Row) => readonly Claim[];
};

const claim = (field: string, ...texts: readonly string[]): Claim => ({ field, texts });
const exact = (field: string, ...texts: readonly string[]): Claim => ({ field, texts, exact: true });
/** Every value of these fields. */
const each = (row: Row, ...fields: readonly string[]): readonly Claim[] => fields.flatMap(f => row.all(f).map(text => claim(f, text)));
const eachExact = (row: Row, ...fields: readonly string[]): readonly Claim[] => fields.flatMap(f => row.all(f).map(text => exact(f, text)));
const is = (row: Row, field: string, ...values: readonly string[]): boolean => row.all(field).some(v => values.includes(v));

/** Bytes that tshark prints in hex, as the text that they are where they are text. */
function hexText(hex: string): readonly string[] {
  const text = Buffer.from(hex.replaceAll(':', ''), 'hex').toString('utf8').replaceAll('\0', ' ').trim();
  return /^[\x20-\x7e]+$/.test(text) ? [text, hex] : [hex];
}
const decimal = (hex: string): string => String(Number(hex));
const isHost = (ip: string): boolean => !/^(0\.|127\.|22[4-9]\.|23\d\.|24\d\.|25\d\.|::1?$|ff)/.test(ip);

const simple = (protocol: string, collectors: readonly string[], ...fields: readonly string[]): Judged => ({
  protocol,
  collectors,
  fields,
  claims: row => each(row, ...fields),
});

/** Groups of a report whose record says that the sender listens to it: everything but some, as state or change. RFC 9776 §4.2.13, RFC 9777 §5.2.12. */
const joined = (row: Row, groups: string, types: string): readonly Claim[] =>
  row.all(groups).flatMap((group, i) => (['2', '4'].includes(row.all(types)[i] ?? '') ? [exact(groups, group)] : []));

/** The instance that stands for any, ASHRAE 135 §12.11. */
const anyInstance = '4194303';
const s7Names = ['s7comm.szl.001c.0001.name', 's7comm.szl.001c.0002.name', 's7comm.szl.001c.0003.tag', 's7comm.szl.001c.0005.serialn'];

export const judged: readonly Judged[] = [
  {
    protocol: 'ARP',
    collectors: ['arp'],
    fields: ['arp.src.proto_ipv4', 'arp.src.hw_mac', 'eth.src', 'arp.opcode'],
    claims: row =>
      row.one('arp.src.hw_mac') === row.one('eth.src') && is(row, 'arp.opcode', '1', '2') && isHost(row.one('arp.src.proto_ipv4'))
        ? eachExact(row, 'arp.src.proto_ipv4')
        : [],
  },
  {
    protocol: 'NDP',
    collectors: ['ndp'],
    fields: [
      'icmpv6.nd.na.target_address',
      'icmpv6.nd.na.flag.o',
      'icmpv6.opt.linkaddr',
      'icmpv6.type',
      'icmpv6.opt.prefix',
      'eth.src',
      'ipv6.src',
    ],
    claims: row => {
      const own = row.one('icmpv6.opt.linkaddr') === row.one('eth.src') || row.all('icmpv6.opt.linkaddr').length === 0;
      // A proxy leaves the override flag out: the target is another's. RFC 4861 §7.2.8.
      const isAboutSender = is(row, 'icmpv6.nd.na.flag.o', '1', 'True') || row.one('icmpv6.nd.na.target_address') === row.one('ipv6.src');
      if (is(row, 'icmpv6.type', '136') && own && isAboutSender) return eachExact(row, 'icmpv6.nd.na.target_address');
      if (is(row, 'icmpv6.type', '134')) return [...eachExact(row, 'ipv6.src'), ...each(row, 'icmpv6.opt.prefix')];
      return [];
    },
  },
  {
    protocol: 'DHCP client',
    collectors: ['dhcpv4'],
    fields: [
      ...['dhcp.type', 'dhcp.hw.mac_addr', 'dhcp.option.hostname', 'dhcp.option.vendor_class_id', 'dhcp.option.request_list_item'],
      ...['dhcp.option.mudurl', 'dhcp.fqdn.name', 'dhcp.option.dhcp', 'eth.src'],
    ],
    claims: row => {
      const isClient = is(row, 'dhcp.type', '1') && row.one('dhcp.hw.mac_addr') === row.one('eth.src');
      if (!isClient || !is(row, 'dhcp.option.dhcp', '1', '3', '8')) return [];
      const list = row.all('dhcp.option.request_list_item').join();
      return [
        ...each(row, 'dhcp.option.hostname', 'dhcp.option.vendor_class_id', 'dhcp.option.mudurl', 'dhcp.fqdn.name'),
        ...(list === '' ? [] : [exact('dhcp.option.request_list_item', list)]),
      ];
    },
  },
  {
    protocol: 'DHCP server',
    collectors: ['dhcpv4'],
    fields: ['dhcp.option.dhcp_server_id', 'dhcp.type', 'dhcp.option.dhcp', 'udp.srcport'],
    claims: row =>
      is(row, 'dhcp.type', '2') && is(row, 'dhcp.option.dhcp', '2', '5') && is(row, 'udp.srcport', '67')
        ? eachExact(row, 'dhcp.option.dhcp_server_id')
        : [],
  },
  {
    protocol: 'DHCPv6 client',
    collectors: ['dhcpv6'],
    fields: [
      'dhcpv6.msgtype',
      'dhcpv6.duid.bytes',
      'dhcpv6.vendorclass.data',
      'dhcpv6.client_domain',
      'dhcpv6.requested_option_code',
      'dhcpv6.mudurl',
    ],
    claims: row => {
      // Solicit, confirm, rebind, information request: messages that hold no DUID but the client's.
      if (!is(row, 'dhcpv6.msgtype', '1', '4', '6', '11') || row.all('dhcpv6.msgtype').length !== 1) return [];
      const list = row.all('dhcpv6.requested_option_code').join();
      return [
        ...row.all('dhcpv6.duid.bytes').map(duid => claim('dhcpv6.duid.bytes', duid.replaceAll(':', ''))),
        ...each(row, 'dhcpv6.vendorclass.data', 'dhcpv6.client_domain', 'dhcpv6.mudurl'),
        ...(list === '' ? [] : [exact('dhcpv6.requested_option_code', list)]),
      ];
    },
  },
  {
    protocol: 'mDNS',
    collectors: ['mdns'],
    fields: [
      'mdns',
      'dns.resp.name',
      'dns.resp.type',
      'dns.a',
      'dns.aaaa',
      'dns.srv.target',
      'dns.srv.port',
      'dns.txt',
      'ip.src',
      'ipv6.src',
    ],
    claims: mdns,
  },
  {
    protocol: 'LLMNR',
    collectors: ['llmnr'],
    fields: ['udp.srcport', 'dns.resp.name', 'dns.flags.response'],
    claims: row => (is(row, 'udp.srcport', '5355') && is(row, 'dns.flags.response', '1', 'True') ? each(row, 'dns.resp.name') : []),
  },
  {
    protocol: 'NBNS',
    collectors: ['nbns'],
    fields: ['nbns.flags.opcode', 'nbns.flags.response', 'nbns.name', 'nbns.nb_flags.group', 'nbns.type'],
    claims: row => {
      const isOwn =
        is(row, 'nbns.flags.opcode', '5', '8', '9') &&
        is(row, 'nbns.flags.response', '0', 'False') &&
        is(row, 'nbns.nb_flags.group', '0', 'False');
      // `NAME<00> (Workstation/Redirector)`: of a host its workstation and server names are its name.
      return isOwn
        ? row
            .all('nbns.name')
            .flatMap(n => (/^(\S+)<(00|20)>/.test(n) ? [claim('nbns.name', n.replace(/<.*$/, ''))] : []))
            .slice(0, 1)
        : [];
    },
  },
  {
    protocol: 'browser',
    collectors: ['browser'],
    fields: ['browser.command', 'browser.server', 'browser.os_major', 'browser.os_minor'],
    claims: row => (is(row, 'browser.command', '0x01', '0x0f', '1', '15') ? each(row, 'browser.server') : []),
  },
  {
    protocol: 'SSDP',
    collectors: ['ssdp'],
    fields: ['http.server', 'http.user_agent', 'udp.dstport', 'udp.srcport'],
    claims: row => (row.all('udp.dstport').length > 0 ? each(row, 'http.server', 'http.user_agent') : []),
  },
  {
    protocol: 'HTTP',
    collectors: ['http'],
    fields: ['http.server', 'http.user_agent', 'tcp.srcport'],
    claims: row => (row.all('tcp.srcport').length > 0 ? each(row, 'http.server', 'http.user_agent') : []),
  },
  {
    protocol: 'FTP',
    collectors: ['ftp'],
    fields: ['ftp.response.code', 'ftp.response.arg'],
    claims: row => (is(row, 'ftp.response.code', '220') ? each(row, 'ftp.response.arg') : []),
  },
  {
    protocol: 'LLDP',
    collectors: ['lldp'],
    fields: [
      ...['lldp.tlv.system.name', 'lldp.tlv.system.desc', 'lldp.chassis.id', 'lldp.chassis.id.mac', 'lldp.port.id', 'lldp.port.id.mac'],
      ...[
        'lldp.mgn.addr.ip4',
        'lldp.media.manufacturer',
        'lldp.media.model',
        'lldp.media.sn',
        'lldp.media.firmware',
        'lldp.media.software',
      ],
    ],
    claims: row => [
      ...each(
        row,
        'lldp.tlv.system.name',
        'lldp.tlv.system.desc',
        'lldp.chassis.id.mac',
        'lldp.port.id',
        'lldp.port.id.mac',
        'lldp.mgn.addr.ip4',
        'lldp.media.manufacturer',
        'lldp.media.model',
        'lldp.media.sn',
        'lldp.media.firmware',
      ),
      ...row.all('lldp.chassis.id').map(id => claim('lldp.chassis.id', ...hexText(id))),
    ],
  },
  simple('CDP', ['cdp'], 'cdp.deviceid', 'cdp.platform', 'cdp.software_version', 'cdp.portid'),
  simple('STP', ['stp'], 'stp.bridge.hw'),
  {
    protocol: 'EAP',
    collectors: ['eapol'],
    fields: ['eap.identity', 'eap.code', 'eapol.type'],
    claims: row => (is(row, 'eap.code', '2') && row.all('eapol.type').length > 0 ? each(row, 'eap.identity') : []),
  },
  {
    protocol: 'RADIUS',
    collectors: ['radius'],
    fields: ['radius.code', 'radius.NAS_Identifier', 'radius.NAS_IP_Address', 'ip.dst'],
    claims: row =>
      is(row, 'radius.code', '1', '4')
        ? [...each(row, 'radius.NAS_Identifier'), ...(isHost(row.one('ip.dst')) ? eachExact(row, 'ip.dst') : [])]
        : [],
  },
  {
    protocol: 'SNMP',
    collectors: ['snmp'],
    fields: ['snmp.msgAuthoritativeEngineID', 'snmp.name', 'snmp.value.octets', 'udp.srcport', 'udp.dstport'],
    claims: row => {
      if (!is(row, 'udp.srcport', '161') && !is(row, 'udp.dstport', '162')) return [];
      const ids = row.all('snmp.msgAuthoritativeEngineID').filter(id => /^[0-9a-f:]+$/i.test(id));
      const [names, values] = [row.all('snmp.name'), row.all('snmp.value.octets')];
      // Fields do not say which value is whose unless each name has one of this type.
      const system =
        names.length === values.length ? names.flatMap((n, i) => (/^1\.3\.6\.1\.2\.1\.1\.[15]\.0$/.test(n) ? [values[i] ?? ''] : [])) : [];
      return [
        ...ids.map(id => claim('snmp.msgAuthoritativeEngineID', id.replaceAll(':', ''))),
        ...system.filter(v => v !== '').map(v => claim('snmp sysDescr, sysName', ...hexText(v))),
      ];
    },
  },
  {
    protocol: 'NTP',
    collectors: ['ntp'],
    fields: ['ntp.flags.mode', 'ip.dst'],
    claims: row => (is(row, 'ntp.flags.mode', '3') && isHost(row.one('ip.dst')) ? eachExact(row, 'ip.dst') : []),
  },
  {
    protocol: 'DNS',
    collectors: ['dns'],
    fields: ['udp.dstport', 'dns.flags.response', 'ip.dst'],
    claims: row =>
      is(row, 'udp.dstport', '53') && is(row, 'dns.flags.response', '0', 'False') && isHost(row.one('ip.dst'))
        ? eachExact(row, 'ip.dst')
        : [],
  },
  {
    protocol: 'TLS client',
    collectors: ['tls'],
    fields: ['tls.handshake.extensions_server_name', 'tls.handshake.ja3'],
    claims: row => each(row, 'tls.handshake.extensions_server_name', 'tls.handshake.ja3'),
  },
  {
    protocol: 'TLS certificate',
    collectors: ['tls-certificate'],
    fields: ['x509sat.printableString', 'x509sat.uTF8String', 'tls.handshake.certificate'],
    // The end entity's comes first, subject behind issuer; of the chain above it nothing is kept.
    claims: row => {
      const [first] = row.all('tls.handshake.certificate');
      return first === undefined ? [] : [claim('tls.handshake.certificate', certificateSubject(first))];
    },
  },
  {
    protocol: 'SSH',
    collectors: ['ssh'],
    fields: ['ssh.protocol'],
    // `SSH-2.0-` is the protocol; the software is what follows. RFC 4253 §4.2.
    claims: row => row.all('ssh.protocol').map(text => claim('ssh.protocol', text.replace(/^SSH-[\d.]+-/, ''))),
  },
  simple('MQTT', ['mqtt'], 'mqtt.clientid'),
  {
    protocol: 'SMB and DCE/RPC',
    collectors: ['smb', 'dce-rpc'],
    fields: ['tcp.srcport', 'smb.native_os', 'ntlmssp.challenge.target_info.nb_computer_name', 'ntlmssp.auth.hostname'],
    claims: row =>
      row.all('tcp.srcport').length > 0
        ? each(row, 'smb.native_os', 'ntlmssp.challenge.target_info.nb_computer_name', 'ntlmssp.auth.hostname').filter(
            c => c.texts[0] !== 'NULL',
          )
        : [],
  },
  {
    protocol: 'HSRP',
    collectors: ['hsrp'],
    fields: ['hsrp.virt_ip', 'hsrp.state', 'erspan.version'],
    claims: row => (is(row, 'hsrp.state', '16') ? eachExact(row, 'hsrp.virt_ip') : []),
  },
  {
    protocol: 'IGMP',
    collectors: ['igmp'],
    fields: ['igmp.type', 'igmp.maddr', 'igmp.record_type'],
    claims: row =>
      is(row, 'igmp.type', '0x16', '0x12')
        ? eachExact(row, 'igmp.maddr')
        : is(row, 'igmp.type', '0x22')
          ? joined(row, 'igmp.maddr', 'igmp.record_type')
          : [],
  },
  {
    protocol: 'MLD',
    collectors: ['mld'],
    fields: ['icmpv6.mldr.mar.multicast_address', 'icmpv6.mldr.mar.record_type'],
    claims: row => joined(row, 'icmpv6.mldr.mar.multicast_address', 'icmpv6.mldr.mar.record_type'),
  },
  {
    protocol: 'Modbus',
    collectors: ['modbus'],
    fields: ['modbus.object_str_value'],
    claims: row => each(row, 'modbus.object_str_value'),
  },
  {
    protocol: 'EtherNet/IP',
    collectors: ['enip', 'cip'],
    fields: ['enip.lir.name', 'enip.lir.serial', 'cip.id.product_name', 'cip.id.serial_number'],
    claims: row => [
      ...each(row, 'enip.lir.name', 'cip.id.product_name'),
      ...[...row.all('enip.lir.serial'), ...row.all('cip.id.serial_number')].map(n => claim('serial', n.replace('0x', ''), decimal(n))),
    ],
  },
  {
    protocol: 'PROFINET DCP',
    collectors: ['profinet-dcp'],
    fields: [
      'pn_dcp.service_type',
      'pn_dcp.suboption_device_nameofstation',
      'pn_dcp.suboption_device_devicevendorvalue',
      'pn_dcp.suboption_ip_ip',
      'pn_dcp.suboption_device_id',
      'pn_dcp.suboption_device_aliasname',
    ],
    claims: row =>
      is(row, 'pn_dcp.service_type', '1', '0x01')
        ? [
            ...each(row, 'pn_dcp.suboption_device_nameofstation', 'pn_dcp.suboption_device_devicevendorvalue'),
            // `port.station` of the neighbour: two things.
            ...row
              .all('pn_dcp.suboption_device_aliasname')
              .flatMap(alias => alias.split('.').map(part => claim('pn_dcp.suboption_device_aliasname', part))),
            ...row
              .all('pn_dcp.suboption_ip_ip')
              .filter(isHost)
              .map(ip => exact('pn_dcp.suboption_ip_ip', ip)),
            ...row.all('pn_dcp.suboption_device_id').map(id => claim('pn_dcp.suboption_device_id', id.replace('0x', ''))),
          ]
        : [],
  },
  {
    protocol: 'S7comm',
    collectors: ['s7comm'],
    fields: ['s7comm.szl.xy11.0001.anz', ...s7Names],
    // Of the list of parts the first is the module, the others its firmware and boot loader.
    claims: row => [
      ...row
        .all('s7comm.szl.xy11.0001.anz')
        .slice(0, 1)
        .map(text => claim('s7comm.szl.xy11.0001.anz', text)),
      ...each(row, ...s7Names),
    ],
  },
  {
    protocol: 'BACnet',
    collectors: ['bacnet'],
    fields: [
      'bacapp.type',
      'bacapp.unconfirmed_service',
      'bacapp.objectType',
      'bacapp.instance_number',
      'bacapp.object_name',
      'bacnet.snet',
      'bvlc.fwd_ip',
    ],
    claims: row => {
      // What a BACnet router passes on has the source network in it and is not about the router.
      if (row.all('bacnet.snet').length > 0 || row.all('bvlc.fwd_ip').length > 0 || is(row, 'bacapp.instance_number', anyInstance))
        return [];
      if (is(row, 'bacapp.type', '1') && is(row, 'bacapp.unconfirmed_service', '0'))
        return [exact('bacapp.instance_number', row.one('bacapp.instance_number'))];
      // The name of the device object is its own; one of its inputs may be named beside it.
      return row.all('bacapp.objectType').length > 0 && row.all('bacapp.objectType').every(type => type === '8')
        ? each(row, 'bacapp.object_name')
        : [];
    },
  },
  simple('OPC UA', ['opc-ua'], 'opcua.ApplicationUri', 'opcua.ProductUri'),
  simple('Sampled Values', ['sampled-values'], 'sv.svID'),
  simple('GOOSE', ['goose'], 'goose.gocbRef'),
  simple('LACP', ['lacp'], 'lacp.actor.sysid'),
  {
    protocol: 'VRRP',
    collectors: ['vrrp'],
    fields: ['vrrp.ip_addr'],
    // CARP has the same number: tshark reads its digest as addresses, of which our vector repeats one.
    claims: row => (new Set(row.all('vrrp.ip_addr')).size === row.all('vrrp.ip_addr').length ? eachExact(row, 'vrrp.ip_addr') : []),
  },
  simple('GLBP', ['glbp'], 'glbp.hello.virtualipv4'),
  simple('SIP', ['sip'], 'sip.Server', 'sip.User-Agent'),
  simple('FINS', ['fins'], 'omron.controller.model', 'omron.controller.version'),
  simple('HART-IP', ['hart-ip'], 'hart_ip.pt.rsp.tag'),
  simple('KNXnet/IP', ['knxnet-ip'], 'knxip.device.name'),
  simple('ADS', ['ads'], 'ams.sendernetid'),
  simple('syslog', ['syslog'], 'syslog.hostname'),
  {
    protocol: 'PTP',
    collectors: ['ptp'],
    fields: ['ptp.v2.clockidentity', 'ptp.v2.messagetype'],
    // Announce and sync come from a master; of who only follows nothing is kept.
    claims: row =>
      is(row, 'ptp.v2.messagetype', '11', '0x0b')
        ? row.all('ptp.v2.clockidentity').map(id => claim('ptp.v2.clockidentity', id.replace('0x', '')))
        : [],
  },
];

/**
 * Of the records of an mDNS response: the name whose address is the sender's, and the services at that name. tshark lists names, types and
 * values each by themselves; where types of other records (NSEC) stand among them, only what cannot be mistaken is taken.
 */
function mdns(row: Row): readonly Claim[] {
  if (row.all('mdns').length === 0) return [];
  const [names, types, source] = [row.all('dns.resp.name'), row.all('dns.resp.type'), row.one('ip.src') || row.one('ipv6.src')];
  const [addresses, targets, ports] = [
    [...row.all('dns.a'), ...row.all('dns.aaaa')],
    [...row.all('dns.srv.target')],
    [...row.all('dns.srv.port')],
  ];
  if (names.length !== types.length) {
    const isOwn = addresses.includes(source) && new Set(targets).size === 1;
    return isOwn ? [hostClaim(targets[0] ?? ''), ...ports.map(port => exact('dns.srv.port', port))] : [];
  }
  const values = { '1': [...row.all('dns.a')], '28': [...row.all('dns.aaaa')] };
  const own = new Set<string>();
  const services: { readonly port: string; readonly target: string }[] = [];
  names.forEach((name, i) => {
    const type = types[i];
    if (type === '33') services.push({ port: ports.shift() ?? '', target: targets.shift() ?? '' });
    else if ((type === '1' || type === '28') && values[type].shift() === source) own.add(name.toLowerCase());
  });
  return [
    ...[...own].slice(0, 1).map(hostClaim),
    ...services.filter(s => own.has(s.target.toLowerCase())).map(s => exact('dns.srv.port', s.port)),
  ];
}

const hostClaim = (name: string): Claim => claim('dns.resp.name of the sender', name.replace(/\.local$/i, ''));

/** The common name of a certificate as openssl prints it, here only to find the subject among tshark's strings. */
function certificateSubject(hex: string): string {
  const { subject } = new X509Certificate(Buffer.from(hex.replaceAll(':', ''), 'hex'));
  return /CN=([^\n]*)/.exec(subject)?.[1] ?? subject;
}

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
};

/** What the captures hold and is left out, and why. */
export const notJudged: Readonly<Record<string, string>> = {
  'WS-Discovery': 'tshark 4.0 does not dissect SOAP over UDP; judged by own vectors',
  'Niagara Fox': 'tshark does not dissect it; judged by own vectors and fox_info.pcap in its own test',
  'S7comm-plus': 'tshark 4.0 does not dissect it',
  'KNXnet/IP of others': 'the capture has questions only; its speakers are judged under spoken protocols',
  'PROFINET DCP names': 'the captures hold questions only: who asks for a name may have it or look for it',
  POWERLINK: 'the capture has SDO only; its speakers are judged under spoken protocols',
  EtherCAT: 'tshark shows registers of slaves, which have no hardware address',
  'QUIC, Dropbox, Tuya, TDS': 'no collectors: not in the list of what is to be read',
  Matter: 'no capture',
  'Raw IP: a router advertisement, a KNX description': 'they name a hardware address, of which raw IP shows none: they might be of another',
};
