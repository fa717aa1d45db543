import { constants, createHash, createPublicKey, type KeyObject, privateDecrypt, publicEncrypt, sign, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';

/**
 * An OPC UA server in software, as far as GetEndpoints and a secure channel with RSA go, written from OPC 10000-6 §6.7 and §7.1 apart from the product's own
 * codec. What is not said otherwise is right. For tests and for the lab.
 */
export type PolicyName = 'Basic256Sha256' | 'Aes128_Sha256_RsaOaep' | 'Aes256_Sha256_RsaPss';
export type ServerSpec = {
  readonly key: KeyObject;
  /** DER, leaf first, as it is sent in the channel. */
  readonly chain: readonly Uint8Array[];
  /** In the channel, in place of the endpoints' one. */
  readonly channelChain?: readonly Uint8Array[];
  readonly applicationUri: string;
  readonly policies?: readonly (PolicyName | 'None' | 'Basic256')[];
  readonly mode?: number;
  /** Endpoints without number, to make the answer long; each in a chunk of its own. */
  readonly endpoints?: number;
  /** Signs and encrypts with this in place of the right thing. */
  readonly signingKey?: KeyObject;
  readonly thumbprintOf?: (client: Uint8Array) => Uint8Array;
  readonly spoil?: (signed: Buffer) => Buffer;
  /** Answers a secured OPN with these octets in place of its own. */
  readonly replay?: () => Buffer | undefined;
  readonly keep?: (answer: Buffer) => void;
  /** Answers a secured OPN with this error. */
  readonly error?: number;
  /** Whom it lets in by their certificate, DER; absent: everybody. */
  readonly trusts?: (client: Uint8Array) => boolean;
  readonly request?: number;
};

const base = 'http://opcfoundation.org/UA/SecurityPolicy#';
const u32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n >>> 0);
  return bytes;
};
const none = u32(0xffff_ffff);
const counted = (bytes: Uint8Array | string): Buffer => {
  const value = Buffer.from(bytes as string);
  return Buffer.concat([u32(value.length), value]);
};
const message = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), u32(body.length + 8), body]);
};
const typeId = (id: number): Buffer => Buffer.from([1, 0, id & 255, id >> 8]);
const responseHeader = (handle: Buffer, result = 0): Buffer =>
  Buffer.concat([Buffer.alloc(8), handle, u32(result), Buffer.from([0]), none, Buffer.from([0, 0, 0])]);
const [channel, token] = [u32(77), u32(5)];

/** Walks strings with their length before them. */
class Walk {
  readonly #bytes: Buffer;
  at: number;
  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }
  counted(): Buffer {
    const length = this.#bytes.readUInt32LE(this.at);
    this.at += 4;
    if (length === 0xffff_ffff) return Buffer.alloc(0);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

export function serveOpcUa(socket: Socket, spec: ServerSpec): void {
  let heard = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
    while (heard.length >= 8 && heard.length >= heard.readUInt32LE(4)) {
      const size = heard.readUInt32LE(4);
      const one = heard.subarray(0, size);
      heard = heard.subarray(size);
      const answer = answerOpcUa(one, spec);
      if (answer === undefined) return void socket.end();
      for (const part of answer) socket.write(part);
    }
  });
}

/** The parts of the answer to one message; undefined: it closes. */
export function answerOpcUa(said: Buffer, spec: ServerSpec): readonly Buffer[] | undefined {
  switch (said.subarray(0, 3).toString('latin1')) {
    case 'HEL':
      return [message('ACKF', u32(0), u32(65_535), u32(65_535), u32(0), u32(0))];
    case 'OPN':
      return [opened(said, spec)];
    case 'MSG':
      return endpointsIn(said, spec);
    default:
      return undefined;
  }
}

function opened(said: Buffer, spec: ServerSpec): Buffer {
  const walk = new Walk(said, 12);
  const policy = walk.counted().toString('latin1');
  const [client] = [walk.counted(), walk.counted()];
  const body = (sequence: Buffer, request: Buffer, handle: Buffer, nonce: Buffer): Buffer =>
    Buffer.concat([sequence, request, typeId(449), responseHeader(handle), u32(0), channel, token, Buffer.alloc(8), u32(10_000), nonce]);
  if (policy.endsWith('#None'))
    return message(
      'OPNF',
      channel,
      counted(policy),
      none,
      none,
      body(u32(51), said.subarray(walk.at + 4, walk.at + 8), said.subarray(walk.at + 8 + 4 + 2 + 8).subarray(0, 4), none),
    );
  if (spec.error !== undefined) return message('ERRF', u32(spec.error), none);
  if (spec.trusts?.(client) === false) return message('ERRF', u32(0x801a0000), none);
  const replayed = spec.replay?.();
  if (replayed !== undefined) return replayed;
  const isPss = policy.endsWith('RsaPss');
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: isPss ? 'sha256' : 'sha1' } as const;
  const own = (createPublicKey(spec.key).asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const clear = Buffer.concat(pieces(said.subarray(walk.at), own).map(piece => privateDecrypt({ key: spec.key, ...oaep }, piece)));
  const request = spec.request === undefined ? clear.subarray(4, 8) : u32(spec.request);
  const handle = clear.subarray(8 + 4 + 2 + 8).subarray(0, 4);
  const plain = body(u32(1), request, handle, counted(Buffer.alloc(32, 0x51)));

  const clientKey = new X509Certificate(client).publicKey;
  const block = (clientKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const room = block - (isPss ? 66 : 42);
  const padding = (room - ((plain.length + 1 + own) % room)) % room;
  const padded = Buffer.concat([plain, Buffer.alloc(padding + 1, padding)]);
  const print = spec.thumbprintOf?.(client) ?? createHash('sha1').update(client).digest();
  const header = Buffer.concat([channel, counted(policy), counted(Buffer.concat(spec.channelChain ?? spec.chain)), counted(print)]);
  const size = header.length + 8 + ((padded.length + own) / room) * block;
  const signed = Buffer.concat([Buffer.from('OPNF'), u32(size), header, padded]);
  const how = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : { padding: constants.RSA_PKCS1_PADDING };
  const signature = sign('sha256', spec.spoil?.(signed) ?? signed, { key: spec.signingKey ?? spec.key, ...how });
  const encrypted = pieces(Buffer.concat([padded, signature]), room).map(piece => publicEncrypt({ key: clientKey, ...oaep }, piece));
  const answer = Buffer.concat([Buffer.from('OPNF'), u32(size), header, ...encrypted]);
  spec.keep?.(answer);
  return answer;
}

const pieces = (bytes: Buffer, length: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length));

function endpointsIn(said: Buffer, spec: ServerSpec): readonly Buffer[] | undefined {
  if (!said.subarray(24, 28).equals(typeId(428))) return undefined;
  // As widespread servers do by default: who does not say when he asks is told so.
  if (said.readBigInt64LE(30) === 0n)
    return [
      message('MSGF', channel, token, u32(52), said.subarray(20, 24), typeId(397), responseHeader(said.subarray(38, 42), 0x8023_0000)),
    ];
  const url = 'opc.tcp://plc-9:4840';
  const application = [
    counted(spec.applicationUri),
    counted('urn:lab:product'),
    Buffer.from([2]),
    counted('Lab PLC 9'),
    u32(0),
    none,
    none,
    u32(1),
    counted(url),
  ];
  const anonymous = [u32(1), counted('anonymous'), u32(0), none, none, none];
  const endpoint = (policy: string): Buffer =>
    Buffer.concat([
      counted(url),
      ...application,
      counted(Buffer.concat(spec.chain)),
      u32(policy === 'None' ? 1 : (spec.mode ?? 2)),
      counted(`${base}${policy}`),
      ...anonymous,
      counted('http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary'),
      Buffer.from([0]),
    ]);
  const policies = spec.policies ?? ['None', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'];
  const all = Array.from({ length: spec.endpoints ?? 1 }, () => policies).flat();
  const body = Buffer.concat([
    typeId(431),
    responseHeader(said.subarray(24 + 4 + 2 + 8).subarray(0, 4)),
    u32(all.length),
    ...all.map(endpoint),
  ]);
  const parts = spec.endpoints === undefined ? [body] : pieces(body, 8000);
  return parts.map((part, i) =>
    message(i === parts.length - 1 ? 'MSGF' : 'MSGC', channel, token, u32(52 + i), said.subarray(20, 24), part),
  );
}
