import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from RFC 9110, RFC 9112 and RFC 2326 with invented names. */
export const head = (...lines: readonly string[]): Uint8Array => b.bytes([...lines, '', ''].join('\r\n'));

export const httpRequest = head(
  'GET /setup HTTP/1.1',
  'Host: Updates.Vendor.example:8080',
  'User-Agent: PlcUpdater/1.4 (Linux)',
  'Accept: */*',
);
export const httpResponse = head(
  'HTTP/1.1 401 Unauthorized',
  'Server: Camd/2.1',
  'WWW-Authenticate: Digest realm="CAM-7000 (00AF)", nonce="1"',
  'Content-Length: 0',
);
export const rtspRequest = head('OPTIONS rtsp://192.0.2.34/ RTSP/1.0', 'CSeq: 1', 'User-Agent: Recorder/4.2');
export const rtspResponse = head('RTSP/1.0 200 OK', 'CSeq: 1', 'Server: Vendor RTSP CAM-7000', 'Public: OPTIONS, DESCRIBE, SETUP, PLAY');

/** An answer with that document, its length said. */
export const xmlAnswer = (xml: string, ...more: readonly string[]): Uint8Array =>
  b.bytes(head('HTTP/1.1 200 OK', 'Content-Type: text/xml; charset="utf-8"', `Content-Length: ${b.bytes(xml).length}`, ...more), xml);
/** Composed from UPnP Device Architecture 2.0 §2.3, ONVIF Core §8.3.2 and DPWS 1.1 §4. */
export const upnpDescription = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device>
 <deviceType>urn:schemas-upnp-org:device:MediaRenderer:1</deviceType>
 <friendlyName>Canteen &amp; bar</friendlyName>
 <manufacturer>Maker AG</manufacturer>
 <modelName>Sound 9</modelName><modelNumber>S9-B</modelNumber>
 <serialNumber>00-0042</serialNumber>
 <UDN>uuid:2fac1234-31f8-11b4-a222-08002b34c003</UDN>
 <deviceList><device><friendlyName>inner</friendlyName><modelName>Other</modelName></device></deviceList>
</device></root>`;
export const onvifInformation = `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>
<tds:GetDeviceInformationResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><tds:Manufacturer>Cam Co.</tds:Manufacturer>
<tds:Model>CAM-7000</tds:Model><tds:FirmwareVersion>5.5.82</tds:FirmwareVersion><tds:SerialNumber>C0FFEE42</tds:SerialNumber>
<tds:HardwareId>88</tds:HardwareId></tds:GetDeviceInformationResponse></s:Body></s:Envelope>`;
export const dpwsMetadata = `<soap:Envelope><soap:Body><wsx:Metadata><wsx:MetadataSection><wsdp:ThisModel><wsdp:Manufacturer>Printer Co.</wsdp:Manufacturer>
<wsdp:ModelName xml:lang="en">Laser 3</wsdp:ModelName></wsdp:ThisModel></wsx:MetadataSection><wsx:MetadataSection><wsdp:ThisDevice>
<wsdp:FriendlyName>Office</wsdp:FriendlyName><wsdp:FirmwareVersion>1.2</wsdp:FirmwareVersion><wsdp:SerialNumber>P-7</wsdp:SerialNumber>
</wsdp:ThisDevice></wsx:MetadataSection></wsx:Metadata></soap:Body></soap:Envelope>`;

export const httpVectors: { readonly [name: string]: Uint8Array } = {
  'http-request': fromClient(80, httpRequest),
  'http-response': fromServer(80, httpResponse),
  'http-upnp': fromServer(49_152, xmlAnswer(upnpDescription)),
  'http-onvif': fromServer(8000, xmlAnswer(onvifInformation)),
  'http-dpws': fromServer(5357, xmlAnswer(dpwsMetadata)),
  'rtsp-request': fromClient(554, rtspRequest),
  'rtsp-response': fromServer(554, rtspResponse),
};
