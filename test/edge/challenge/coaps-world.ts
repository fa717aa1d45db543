import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import { type CoapMessage, decodeCoap } from '../../../gateway/codec/coap.ts';
import type { Target } from '../../../gateway/edge/challenge/channels/channel.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { DtlsServer, type DtlsServerOptions } from '../../vectors/dtls-server.ts';
import { nonceIn, response, token } from './coap-answers.ts';

/** What the tests of CoAPS share: servers that are not ours, with a simulator of ours inside, and links between. `CoapsWorld.make` ends all of it after each test. */
export type Answer = (request: CoapMessage) => Uint8Array | undefined;
export const withToken: Answer = request => response(request, token(nonceIn(request)));

export const target = (remotePort: number, heard: Uint8Array[] = []): Target => ({
  ip: '127.0.0.1',
  remotePort,
  nonce: exporter => {
    heard.push(exporter ?? new Uint8Array());
    return makeNonce(
      { random: new Uint8Array(64), mac: '', ip: '127.0.0.1', remotePort, ...(exporter === undefined ? {} : { exporter }) },
      0,
    );
  },
});

export class CoapsWorld {
  readonly #running: { readonly close: () => Promise<void> }[] = [];

  /** To be called at the top of a test file. */
  static make(): CoapsWorld {
    const world = new CoapsWorld();
    afterEach(async () => {
      for (const one of world.#running.splice(0)) await one.close();
    });
    return world;
  }

  keep<T extends { readonly close: () => Promise<void> }>(one: T): T {
    this.#running.push(one);
    return one;
  }

  /** OpenSSL's DTLS server, that does this with each request. */
  async serve(answer: Answer, options: DtlsServerOptions): Promise<DtlsServer> {
    const server = this.keep(await DtlsServer.open('openssl', options));
    server.heard = bytes => {
      const said = answer(decodeCoap(bytes));
      if (said !== undefined) server.say(said);
    };
    return server;
  }

  /** A UDP socket that does this with each datagram. */
  async udp(answer: (datagram: Uint8Array, reply: (bytes: Uint8Array) => void) => void): Promise<{ socket: Socket; port: number }> {
    const socket = createSocket('udp4', (bytes, from) =>
      answer(new Uint8Array(bytes), reply => socket.send(reply, from.port, from.address)),
    );
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let isClosed = false;
    socket.on('close', () => (isClosed = true));
    this.keep({ close: async () => void (isClosed || (socket.close(), await once(socket, 'close'))) });
    return { socket, port: socket.address().port };
  }

  /** A relay before the server, that does this with each of the server's datagrams. Gives its port. */
  async before(server: DtlsServer, pass: (bytes: Uint8Array, to: (bytes: Uint8Array, by?: Socket) => void) => void): Promise<number> {
    let client: { port: number; address: string } | undefined;
    const { socket: back } = await this.udp(() => {});
    const { socket: front, port } = await this.udp(() => {});
    front.on('message', (bytes, from) => {
      client = from;
      back.send(bytes, server.port, '127.0.0.1');
    });
    back.on('message', bytes =>
      pass(new Uint8Array(bytes), (said, by = front) => {
        if (client !== undefined) by.send(said, client.port, client.address);
      }),
    );
    return port;
  }
}
