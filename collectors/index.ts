import { arp } from './arp.ts';
import type { Collector } from './collector.ts';
import { dhcpv4 } from './dhcpv4.ts';
import { mdns } from './mdns.ts';
import { tcpServices } from './tcp-services.ts';
import { tls } from './tls.ts';
import { tlsCertificate } from './tls-certificate.ts';

/** Every collector. A new one is one file here and one line in this list. */
export const collectors: readonly Collector[] = [
  arp,
  dhcpv4,
  mdns,
  tcpServices,
  // IT over TCP
  tls,
  tlsCertificate,
];
