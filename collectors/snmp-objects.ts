import { makerAndModel } from '../gateway/codec/maker-and-model.ts';
import type { Fact } from '../gateway/model/fact.ts';

type Tell = (text: string) => readonly Fact[];
const as =
  (kind: 'hostname' | 'description' | 'model' | 'maker' | 'firmware' | 'serial'): Tell =>
  text => [kind === 'hostname' ? { kind, name: text } : { kind, text }];
const ups =
  (tell: Tell): Tell =>
  text => [...tell(text), { kind: 'device-kind', text: 'ups' }];
const printer =
  (tell: Tell): Tell =>
  text => [...tell(text), { kind: 'device-kind', text: 'printer' }];

/** The chassis among the physical entities: the first; on stacks of some makers the first member is 1001. */
const chassis = [1, 1001];
const entity = (column: number, tell: Tell): readonly (readonly [string, Tell])[] =>
  chassis.map(index => [`1.3.6.1.2.1.47.1.1.1.1.${column}.${index}`, tell] as const);

/** Keys of an IEEE 1284 device id, `MFG:Maker;MDL:Model;SN:1;`, in their short and long forms. IEEE 1284-2000 §6. */
const deviceIdKeys: ReadonlyMap<string, 'maker' | 'model' | 'serial'> = new Map([
  ['MFG', 'maker'],
  ['MANUFACTURER', 'maker'],
  ['MDL', 'model'],
  ['MODEL', 'model'],
  ['SN', 'serial'],
  ['SERN', 'serial'],
  ['SERIALNUMBER', 'serial'],
]);
const deviceId: Tell = text => [
  ...text.split(';', 32).flatMap((part): readonly Fact[] => {
    const colon = part.indexOf(':');
    const kind = deviceIdKeys.get(part.slice(0, Math.max(colon, 0)).trim().toUpperCase());
    const value = part.slice(colon + 1).trim();
    return kind === undefined || value === '' ? [] : [{ kind, text: value }];
  }),
  { kind: 'device-kind', text: 'printer' },
];

/** What stands behind the words for it in the free text of many agents: `FW: V4.2.1`, `Firmware Version 1.3`, `S/N 06F258A3`, `SN: ZA1231026712`. */
const firmwareWord = /\b(?:FW|F\/W|firmware(?: version| rev(?:ision)?)?)[:=]? ?(?:V\.?)?(\d[\w.-]{0,31})/i;
const serialWord = /\b(?:S\/N|SN|serial(?: number| no)?)[.:=#]{0,2} ?([A-Z0-9][A-Z0-9-]{3,31})\b/i;
/** The description of a system, and what it names: maker and model at its start, firmware and serial number. A word without a digit is no serial number. */
const sysDescr: Tell = text => {
  const [firmware, serial] = [firmwareWord.exec(text)?.[1], serialWord.exec(text)?.[1]];
  const { maker, model } = makerAndModel(text) ?? {};
  return [
    { kind: 'description', text },
    ...(maker === undefined ? [] : [{ kind: 'maker', text: maker } as const]),
    ...(model === undefined ? [] : [{ kind: 'model', text: model } as const]),
    ...(firmware === undefined ? [] : [{ kind: 'firmware', text: firmware } as const]),
    ...(serial === undefined || !/\d/.test(serial) ? [] : [{ kind: 'serial', text: serial } as const]),
  ];
};

/**
 * Objects that tell who an agent is, by dotted name. Texts come trimmed and not empty. What a maker's own objects mean stands in its published MIB. sysContact
 * is a person, and sysLocation what people wrote once: where a device is, its port tells.
 */
const objects: ReadonlyMap<string, Tell> = new Map<string, Tell>([
  // SNMPv2-MIB, RFC 3418: sysDescr, sysObjectID, sysName.
  ['1.3.6.1.2.1.1.1.0', sysDescr],
  ['1.3.6.1.2.1.1.2.0', text => [{ kind: 'print', scheme: 'snmp-object-id', value: text }]],
  ['1.3.6.1.2.1.1.5.0', as('hostname')],
  // ENTITY-MIB, RFC 6933: entPhysicalHardwareRev, FirmwareRev, SoftwareRev, SerialNum, MfgName, ModelName, AssetID.
  ...entity(8, text => [{ kind: 'inventory', of: 'hardware', text }]),
  ...entity(9, as('firmware')),
  ...entity(10, text => [
    { kind: 'firmware', text },
    { kind: 'inventory', of: 'software', text },
  ]),
  ...entity(11, as('serial')),
  ...entity(12, as('maker')),
  ...entity(13, as('model')),
  ...entity(15, text => [{ kind: 'inventory', of: 'asset', text }]),
  // Printer-MIB, RFC 3805: prtGeneralPrinterName, prtGeneralSerialNumber. PWG 5107.1 and HP: the device id of IEEE 1284.
  ['1.3.6.1.2.1.43.5.1.1.16.1', printer(() => [])],
  ['1.3.6.1.2.1.43.5.1.1.17.1', printer(as('serial'))],
  ['1.3.6.1.4.1.2699.1.2.1.2.1.1.3.1', deviceId],
  ['1.3.6.1.4.1.11.2.3.9.1.1.7.0', deviceId],
  // UPS-MIB, RFC 1628: manufacturer, model, software.
  ['1.3.6.1.2.1.33.1.1.1.0', ups(as('maker'))],
  ['1.3.6.1.2.1.33.1.1.2.0', ups(as('model'))],
  ['1.3.6.1.2.1.33.1.1.3.0', ups(as('firmware'))],
  // PowerNet-MIB of APC: upsBasicIdentModel, upsAdvIdentFirmwareRevision, upsAdvIdentSerialNumber.
  ['1.3.6.1.4.1.318.1.1.1.1.1.1.0', ups(as('model'))],
  ['1.3.6.1.4.1.318.1.1.1.1.2.1.0', ups(as('firmware'))],
  ['1.3.6.1.4.1.318.1.1.1.1.2.3.0', ups(as('serial'))],
  // SYNOLOGY-SYSTEM-MIB: modelName, serialNumber, version. MIKROTIK-MIB: mtxrLicVersion, mtxrSerialNumber. ZEBRA-MIB: model, serial.
  ['1.3.6.1.4.1.6574.1.5.1.0', as('model')],
  ['1.3.6.1.4.1.6574.1.5.2.0', as('serial')],
  ['1.3.6.1.4.1.6574.1.5.3.0', as('firmware')],
  ['1.3.6.1.4.1.14988.1.1.4.4.0', as('firmware')],
  ['1.3.6.1.4.1.14988.1.1.7.3.0', as('serial')],
  ['1.3.6.1.4.1.10642.1.1.0', printer(as('model'))],
  ['1.3.6.1.4.1.10642.1.9.0', printer(as('serial'))],
  // LLDP-MIB, IEEE 802.1AB §11.5: lldpLocSysName, lldpLocSysDesc.
  ['1.0.8802.1.1.2.1.3.3.0', as('hostname')],
  ['1.0.8802.1.1.2.1.3.4.0', as('description')],
]);

/** MIBs of Moxa's switches, one for each model with the same objects below: switchModel, firmwareVersion. */
const moxaSwitch = /^1\.3\.6\.1\.4\.1\.8691\.7\.\d{1,5}\.1\.([24])\.0$/;
const moxaObjects: ReadonlyMap<string, Tell> = new Map([
  ['2', as('model')],
  ['4', as('firmware')],
]);

/** What an object of this dotted name tells; undefined when it tells nothing about who the agent is. */
export const tellerOf = (oid: string): Tell | undefined => objects.get(oid) ?? moxaObjects.get(moxaSwitch.exec(oid)?.[1] ?? '');
