import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, tcpServer } from './collector.ts';
import type { Packet } from './packet.ts';
import { tcpServiceName } from './service-names.ts';

/** What a TCP server sends first. Its header is peeled already; the payload is not looked at. RFC 9293 §3.1. */
export const decode = (bytes: Uint8Array): { readonly length: number } => ({ length: new Reader(bytes, 'TCP').left });

/** The sender serves this port; only when a stream shows it and the address is the sender's own: a router passes on the answers of others. */
export function observe(_: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isServer || !packet.isOwnAddress) return [];
  const name = tcpServiceName(packet.sourcePort);
  const service: Fact = { kind: 'service', protocol: 'tcp', port: packet.sourcePort };
  return [name === undefined ? service : { ...service, name }];
}

export const tcpServices = collector({ name: 'tcp-services', spec: 'RFC 9293', matches: tcpServer, isProtocol: false, decode, observe });
