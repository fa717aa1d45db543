import { attribute, attributeTypes } from '../codec/x509-name.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';

/** What an IDevID or LDevID calls its device (IEEE 802.1AR-2018 §8.6, §8.10.4). `hardwareType` is the OID of a HardwareModuleName. */
export type DeviceName = { readonly serial: string; readonly hardwareType?: string };

/** Longest serial, UTF-16 units: X.520 allows 64 in a name, RFC 4108 any length. */
const maxSerial = 255;

/**
 * The name of the device. The subject's serialNumber is what counts, else the serial of its HardwareModuleName, which many vendors leave
 * out. No host name has anything to do with it. Throws EvidenceError IDENTITY_MISMATCH when there is none, or when there are two.
 */
export function deviceName(certificate: Certificate): DeviceName {
  const serials = certificate.subject.attributes.filter(a => a.type === attributeTypes.serialNumber);
  const module = certificate.hardwareModule;
  const serial = attribute(certificate.subject, attributeTypes.serialNumber) ?? module?.serial;
  if (serial === undefined || serial === '' || serial.length > maxSerial || serials.length > 1)
    throw new EvidenceError(
      'IDENTITY_MISMATCH',
      'identity',
      `Cannot tell device of ${certificate.subject.text}: ${serials.length} serial numbers`,
      {
        expected: 'one serialNumber, or a HardwareModuleName',
        seen: certificate.subject.text,
      },
    );
  return { serial, ...(module === undefined ? {} : { hardwareType: module.type }) };
}

/** Whether a certificate is of the device that we mean, octet for octet. Throws EvidenceError IDENTITY_MISMATCH. */
export function checkDeviceName(certificate: Certificate, reference: DeviceName): void {
  const { serial, hardwareType } = deviceName(certificate);
  if (serial === reference.serial && (reference.hardwareType === undefined || reference.hardwareType === hardwareType)) return;
  throw new EvidenceError(
    'IDENTITY_MISMATCH',
    'identity',
    `Cannot take ${certificate.subject.text} for ${reference.serial}: it is another device`,
    {
      expected: reference.serial,
      seen: serial,
    },
  );
}
