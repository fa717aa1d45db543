import { httpHead } from './http-head.ts';
import { modbusDeviceId } from './modbus-device-id.ts';
import { opcuaEndpoints } from './opcua-endpoints.ts';
import type { ListedProbe } from './probe.ts';
import { s7Szl } from './s7-szl.ts';
import { snmpGet } from './snmp-get.ts';
import { tlsHello } from './tls-hello.ts';

/** Every probe there is: one file and one line each. */
export const probes: readonly ListedProbe[] = [modbusDeviceId, s7Szl, opcuaEndpoints, snmpGet, tlsHello, httpHead];
