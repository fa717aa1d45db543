import { ads } from './ads.ts';
import { arp } from './arp.ts';
import { browser } from './browser.ts';
import { coap } from './coap.ts';
import type { Collector } from './collector.ts';
import { dhcpv4 } from './dhcpv4.ts';
import { dns } from './dns.ts';
import { ethercat } from './ethercat.ts';
import { fins } from './fins.ts';
import { fox } from './fox.ts';
import { goose } from './goose.ts';
import { hartIp } from './hart-ip.ts';
import { httpAuthenticate } from './http-authenticate.ts';
import { http } from './http.ts';
import { knxnetIp } from './knxnet-ip.ts';
import { llmnr } from './llmnr.ts';
import { matter } from './matter.ts';
import { mdns } from './mdns.ts';
import { mms } from './mms.ts';
import { nbns } from './nbns.ts';
import { ntp } from './ntp.ts';
import { powerlink } from './powerlink.ts';
import { profinetRt } from './profinet-rt.ts';
import { radius } from './radius.ts';
import { rtsp } from './rtsp.ts';
import { sampledValues } from './sampled-values.ts';
import { sip } from './sip.ts';
import { slmp } from './slmp.ts';
import { snmp } from './snmp.ts';
import { ssdp } from './ssdp.ts';
import { sshKex } from './ssh-kex.ts';
import { ssh } from './ssh.ts';
import { syslog } from './syslog.ts';
import { tcpServices } from './tcp-services.ts';
import { tftp } from './tftp.ts';
import { tlsCertificate } from './tls-certificate.ts';
import { tls } from './tls.ts';
import { wsDiscovery } from './ws-discovery.ts';

/** Every collector. A new one is one file here and one line in this list. */
export const collectors: readonly Collector[] = [
  arp,
  dhcpv4,
  mdns,
  tcpServices,
  // IT over TCP
  tls,
  tlsCertificate,
  http,
  httpAuthenticate,
  rtsp,
  ssh,
  sshKex,
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
  profinetRt,
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
  syslog,
  tftp,
  matter,
];
