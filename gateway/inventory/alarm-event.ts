import type { Alarm } from '../model/alarm.ts';
import type { EventBody } from '../model/event.ts';
import type { Inventory } from './inventory.ts';

/** An alarm as an Event: actor and victim are named by the devices that stand behind their addresses, as far as they are known. */
export function alarmEvent(alarm: Alarm, inventory: Inventory): EventBody {
  const { type, actor, victim, port, vlan, detail, firstAt, lastAt, count, frames } = alarm;
  const device = inventory.at(actor, port, vlan)?.device ?? inventory.withMac(actor)[0]?.device;
  const others = victim === undefined ? [] : inventory.withMac(victim).filter(other => other.device.id !== device?.id);
  const behind = device?.cloneOf ?? others[0]?.device.id;
  return {
    kind: 'alarm',
    alarm: type,
    actor,
    port,
    ...(device === undefined ? {} : { device: device.id }),
    ...(victim === undefined || behind === undefined ? {} : { victim: behind }),
    ...(victim === undefined ? {} : { victimMac: victim }),
    detail,
    vlan,
    firstAt,
    lastAt,
    count,
    frames,
  };
}
