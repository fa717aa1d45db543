import { arpSweep } from './arp-sweep.ts';
import { bacnetWhoIs } from './bacnet-who-is.ts';
import { dcpIdentify } from './dcp-identify.ts';
import { enipListIdentity } from './enip-list-identity.ts';
import { icmpv6AllNodes } from './icmpv6-all-nodes.ts';
import { mdnsQuery } from './mdns-query.ts';
import { nbstat } from './nbstat.ts';
import type { ListedProbe } from './probe.ts';
import { ssdpSearch } from './ssdp-search.ts';
import { wsdProbe } from './wsd-probe.ts';

/** Every probe there is: one file and one line each. */
export const probes: readonly ListedProbe[] = [
  arpSweep,
  icmpv6AllNodes,
  mdnsQuery,
  ssdpSearch,
  wsdProbe,
  nbstat,
  enipListIdentity,
  dcpIdentify,
  bacnetWhoIs,
];
