import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { wsdProbe } from '../../gateway/probing/wsd-probe.ts';
import { emitted, free, range } from './emitted.ts';

const text = (message: Uint8Array): string => Buffer.from(message).toString('latin1');
const written = (id: string, body: string): string =>
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
  'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">' +
  '<s:Header>' +
  '<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>' +
  '<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>' +
  `<a:MessageID>urn:uuid:${id}</a:MessageID>` +
  '</s:Header>' +
  `<s:Body><d:Probe>${body}</d:Probe></s:Body>` +
  '</s:Envelope>';

describe('the WS-Discovery probe', () => {
  it('is written as WS-Discovery §5.2 has it: for everything, and by type, each with a message id of its own', () => {
    expect(emitted(wsdProbe).map(text)).toEqual([
      written('a0a1a2a3-a4a5-46a7-a8a9-aaabacadaeaf', ''),
      written(
        'a0a1a2a3-a4a5-46a7-a8a9-aaabacadaeb0',
        '<d:Types xmlns:n="http://www.onvif.org/ver10/network/wsdl">n:NetworkVideoTransmitter</d:Types>',
      ),
      written(
        'a0a1a2a3-a4a5-46a7-a8a9-aaabacadaeb1',
        '<d:Types xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof">wsdp:Device</d:Types>',
      ),
    ]);
  });

  it('lets nothing else out but other message ids', () => {
    for (const message of emitted(wsdProbe)) {
      const at = text(message).indexOf('urn:uuid:') + 9;
      expect(free(wsdProbe, message)).toEqual(range(at, at + 35));
    }
  });

  it('is what another XML reader finds in the namespaces of 2005/04', () => {
    const script =
      'import sys, xml.etree.ElementTree as E\n' +
      'for line in sys.stdin: print(" ".join(e.tag for e in E.fromstring(line.encode()).iter()))';
    const input = emitted(wsdProbe).map(text).join('\n');
    const read = execFileSync('python3', ['-c', script], { input, encoding: 'utf8' }).trimEnd().split('\n');
    const [soap, to, discovery] = ['http://www.w3.org/2003/05/soap-envelope', 'http://schemas.xmlsoap.org/ws/2004/08/addressing'].concat(
      'http://schemas.xmlsoap.org/ws/2005/04/discovery',
    );
    const everything = `{${soap}}Envelope {${soap}}Header {${to}}To {${to}}Action {${to}}MessageID {${soap}}Body {${discovery}}Probe`;
    const typed = `${everything} {${discovery}}Types`;
    expect(read).toEqual([everything, typed, typed]);
  });
});
