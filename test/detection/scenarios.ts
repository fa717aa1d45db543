import { deviceScenarios } from './device-scenarios.ts';
import { networkScenarios } from './network-scenarios.ts';
import type { Scenarios } from './scenario.ts';

/** Look-alikes that some rule must have a story for. */
export const lookAlikes = [
  'VRRP',
  'HSRP',
  'DHCP relay',
  'ARP probe',
  'DHCP re-lease',
  'failover',
  'vMotion',
  'VLAN twins',
  'PRP',
  'scanner that roams',
] as const;

/** Every rule with what it means and what looks like it, as frames. */
export const scenarios: Scenarios = { ...deviceScenarios, ...networkScenarios };
