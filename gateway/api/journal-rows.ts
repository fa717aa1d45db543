import type { DeviceId } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import { notableKinds, type Show } from '../model/notable.ts';

/** Which of the three an Event of the journal's page belongs to. */
export function groupOf({ kind }: EventBody): Show {
  const { alarms, gateway } = notableKinds;
  if (alarms.some(each => each === kind)) return 'alarms';
  return gateway.some(each => each === kind) ? 'gateway' : 'people';
}

/** The device that an Event names, if it names one. */
export const deviceOf = (body: EventBody): DeviceId | undefined => ('device' in body ? body.device : undefined);
