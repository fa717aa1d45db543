import { arpScan } from './arp-scan.ts';
import { arpSpoof } from './arp-spoof.ts';
import { claimedMac } from './claimed-mac.ts';
import { dhcpStarvation } from './dhcp-starvation.ts';
import { firmwareChanged } from './firmware-changed.ts';
import { hiddenRouter } from './hidden-router.ts';
import { impersonation } from './impersonation.ts';
import { ipConflict } from './ip-conflict.ts';
import { llmnrPoison } from './llmnr-poison.ts';
import { macCloneSameIp } from './mac-clone-same-ip.ts';
import { macClone } from './mac-clone.ts';
import { macFlood } from './mac-flood.ts';
import { mudViolation } from './mud-violation.ts';
import { newDevice } from './new-device.ts';
import { newService } from './new-service.ts';
import { portMove } from './port-move.ts';
import { portScan } from './port-scan.ts';
import { randomisedMac } from './randomised-mac.ts';
import { remoteAccessDevice } from './remote-access-device.ts';
import { ringBroken } from './ring-broken.ts';
import { rogueDhcp } from './rogue-dhcp.ts';
import { rogueRa } from './rogue-ra.ts';
import { rogueSwitch } from './rogue-switch.ts';
import type { DetectionRule } from './rule.ts';
import { stealthDevice } from './stealth-device.ts';
import { unauthorisedWrite } from './unauthorised-write.ts';
import { wrongZone } from './wrong-zone.ts';

/** Every rule. A new one is one file here and one line in this list. */
export const detectionRules: readonly DetectionRule[] = [
  // Who is there, and whether it is who it was.
  newDevice,
  macClone,
  macCloneSameIp,
  impersonation,
  portMove,
  randomisedMac,
  stealthDevice,
  macFlood,
  newService,
  wrongZone,
  firmwareChanged,
  remoteAccessDevice,
  // Who claims the addresses and services of others.
  arpSpoof,
  claimedMac,
  ipConflict,
  rogueDhcp,
  dhcpStarvation,
  rogueRa,
  llmnrPoison,
  rogueSwitch,
  hiddenRouter,
  ringBroken,
  // Who looks around and who acts.
  arpScan,
  portScan,
  unauthorisedWrite,
  mudViolation,
];
