import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

const id = 'urn:uuid:4d454930-0000-1000-8000-4419b6000006';
const group = '239.255.255.250';

/** A camera: RTSP OPTIONS and DESCRIBE on 554 (RFC 7826), and WS-Discovery Hello and ProbeMatches on UDP 3702 as ONVIF cameras send them. */
export function startCamera(): void {
  createServer(rtsp).listen(554, '0.0.0.0');
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('error', () => undefined);
  socket.on('message', (message, from) => {
    const asked = /MessageID[^>]*>([^<]{1,100})</.exec(message.toString('utf8', 0, 4096))?.[1];
    if (asked !== undefined && message.includes('Probe'))
      socket.send(discovery('ProbeMatches', asked), from.port, from.address, () => undefined);
  });
  socket.bind(3702, () => announce(socket, false));
}

/** Joins and says hello as soon as there is an address, then every 30 s. */
function announce(socket: ReturnType<typeof createSocket>, joined: boolean): void {
  const ip = address();
  if (ip !== undefined) {
    if (!joined) socket.addMembership(group, ip);
    socket.setMulticastInterface(ip);
    socket.send(discovery('Hello'), 3702, group, () => undefined);
  }
  setTimeout(() => announce(socket, joined || ip !== undefined), ip === undefined ? 100 : 30_000);
}

const address = (): string | undefined => networkInterfaces()['eth0']?.find(i => i.family === 'IPv4')?.address;

function discovery(action: 'Hello' | 'ProbeMatches', relatesTo?: string): string {
  const about = `<a:EndpointReference><a:Address>${id}</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/DS-2CD2042</d:Scopes>
<d:XAddrs>http://${address() ?? '0.0.0.0'}/onvif/device_service</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`;
  const body =
    action === 'Hello' ? `<d:Hello>${about}</d:Hello>` : `<d:ProbeMatches><d:ProbeMatch>${about}</d:ProbeMatch></d:ProbeMatches>`;
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<s:Header><a:MessageID>urn:uuid:${crypto.randomUUID()}</a:MessageID>${relatesTo === undefined ? '' : `<a:RelatesTo>${relatesTo}</a:RelatesTo>`}<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/${action}</a:Action></s:Header>
<s:Body>${body}</s:Body></s:Envelope>`;
}

function rtsp(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.on('data', data => {
    const sequence = /CSeq: *(\d{1,9})/i.exec(data.toString('latin1'))?.[1] ?? '0';
    socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n`);
  });
}
