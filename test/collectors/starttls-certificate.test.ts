import { expect, it } from 'vitest';
import { starttlsCertificate } from '../../collectors/starttls-certificate.ts';
import { tlsCertificate } from '../../collectors/tls-certificate.ts';
import * as b from '../vectors/frames/build.ts';
import { before, clientTls } from '../vectors/frames/starttls.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { serverFlight } from '../vectors/frames/tls.ts';
import { told } from './stream-facts.ts';

it.each(Object.entries(before))('port %s: both sides’ certificates are told as on a port of TLS', (port, { client, server }) => {
  const sent = (c: Uint8Array, s: Uint8Array) => ({ client: b.bytes(c, clientTls), server: b.bytes(s, serverFlight) });
  const plain = told(tlsCertificate, conversation(443, sent(b.bytes(), b.bytes())));
  expect(plain.host).toHaveLength(1);
  expect(plain.client).toHaveLength(1);
  for (const size of [1400, 60]) expect(told(starttlsCertificate, conversation(Number(port), sent(client, server), size))).toEqual(plain);
});

it('what a router passes on, and a connection without TLS, tell nothing', () => {
  const server = b.bytes(before[25]?.server ?? [], serverFlight);
  expect(told(starttlsCertificate, [fromServer(25, server, { ttl: 63 })])).toMatchObject({ host: [], malformed: [] });
  expect(told(starttlsCertificate, conversation(25, { server: b.bytes('220 x\r\n331 y\r\n') }))).toEqual({
    client: [],
    host: [],
    malformed: [],
  });
});
