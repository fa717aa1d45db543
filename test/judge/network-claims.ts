import { X509Certificate } from 'node:crypto';
import { type Claim, claim, each, eachExact, exact, hexText, is, isHost, type Judged, simple } from './claim.ts';
import type { Row } from './tshark.ts';

/** Groups of a report whose record says that the sender listens to it: everything but some, as state or change. RFC 9776 §4.2.13, RFC 9777 §5.2.12. */
const joined = (row: Row, groups: string, types: string): readonly Claim[] =>
  row.all(groups).flatMap((group, i) => (['2', '4'].includes(row.all(types)[i] ?? '') ? [exact(groups, group)] : []));

/** What hosts, printers and routers say of themselves. */
export const networkClaims: readonly Judged[] = [
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
      ...['dhcp.option.mudurl', 'dhcp.fqdn.name', 'dhcp.option.dhcp', 'eth.src', 'dhcp.option.requested_ip_address'],
      ...['dhcp.option.agent_information_option.agent_circuit_id', 'dhcp.option.agent_information_option.agent_remote_id'],
    ],
    claims: row => {
      const isClient = is(row, 'dhcp.type', '1') && row.one('dhcp.hw.mac_addr') === row.one('eth.src');
      if (!isClient || !is(row, 'dhcp.option.dhcp', '1', '3', '8')) return [];
      const list = row.all('dhcp.option.request_list_item').join();
      return [
        ...each(row, 'dhcp.option.hostname', 'dhcp.option.vendor_class_id', 'dhcp.option.mudurl', 'dhcp.fqdn.name'),
        // With a decline it gives the address back; 0.0.0.0 asks for any.
        ...(is(row, 'dhcp.option.dhcp', '1', '3')
          ? eachExact(row, 'dhcp.option.requested_ip_address').filter(c => isHost(c.texts[0] ?? ''))
          : []),
        ...['dhcp.option.agent_information_option.agent_circuit_id', 'dhcp.option.agent_information_option.agent_remote_id'].flatMap(
          field => row.all(field).map(id => claim(field, ...hexText(id), id.replaceAll(':', ''))),
        ),
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
  simple(
    'CDP',
    ['cdp'],
    ...['cdp.deviceid', 'cdp.platform', 'cdp.software_version', 'cdp.portid', 'cdp.system_serial_number', 'cdp.model_number'],
    ...['cdp.hardware_version_id', 'cdp.system_name'],
  ),
  {
    protocol: 'SMTP client',
    collectors: ['smtp'],
    fields: ['smtp.req.command', 'smtp.req.parameter'],
    claims: row => (is(row, 'smtp.req.command', 'EHLO', 'HELO') ? eachExact(row, 'smtp.req.parameter').slice(0, 1) : []),
  },
  {
    protocol: 'STP',
    collectors: ['stp'],
    fields: ['stp.bridge.hw', 'mstp.cist_bridge.hw'],
    // In a region that field names its root: the sender is the bridge of the extension. IEEE 802.1Q §14.4.1.
    claims: row => each(row, row.all('mstp.cist_bridge.hw').length > 0 ? 'mstp.cist_bridge.hw' : 'stp.bridge.hw'),
  },
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
    collectors: ['tls', 'quic', 'eap-tls', 'starttls'],
    fields: ['tls.handshake.extensions_server_name', 'tls.handshake.ja3'],
    claims: row => each(row, 'tls.handshake.extensions_server_name', 'tls.handshake.ja3'),
  },
  {
    protocol: 'TLS certificate',
    collectors: ['tls-certificate', 'eap-tls', 'starttls-certificate', 'rdp'],
    fields: ['x509sat.printableString', 'x509sat.uTF8String', 'tls.handshake.certificate', 'udp.srcport'],
    // The end entity's comes first, subject behind issuer; of the chain above it nothing is kept. Over UDP it shows to tshark alone, where the file brings the keys of QUIC.
    claims: row => {
      const [first] = row.all('udp.srcport').length > 0 ? [] : row.all('tls.handshake.certificate');
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
    protocol: 'NetBIOS session',
    collectors: ['nbss'],
    fields: ['nbss.calling_name'],
    claims: row => row.all('nbss.calling_name').map(name => claim('nbss.calling_name', name.replace(/<..>.*$/, ''))),
  },
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
  simple('LACP', ['lacp'], 'lacp.actor.sysid'),
  {
    protocol: 'OAM',
    collectors: ['oam'],
    fields: ['oampdu.info.oui', 'oampdu.info.vendor'],
    // The first is the sender's, the second that of the other end.
    claims: row => [
      ...row
        .all('oampdu.info.oui')
        .slice(0, 1)
        .map(oui => claim('oampdu.info.oui', Number(oui).toString(16).padStart(6, '0'))),
      ...row
        .all('oampdu.info.vendor')
        .slice(0, 1)
        .map(detail => claim('oampdu.info.vendor', detail)),
    ],
  },
  {
    protocol: 'VRRP',
    collectors: ['vrrp'],
    fields: ['vrrp.ip_addr'],
    // CARP has the same number: tshark reads its digest as addresses, of which our vector repeats one.
    claims: row => (new Set(row.all('vrrp.ip_addr')).size === row.all('vrrp.ip_addr').length ? eachExact(row, 'vrrp.ip_addr') : []),
  },
  simple('GLBP', ['glbp'], 'glbp.hello.virtualipv4'),
  {
    protocol: 'SIP',
    collectors: ['sip'],
    fields: ['sip.Server', 'sip.User-Agent', 'sip.Method', 'sip.Via.sent-by.address', 'ip.src'],
    // A request whose Via is of another came through a translator or a proxy: the agent is not the sender.
    claims: row =>
      row.all('sip.Method').length > 0 &&
      /^[\d.]+$/.test(row.one('sip.Via.sent-by.address')) &&
      !is(row, 'sip.Via.sent-by.address', row.one('ip.src'))
        ? []
        : each(row, 'sip.Server', 'sip.User-Agent'),
  },
  simple('syslog', ['syslog'], 'syslog.hostname'),
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
