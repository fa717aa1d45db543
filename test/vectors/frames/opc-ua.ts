import * as b from './build.ts';
import { fromDevice, le16, le32, toDevice } from './industrial.ts';

/** Composed from OPC 10000-6 §5.2 and §7.1, OPC 10000-4 §7. */
const string = (text: string): b.Part => [le32(text.length), text];
const none = le32(0xffff_ffff);
export const message = (type: string, body: b.Part): Uint8Array => {
  const rest = b.bytes(body);
  return b.bytes(type, 'F', le32(rest.length + 8), rest);
};
const secured = (type: number, body: b.Part): Uint8Array => message('MSG', [le32(1), le32(1), le32(2), le32(2), 1, 0, le16(type), body]);
const responseHeader = [new Uint8Array(8), le32(1), le32(0), 0, none, 0, 0, 0];
const requestHeader = [0, 0, new Uint8Array(8), le32(1), le32(0), none, le32(5000), 0, 0, 0];
const application = (uri: string, product: string, name: string): b.Part => [
  [string(uri), string(product), 3, string('en'), string(name), le32(0), none, none],
  [le32(1), string('opc.tcp://192.0.2.17:4840')],
];
export const noSecurity = 'http://opcfoundation.org/UA/SecurityPolicy#None';
export const hello = message('HEL', [le32(0), le32(65_536), le32(65_536), le32(0), le32(0), string('opc.tcp://192.0.2.17:4840')]);
export const acknowledge = message('ACK', [le32(0), le32(65_536), le32(65_536), le32(0), le32(0)]);
export const open = (policy: string, certificate: b.Part = none): Uint8Array =>
  message('OPN', [le32(1), string(policy), certificate, none, new Uint8Array(40)]);
/** One endpoint, with this certificate (its length and bytes); `behind`: more of the message. */
export const endpointsWith = (certificate: b.Part, behind: b.Part = []): Uint8Array =>
  secured(431, [
    responseHeader,
    le32(1),
    string('opc.tcp://192.0.2.17:4840'),
    application('urn:example:plc-7', 'http://example.com/plc', 'PLC 7'),
    certificate,
    [le32(1), string(noSecurity), none, string('http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary'), 0],
    behind,
  ]);
export const endpoints = endpointsWith(none);
export const createSession = secured(461, [
  requestHeader,
  application('urn:example:scada', 'http://example.com/scada', 'SCADA'),
  [none, string('opc.tcp://192.0.2.17:4840'), string('session'), none, none, new Uint8Array(12)],
]);
export const getEndpoints = secured(428, [requestHeader, string('opc.tcp://192.0.2.17:4840'), none, none]);

export const opcUaVectors = {
  'opc-ua-endpoints': fromDevice(4840, b.bytes(acknowledge, open(noSecurity), endpoints)),
  'opc-ua-session': toDevice(4840, b.bytes(hello, open(noSecurity), getEndpoints, createSession)),
} as const;
