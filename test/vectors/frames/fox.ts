import { fromDevice, toDevice } from './industrial.ts';

/** Composed after the form of a public capture, with invented values: Niagara Fox says its fields as lines of text. */
export const hello = (answers: boolean, fields: Readonly<Record<string, string>>): Uint8Array =>
  new TextEncoder().encode(
    `fox a ${answers ? 0 : 1} -1 fox hello\n{\n${Object.entries(fields)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')}};;\n`,
  );
export const station = {
  'fox.version': 's:1.0',
  id: 'i:2',
  hostName: 's:192.0.2.17',
  hostAddress: 's:192.0.2.17',
  'app.name': 's:Station',
  'app.version': 's:4.10.0.154',
  'vm.name': 's:OpenJDK',
  'vm.version': 's:25.282',
  'os.name': 's:QNX',
  'os.version': 's:7.0.0',
  'station.name': 's:Cold_Store_2',
  lang: 's:en',
  hostId: 's:Qnx-TITAN-0000-1234-5678',
  brandId: 's:vykon',
  sysInfo: 'o:bog 61[<bog version="1.0">',
};
export const workbench = {
  hostName: 's:eng-pc-4',
  'app.name': 's:Workbench',
  'app.version': 's:4.10.0.154',
  hostId: 's:Win-1111-2222-3333-4444',
};

export const foxVectors = {
  'fox-station': fromDevice(1911, hello(true, station)),
  'fox-workbench': toDevice(1911, hello(false, workbench)),
};
