import { collector } from './collector.ts';
import { decodePlate, ofPlates, type PlateDocument } from './xml-plate.ts';

/** The description to which a device points in its announcements (ssdp.ts): the root device, before the devices embedded in it. UPnP Device Architecture 2.0 §2.3. */
const document: PlateDocument = {
  from: /<device>/,
  to: /<(?:(?:serviceList|iconList|deviceList)[ >/]|\/device>)/,
};

export const decode = (bytes: Uint8Array): ReturnType<typeof decodePlate> => decodePlate(bytes, document);

export const upnp = collector({ ...ofPlates, name: 'upnp', spec: 'UPnP Device Architecture 2.0 §2', decode });
