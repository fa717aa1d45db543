import { collector } from './collector.ts';
import { decodePlate, ofPlates, type PlateDocument } from './xml-plate.ts';

/** What a camera answers to GetDeviceInformation. ONVIF Core §8.3.2. */
const document: PlateDocument = {
  from: /<(?:[\w.-]{1,32}:)?GetDeviceInformationResponse\b[^<>]{0,512}>/,
  to: /<\/(?:[\w.-]{1,32}:)?GetDeviceInformationResponse>/,
};

export const decode = (bytes: Uint8Array): ReturnType<typeof decodePlate> => decodePlate(bytes, document);

export const onvif = collector({ ...ofPlates, name: 'onvif', spec: 'ONVIF Core §8.3', decode });
