import { arpSweep } from './arp-sweep.ts';
import { bacnetWhoIs } from './bacnet-who-is.ts';
import { dcpIdentify } from './dcp-identify.ts';
import { enipListIdentity } from './enip-list-identity.ts';
import { httpHead } from './http-head.ts';
import { icmpv6AllNodes } from './icmpv6-all-nodes.ts';
import { mdnsQuery } from './mdns-query.ts';
import { modbusDeviceId } from './modbus-device-id.ts';
import { nbstat } from './nbstat.ts';
import { opcuaEndpoints } from './opcua-endpoints.ts';
import type { ListedProbe } from './probe.ts';
import { s7Szl } from './s7-szl.ts';
import { snmpGet } from './snmp-get.ts';
import { ssdpSearch } from './ssdp-search.ts';
import { tlsHello } from './tls-hello.ts';
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
  modbusDeviceId,
  s7Szl,
  opcuaEndpoints,
  snmpGet,
  tlsHello,
  httpHead,
];
