import { expect, it } from 'vitest';
import { onvif } from '../../collectors/onvif.ts';
import * as b from '../vectors/frames/build.ts';
import { onvifInformation, upnpDescription, xmlAnswer } from '../vectors/frames/http.ts';
import { conversation } from '../vectors/frames/stream.ts';
import { told } from './stream-facts.ts';

const said = (xml: string) => told(onvif, conversation(80, { server: xmlAnswer(xml) })).host;

it('the device information of a camera tells its type plate; its UPnP description is another', () => {
  expect(said(onvifInformation).map(fact => fact.kind)).toEqual(['maker', 'model', 'firmware', 'inventory', 'serial']);
  expect(said(upnpDescription)).toEqual([]);
});

it('a web page that is longer than what is read of a stream is no fault of its server', () => {
  const page = b.bytes(
    `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 60000\r\n\r\n<?xml version="1.0"?><html>`,
    new Uint8Array(60_000).fill(0x20),
  );
  expect(told(onvif, conversation(80, { server: page }, 1400))).toMatchObject({ host: [], malformed: [] });
});
