import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

/**
 * `node upnp-device.ts IP`: a simulated UPnP media renderer that answers each search from a port of its own and not from 1900, as UPnP Device Architecture 2.0
 * §1.3.3 allows, and serves its description. Written for this lab; no real device. Ends with its stdin.
 */
const [ip = ''] = process.argv.slice(2);
const uuid = '5f9ec1b3-ed59-4ea2-8d9b-0011223344aa';
const type = 'urn:schemas-upnp-org:device:MediaRenderer:1';

createServer((_request, response) => {
  response.setHeader('content-type', 'text/xml').end(`<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion><device><deviceType>${type}</deviceType><friendlyName>Dock screen</friendlyName>
<manufacturer>Lab Screens</manufacturer><modelName>DS-55</modelName><modelNumber>1</modelNumber><UDN>uuid:${uuid}</UDN></device></root>`);
}).listen(8090, ip);

const search = createSocket({ type: 'udp4', reuseAddr: true });
search.on('message', (bytes, from) => {
  if (!bytes.toString('latin1').startsWith('M-SEARCH')) return;
  for (const target of ['upnp:rootdevice', type]) {
    const lines = [
      'HTTP/1.1 200 OK',
      'CACHE-CONTROL: max-age=1800',
      'EXT:',
      `LOCATION: http://${ip}:8090/description.xml`,
      'SERVER: LabOS/1.0 UPnP/1.0 Screen/3.1',
      `ST: ${target}`,
      `USN: uuid:${uuid}::${target}`,
      '',
      '',
    ];
    const answer = createSocket('udp4'); // its port is whatever the kernel draws
    answer.send(lines.join('\r\n'), from.port, from.address, () => answer.close());
  }
});
search.bind(1900, () => {
  search.addMembership('239.255.255.250', ip);
  process.stdout.write('up\n');
});
process.stdin.on('end', () => process.exit(0)).resume();
