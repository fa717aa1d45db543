import { modbusDeviceId } from './modbus-device-id.ts';
import type { ListedProbe } from './probe.ts';

/** Every probe there is: one file and one line each. */
export const probes: readonly ListedProbe[] = [modbusDeviceId];
