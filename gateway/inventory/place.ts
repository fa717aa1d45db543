import type { Millis, PortName } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { maxBindings } from './record.ts';

/** Plugged in where a switch says, or nobody knows any more where. */
export function attached(before: Device, to: Device['attachedTo']): Device {
  const { attachedTo: _, ...device } = before;
  return to === undefined ? device : { ...device, attachedTo: to };
}

/** The device at its new port: open bindings end, its addresses stay known, and it is nobody's clone any more. */
export function moved(device: Device, port: PortName, zone: string, at: Millis): Device {
  const { cloneOf: _, ...rest } = device;
  const closed = device.bindings.map(binding => (binding.until === undefined ? { ...binding, until: at } : binding));
  const { mac, vlan } = device;
  const opened = [{ mac, port, vlan, from: at }, ...device.ips.map(ip => ({ mac, port, vlan, ip, from: at }))];
  return { ...rest, port, zone, bindings: [...closed, ...opened].slice(-maxBindings) };
}
