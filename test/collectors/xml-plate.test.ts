import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { decode as decodeDpws, dpws } from '../../collectors/dpws.ts';
import { decode as decodeOnvif, onvif } from '../../collectors/onvif.ts';
import { decode as decodeUpnp, upnp } from '../../collectors/upnp.ts';
import * as b from '../vectors/frames/build.ts';
import { dpwsMetadata, head, onvifInformation, upnpDescription, xmlAnswer } from '../vectors/frames/http.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';
import { cost } from '../undisturbed.ts';

const plateOf = (server: Uint8Array, size = 1400, c = onvif) => told(c, conversation(8000, { server }, size)).host;
const camera = [
  { kind: 'maker', text: 'Cam Co.' },
  { kind: 'model', text: 'CAM-7000' },
  { kind: 'firmware', text: '5.5.82' },
  { kind: 'inventory', of: 'hardware', text: '88' },
  { kind: 'serial', text: 'C0FFEE42' },
];

describe('the type plate that a device answers with', () => {
  it('is its device information of ONVIF', () => expect(plateOf(xmlAnswer(onvifInformation), 333)).toEqual(camera));

  it('may come behind the answer that asks who is there', () => {
    const fault = '<s:Fault>not authorised</s:Fault>';
    const refused = b.bytes(
      head('HTTP/1.1 401 Unauthorized', 'Content-Type: application/soap+xml', `Content-Length: ${fault.length}`),
      fault,
    );
    expect(plateOf(b.bytes(refused, xmlAnswer(onvifInformation)), 200)).toEqual(camera);
    expect(plateOf(b.bytes(xmlAnswer('<a/>'), xmlAnswer(onvifInformation)))).toEqual(camera);
  });

  it('is none in a document of others that is longer than what is kept, which is nobody’s fault', () => {
    const long = b.bytes(
      head('HTTP/1.1 200 OK', 'Content-Type: text/xml', 'Content-Length: 30000'),
      `<news>${'<item>x</item>'.repeat(2000)}`,
    );
    for (const c of [onvif, upnp, dpws])
      expect(told(c, conversation(8000, { server: long }, 1400))).toEqual({ client: [], host: [], malformed: [] });
  });

  it('may come without a length, and is read when its end has come', () => {
    const open = b.bytes(
      head('HTTP/1.1 200 OK', 'Content-Type: application/soap+xml', 'Transfer-Encoding: chunked'),
      '300\r\n',
      onvifInformation,
    );
    expect(plateOf(open, 100)).toEqual(camera);
    expect(plateOf(open.subarray(0, open.length - 80), 100)).toEqual([]);
  });

  it('is none in another document, status, type or protocol; nor what a router passes on', () => {
    expect(plateOf(xmlAnswer('<note><manufacturer>x</manufacturer></note>'))).toEqual([]);
    expect(plateOf(b.bytes(head('HTTP/1.1 404 Not Found', 'Content-Type: text/xml'), onvifInformation))).toEqual([]);
    expect(plateOf(b.bytes(head('HTTP/1.1 200 OK', 'Content-Type: text/html', 'X-Not: xml'), onvifInformation))).toEqual([]);
    expect(told(onvif, [fromServer(8000, xmlAnswer(onvifInformation), { ttl: 63 })]).host).toEqual([]);
  });

  it('is not looked for where nothing says XML', () => {
    const { host, malformed } = told(
      onvif,
      conversation(80, { server: b.bytes(head('HTTP/1.1 200 OK', 'Content-Type: text/html'), 'x'.repeat(5000)) }),
    );
    expect([host, malformed]).toEqual([[], []]);
  });

  it('without what it is asked for says less; an empty element says nothing', () => {
    const less = onvifInformation
      .replace('5.5.82', '')
      .replace('C0FFEE42', ' ')
      .replace(/<tds:HardwareId>.*<\/tds:HardwareId>/, '');
    expect(plateOf(xmlAnswer(less))).toEqual(camera.slice(0, 2));
  });
});

it('each kind of plate is read by itself: versions and numbers of one do not contradict those of another', () => {
  const all = new Dissector({ collectors: [upnp, onvif, dpws] });
  const both = [xmlAnswer(onvifInformation), xmlAnswer(dpwsMetadata)].map((body, i) => fromServer(8000 + i, body));
  for (const [i, bytes] of both.entries()) all.frame(b.frame(bytes, { number: i + 1 }));
  const firmware = all.drain().observations.flatMap(o => (o.fact.kind === 'firmware' ? [[o.collector, o.fact.text]] : []));
  expect(firmware).toEqual([
    ['onvif', '5.5.82'],
    ['dpws', '1.2'],
  ]);
});

it('cut anywhere waits for the rest', () => {
  cutsWaitOrThrow(decodeUpnp, xmlAnswer(upnpDescription));
  cutsWaitOrThrow(decodeOnvif, xmlAnswer(onvifInformation));
  cutsWaitOrThrow(decodeDpws, xmlAnswer(dpwsMetadata));
});

it('a document made to be slow is read in time', () => {
  const nasty = [
    '<a:'.repeat(4000),
    `<device>${'<modelName '.repeat(1200)}`,
    '<x:GetDeviceInformationResponse '.repeat(400),
    `<device>${'<m>'.repeat(4000)}`,
  ];
  const all = (): void => {
    for (const text of nasty) for (const decode of [decodeUpnp, decodeOnvif, decodeDpws]) decode(xmlAnswer(text));
  };
  expect(cost(all)).toBeLessThan(1000);
});
