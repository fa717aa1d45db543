import { createHash } from 'node:crypto';
import { messageType, type OpcUaApplication, opcUaTypes, readIdentity, string } from '../gateway/codec/opc-ua.ts';
import { DecodeError, Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import { openWhole, tags } from '../gateway/codec/der.ts';
import { extensionOids } from '../gateway/codec/x509-extension.ts';
import { generalNames } from '../gateway/codec/x509-general-name.ts';
import { type Certificate, decodeCertificate } from '../gateway/codec/x509.ts';
import { visibleText } from '../gateway/model/visible-text.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const opcUaPort = 4840;
/** Cap: messages of a stream that are read before it is left alone. */
const maxMessages = 8;
const headerSize = 8;
/** Messages of the secure conversation, OPC 10000-6 §6.7.2.2 and §7.1.2.2. */
const types: ReadonlySet<string> = new Set(['HEL', 'ACK', 'ERR', 'RHE', 'OPN', 'MSG', 'CLO']);
const noSecurity = 'http://opcfoundation.org/UA/SecurityPolicy#None';

type Told = { readonly application?: OpcUaApplication; readonly certificate?: Uint8Array };

/**
 * OPC UA binary on TCP: one direction of a connection from its start, up to the first message that names an application, or one after which
 * none can come: an encrypted channel, the end. Undefined while it may still come. OPC 10000-6 §6.7, §7.1.
 */
export function decode(bytes: Uint8Array): Told | undefined {
  const r = new Reader(bytes, 'OPC UA');
  let told: Told = {};
  for (let count = 0; count < maxMessages; count++) {
    if (r.left === 0 && count > 0) return undefined;
    const type = decodeText(r.take(3));
    if (!types.has(type)) throw r.fault('type');
    r.skip(1); // chunk
    const size = r.u32le();
    if (size < headerSize) throw r.fault(`size ${size}`);
    if (type === 'CLO' || type === 'ERR') return told;
    if (type === 'OPN') {
      const opened = new Reader(r.take(size - headerSize), 'OPC UA');
      const open = ofWhole(() => readOpen(opened));
      told = { ...told, ...open.told };
      if (!open.isClear) return told;
    } else if (type === 'MSG') {
      // A message of many endpoints is longer than what is kept of a stream: its first ones are enough.
      const whole = size - headerSize <= r.left;
      const message = new Reader(whole ? r.take(size - headerSize) : r.rest(), 'OPC UA');
      const read = whole ? ofWhole(() => readMessage(message)) : readMessage(message);
      if (read.identity !== undefined) return { ...told, ...read.identity };
      if (!whole) return undefined;
      if (!isDiscovery(read.type)) return told;
    } else r.skip(size - headerSize);
  }
  return told;
}

const isDiscovery = (type: number): boolean => type >= opcUaTypes.findServersRequest && type <= opcUaTypes.getEndpointsResponse;

/** Asymmetric security header: policy, the sender's certificate, the receiver's thumbprint. §6.7.2.3. */
function readOpen(r: Reader): { readonly told: Told; readonly isClear: boolean } {
  r.skip(4); // channel
  const policy = string(r);
  const length = r.u32le();
  const certificate = length === 0xffff_ffff || length === 0 ? undefined : r.take(length);
  return { told: certificate === undefined ? {} : { certificate }, isClear: policy === noSecurity };
}

function readMessage(r: Reader): { readonly type: number; readonly identity: Told | undefined } {
  r.skip(16); // channel, token, sequence, request
  const type = messageType(r);
  return { type, identity: readIdentity(type, r) };
}

/** Each side names itself. Nothing in it is verified. */
export function observe({ application, certificate }: Told, packet: Packet): readonly Said[] {
  const said: Said[] = [];
  const role = packet.sourcePort === opcUaPort ? 'server' : 'client';
  if (application !== undefined) {
    const { applicationUri, productUri, applicationName } = application;
    if (applicationUri !== '') said.push({ kind: 'identifier', scheme: 'opcua-application-uri', value: applicationUri });
    const words = [applicationName, productUri].filter(word => word !== '');
    if (words.length > 0) said.push({ kind: 'description', text: words.join(', ').slice(0, maxText) });
  }
  const shown = certificate === undefined ? undefined : firstCertificate(certificate);
  if (shown === undefined) return said;
  const uri = application === undefined ? applicationUriOf(shown) : undefined;
  if (uri !== undefined) said.push({ kind: 'identifier', scheme: 'opcua-application-uri', value: uri });
  const key = createHash('sha256').update(shown.spki).digest('hex');
  const [subject = '', issuer = ''] = [shown.subject, shown.issuer].map(({ text }) => visibleText(text.slice(0, maxText)));
  return [...said, { kind: 'certificate', role, subject, issuer, key }];
}

/** The application's own: a chain may follow it (OPC 10000-6 §6.2.6). One that cannot be read is none: the message says enough else. */
function firstCertificate(bytes: Uint8Array): Certificate | undefined {
  const [, form = 0, high = 0, low = 0] = bytes;
  const length = form === 0x82 ? 4 + (high << 8) + low : form === 0x81 ? 3 + high : 2 + form;
  if (length > bytes.length) return undefined;
  try {
    return decodeCertificate(bytes.subarray(0, length));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Where the channel is encrypted or signed, its certificate names the application: the first URI among its names. OPC 10000-6 §6.2.2. */
function applicationUriOf({ extensions }: Certificate): string | undefined {
  const names = extensions.find(({ oid }) => oid === extensionOids.subjectAltName);
  if (names === undefined) return undefined;
  try {
    const found = generalNames(openWhole(names.value, tags.sequence, 'subjectAltName')).flatMap(n => (n.kind === 'uri' ? [n.value] : []));
    return found[0] === undefined ? undefined : visibleText(found[0].slice(0, maxText));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Begins as OPC UA begins: a hello, its answer, or in the middle of a stream whose opening was not seen. */
function wants({ bytes: b, payload: i, end }: Packet): boolean {
  const type = ((b[i] ?? 0) << 16) | ((b[i + 1] ?? 0) << 8) | (b[i + 2] ?? 0);
  return end - i >= 3 && (type === 0x48454c || type === 0x41434b || type === 0x4f504e || type === 0x4d5347);
}

export const opcUa = collector({ name: 'opc-ua', spec: 'OPC 10000-6', matches: tcpStream(opcUaPort), wants, decode, observe });
