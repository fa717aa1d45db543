import { readNetbiosName, suffixes } from '../gateway/codec/netbios.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const netbiosPort = 139;
/** RFC 1002 §4.3.1. */
const sessionRequest = 0x81;
/** Two names of at most 255 bytes each. */
const maxLength = 512;

/** The NetBIOS session request, by which SMB over NetBIOS begins: whom it is for and who asks. RFC 1002 §4.3.2. Undefined `calling`: a name that is no host's. */
export function decode(bytes: Uint8Array): { readonly calling: string | undefined } {
  const r = new Reader(bytes, 'NetBIOS session request');
  const [type, , length] = [r.u8(), r.u8(), r.u16()];
  if (type !== sessionRequest || length > maxLength) throw r.fault(`type ${type} length ${length}`);
  const names = new Reader(r.take(length), 'NetBIOS session names');
  readNetbiosName(names);
  const name = readNetbiosName(names);
  const isHost = name?.suffix === suffixes.workstation || name?.suffix === suffixes.server;
  return { calling: isHost && name.text !== '' ? name.text : undefined };
}

export const observe = ({ calling }: ReturnType<typeof decode>, packet: Packet): readonly Said[] =>
  calling === undefined || !packet.isOwnAddress ? [] : [{ kind: 'hostname', name: calling }];

const wants = ({ bytes: b, payload: i, targetPort }: Packet): boolean => targetPort === netbiosPort && b[i] === sessionRequest;

export const nbss = collector({ name: 'nbss', spec: 'RFC 1002 §4.3', matches: tcpStream(netbiosPort), wants, decode, observe });
