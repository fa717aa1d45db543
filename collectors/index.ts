import { ads } from './ads.ts';
import { arp } from './arp.ts';
import { bacnet } from './bacnet.ts';
import { browser } from './browser.ts';
import { capwap } from './capwap.ts';
import { carp } from './carp.ts';
import { cdp } from './cdp.ts';
import { cldap } from './cldap.ts';
import { coap } from './coap.ts';
import { codesys } from './codesys.ts';
import type { Collector } from './collector.ts';
import { dceRpc } from './dce-rpc.ts';
import { dhcpv4 } from './dhcpv4.ts';
import { dhcpv6 } from './dhcpv6.ts';
import { dlr } from './dlr.ts';
import { dnp3 } from './dnp3.ts';
import { dns } from './dns.ts';
import { dpws } from './dpws.ts';
import { dtp } from './dtp.ts';
import { eapTls } from './eap-tls.ts';
import { eapol } from './eapol.ts';
import { enip } from './enip.ts';
import { ethercat } from './ethercat.ts';
import { fins } from './fins.ts';
import { fox } from './fox.ts';
import { ftp } from './ftp.ts';
import { glbp } from './glbp.ts';
import { goose } from './goose.ts';
import { gvcp } from './gvcp.ts';
import { hartIp } from './hart-ip.ts';
import { hsr } from './hsr.ts';
import { hsrp } from './hsrp.ts';
import { http } from './http.ts';
import { httpAuthenticate } from './http-authenticate.ts';
import { iec104 } from './iec-104.ts';
import { icmp } from './icmp.ts';
import { igmp } from './igmp.ts';
import { imap } from './imap.ts';
import { iscsi } from './iscsi.ts';
import { kerberos } from './kerberos.ts';
import { knxnetIp } from './knxnet-ip.ts';
import { lacp } from './lacp.ts';
import { lldp } from './lldp.ts';
import { llmnr } from './llmnr.ts';
import { matter } from './matter.ts';
import { mdns } from './mdns.ts';
import { mld } from './mld.ts';
import { mms } from './mms.ts';
import { mndp } from './mndp.ts';
import { modbus } from './modbus.ts';
import { mqtt } from './mqtt.ts';
import { mrp } from './mrp.ts';
import { mysql } from './mysql.ts';
import { nbns } from './nbns.ts';
import { nbss } from './nbss.ts';
import { ndp } from './ndp.ts';
import { ntp } from './ntp.ts';
import { oam } from './oam.ts';
import { onvif } from './onvif.ts';
import { opcUa } from './opc-ua.ts';
import { pcp } from './pcp.ts';
import { pjl } from './pjl.ts';
import { pop3 } from './pop3.ts';
import { powerlink } from './powerlink.ts';
import { pppoe } from './pppoe.ts';
import { profinetDcp } from './profinet-dcp.ts';
import { profinetIo } from './profinet-io.ts';
import { profinetRt } from './profinet-rt.ts';
import { ptp } from './ptp.ts';
import { quic } from './quic.ts';
import { radius } from './radius.ts';
import { rdp } from './rdp.ts';
import { remoteAccess } from './remote-access.ts';
import { rfb } from './rfb.ts';
import { rtps } from './rtps.ts';
import { rtsp } from './rtsp.ts';
import { s7comm } from './s7comm.ts';
import { s7commPlus } from './s7comm-plus.ts';
import { sampledValues } from './sampled-values.ts';
import { sip } from './sip.ts';
import { slmp } from './slmp.ts';
import { smb } from './smb.ts';
import { smtp } from './smtp.ts';
import { snmp } from './snmp.ts';
import { sqlBrowser } from './sql-browser.ts';
import { ssdp } from './ssdp.ts';
import { ssh } from './ssh.ts';
import { sshKex } from './ssh-kex.ts';
import { starttls } from './starttls.ts';
import { starttlsCertificate } from './starttls-certificate.ts';
import { stp } from './stp.ts';
import { syslog } from './syslog.ts';
import { tcpServices } from './tcp-services.ts';
import { tcpSyn } from './tcp-syn.ts';
import { telnet } from './telnet.ts';
import { tftp } from './tftp.ts';
import { tls } from './tls.ts';
import { tlsCertificate } from './tls-certificate.ts';
import { upnp } from './upnp.ts';
import { tuya } from './tuya.ts';
import { ubiquiti } from './ubiquiti.ts';
import { vrrp } from './vrrp.ts';
import { vtp } from './vtp.ts';
import { wsDiscovery } from './ws-discovery.ts';
import { zebra } from './zebra.ts';

/** Every collector. A new one is one file here and one line in this list. */
export const collectors: readonly Collector[] = [
  arp,
  dhcpv4,
  mdns,
  tcpServices,
  tcpSyn,
  icmp,
  // IT over TCP
  tls,
  tlsCertificate,
  starttls,
  starttlsCertificate,
  http,
  httpAuthenticate,
  upnp,
  onvif,
  dpws,
  rtsp,
  ssh,
  sshKex,
  mqtt,
  ftp,
  smtp,
  imap,
  pop3,
  mysql,
  iscsi,
  telnet,
  rfb,
  pjl,
  nbss,
  smb,
  rdp,
  remoteAccess,
  dceRpc,
  // Industry: controllers
  modbus,
  enip,
  profinetDcp,
  s7comm,
  s7commPlus,
  bacnet,
  dnp3,
  iec104,
  opcUa,
  // Industry: energy, motion, buildings, process
  goose,
  sampledValues,
  mms,
  ethercat,
  powerlink,
  knxnetIp,
  hartIp,
  fins,
  ads,
  fox,
  slmp,
  codesys,
  gvcp,
  rtps,
  profinetRt,
  profinetIo,
  // IT over UDP
  llmnr,
  nbns,
  browser,
  ssdp,
  wsDiscovery,
  dns,
  ntp,
  snmp,
  sip,
  coap,
  radius,
  kerberos,
  cldap,
  sqlBrowser,
  syslog,
  tftp,
  quic,
  matter,
  tuya,
  zebra,
  pcp,
  // Neighbours and addresses
  ndp,
  dhcpv6,
  igmp,
  mld,
  // Switches and access
  lldp,
  cdp,
  vtp,
  dtp,
  mndp,
  ubiquiti,
  capwap,
  stp,
  lacp,
  oam,
  eapol,
  eapTls,
  pppoe,
  ptp,
  // First-hop redundancy
  hsrp,
  vrrp,
  carp,
  glbp,
  // Rings
  mrp,
  hsr,
  dlr,
];
