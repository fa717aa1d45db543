import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { DtlsClient, type DtlsState } from '../../../gateway/attestation/dtls/client.ts';
import { DtlsHandshake } from '../../../gateway/attestation/dtls/handshake.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { decodeDtlsFragments, type DtlsMessage } from '../../../gateway/codec/dtls-handshake.ts';
import { decodeDtlsRecords, dtlsContent } from '../../../gateway/codec/dtls-record.ts';
import { DtlsServer, type DtlsServerOptions } from '../../vectors/dtls-server.ts';

/** One conversation with `openssl s_server`: all datagrams of the server in the order they came, and what it said inside. */
export type Recording = {
  readonly datagrams: readonly Uint8Array[];
  readonly said: string;
  /** What the server wrote to its own output. */
  readonly printed: string;
  /** 32 bytes of keying material without context, as our side has it. */
  readonly exported: (label: string) => Uint8Array;
};

const keys = new KeyCache();
/** The same every time: so what a server once answered to a client, it answers to each. */
function sameRandom(): (length: number) => Uint8Array {
  let draws = 0;
  return length => {
    draws += 1;
    return new Uint8Array(createHash('sha512').update(`draw ${draws}`).digest().subarray(0, length));
  };
}
export const newHandshake = (): DtlsHandshake => new DtlsHandshake({ random: sameRandom(), keys });
/** The messages of the server that were sent in the clear, each in one piece. */
export const messagesOf = ({ datagrams }: Recording): readonly DtlsMessage[] =>
  datagrams
    .flatMap(decodeDtlsRecords)
    .filter(({ type, epoch }) => type === dtlsContent.handshake && epoch === 0)
    .flatMap(({ fragment }) => decodeDtlsFragments(fragment))
    .map(({ type, sequence, bytes }) => ({ type, sequence, body: bytes }));

export const newClient = (): DtlsClient => new DtlsClient({ random: sameRandom(), keys });

/** Talks to a live server over loopback. The clock stands still: nothing is repeated. */
export async function record(options: DtlsServerOptions): Promise<Recording> {
  const server = await DtlsServer.open('openssl', options);
  const socket = createSocket('udp4');
  try {
    socket.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const [client, datagrams] = [newClient(), [] as Uint8Array[]];
    const said = await new Promise<string>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', bytes => {
        datagrams.push(new Uint8Array(bytes));
        const { send, heard } = client.take(new Uint8Array(bytes), 0);
        for (const datagram of send) socket.send(datagram);
        if (client.state.kind === 'failed') reject(new Error(client.state.why));
        if (client.state.kind === 'open' && heard.length === 0) server.say(Buffer.from('the answer'));
        if (heard[0] !== undefined) resolve(new TextDecoder().decode(heard[0]));
      });
      for (const datagram of client.start(0)) socket.send(datagram);
    });
    await server.close();
    return { datagrams, said, printed: server.printed, exported: label => client.exporter(label, 32) };
  } finally {
    socket.close();
    await server.close();
  }
}

export type Outcome = { readonly state: DtlsState; readonly heard: readonly string[]; readonly sent: number };

/** The recorded server answers a new client, again each time that the client repeats itself, until one of them gives up. Time runs as fast as it likes. */
export function replay(datagrams: readonly Uint8Array[]): Outcome {
  const client = newClient();
  const heard: string[] = [];
  let [now, sent] = [0, client.start(0).length];
  for (let rounds = 0; rounds < 40; rounds++) {
    for (const datagram of datagrams) {
      const step = client.take(datagram, now);
      sent += step.send.length;
      heard.push(...step.heard.map(bytes => Buffer.from(bytes).toString('latin1')));
    }
    if (client.wakeAt === undefined) break;
    now = client.wakeAt;
    sent += client.tick(now).length;
  }
  return { state: client.state, heard, sent };
}
