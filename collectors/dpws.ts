import { collector } from './collector.ts';
import { decodePlate, ofPlates, type PlateDocument } from './xml-plate.ts';

/** The metadata of a web service: the characteristics of model and device stand in one set. Devices Profile for Web Services 1.1 §4. */
const document: PlateDocument = {
  from: /<(?:[\w.-]{1,32}:)?Metadata\b[^<>]{0,512}>/,
  to: /<\/(?:[\w.-]{1,32}:)?Metadata>/,
};

export const decode = (bytes: Uint8Array): ReturnType<typeof decodePlate> => decodePlate(bytes, document);

export const dpws = collector({ ...ofPlates, name: 'dpws', spec: 'DPWS 1.1 §4', decode });
