import { decodeHttpHead, type HttpHead } from '../gateway/codec/http-head.ts';
import { word, words } from '../gateway/codec/words.ts';
import { collector, type Said, tcpPorts } from './collector.ts';
import { realmOf } from './http.ts';
import type { Packet } from './packet.ts';

/** Ports of device pages: a later answer of a stream can only be known by its port. */
const ports: readonly number[] = [80, 81, 8000, 8080, 8081, 8088];
const [http, unauthorised] = [words('HTTP'), words(' 401')];
const statusAt = 'HTTP/1.1'.length;

const wants = ({ bytes, payload }: Packet): boolean => unauthorised.has(word(bytes, payload + statusAt)) && http.has(word(bytes, payload));

/** An answer that asks for a password, wherever it stands in a stream. RFC 9110 §11.6.1. Read as far as its first segment goes. */
export const decode = (bytes: Uint8Array): HttpHead => decodeHttpHead(bytes, true);

/** A page is often open, and only a part of it asks who is there; its realm names the device. */
export const observe = ({ headers }: HttpHead, packet: Packet): readonly Said[] =>
  packet.isOwnAddress && !headers.has('via') ? realmOf(headers) : [];

export const httpAuthenticate = collector({
  name: 'http-authenticate',
  spec: 'RFC 9110',
  isProtocol: false,
  matches: tcpPorts(...ports),
  wants,
  decode,
  observe,
});
