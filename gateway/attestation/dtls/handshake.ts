import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { concat, sameBytes } from '../../codec/bytes.ts';
import { dtlsHandshake as types, type DtlsMessage, encodeDtlsMessage } from '../../codec/dtls-handshake.ts';
import {
  decodeCertificateList,
  decodeCertificateRequest,
  decodeDtlsServerHello,
  decodeHelloVerifyRequest,
  decodeServerKeyExchange,
  dtlsExtensions,
  type DtlsCertificateRequest,
  type DtlsKeyExchange,
  encodeCertificateList,
  encodeDtlsClientHello,
  encodeDtlsSignature,
  randomBytesOfHello,
} from '../../codec/dtls-messages.ts';
import { dtls12, vector } from '../../codec/dtls-record.ts';
import { Reader } from '../../codec/reader.ts';
import { EvidenceError } from '../evidence-error.ts';
import { checkKey, type KeyCache } from '../keys.ts';
import { alerts, DtlsFault } from './fault.ts';
import { agree, groups } from './key-share.ts';
import { type DtlsSecrets, masterSecret, verifyData } from './secrets.ts';
import { type DtlsSuite, fitsSuite, isSigned, schemes, signerFor, suites } from './suites.ts';

/** Who we say we are where a server asks: chain, DER, own first, and its key. */
export type DtlsIdentity = { readonly certificates: readonly Uint8Array[]; readonly key: KeyObject };
/** `random`: that many bytes that nobody can foresee. */
export type DtlsOptions = { readonly random: (length: number) => Uint8Array; readonly keys: KeyCache; readonly identity?: DtlsIdentity };

/** What is sent next, and again until it is answered. Messages after the change of cipher are sealed. */
export type Flight = readonly (DtlsMessage | 'change-cipher-spec')[];
/** What a message led to: nothing yet, a flight of ours, or the end of the handshake. */
export type HandshakeStep = Flight | 'wait' | 'done';

/** More cookies than that are not taken: a server that forgets its own has no right to our time. */
const maxCookies = 3;
/** Types in a CertificateRequest by the kind of key (RFC 8422 §5.5). */
const certificateTypes: { readonly [type: string]: number } = { rsa: 1, ec: 64, ed25519: 64 };

/**
 * The full handshake of DTLS 1.2 as a client (RFC 6347 §4.2, RFC 5246 §7.3): whole messages in, flights out. That the server holds the key of its certificate,
 * and does so now, is proved by its signature over our random (RFC 8422 §5.4); whose certificate it is, is not asked here. The extended master secret binds
 * everything exported to this certificate (RFC 7627), so a server without it is refused.
 */
export class DtlsHandshake {
  readonly #options: DtlsOptions;
  readonly #random: Uint8Array;
  #sequence = 0;
  #cookies = 0;
  #expect: (message: DtlsMessage) => HandshakeStep = message => this.#onHello(message);
  /** What both sides sign in the end. At most eleven messages of capped length. */
  #transcript: Uint8Array[] = [];
  #server: { readonly random: Uint8Array; readonly suite: DtlsSuite } | undefined;
  #exchange: DtlsKeyExchange | undefined;
  #request: DtlsCertificateRequest | undefined;
  /** The chain as sent, DER, untrusted. Empty until it came. */
  certificates: readonly Uint8Array[] = [];
  /** Set as soon as our half is done: what comes after must be sealed under it. */
  agreed: { readonly suite: DtlsSuite; readonly secrets: DtlsSecrets } | undefined;

  constructor(options: DtlsOptions) {
    this.#options = options;
    this.#random = options.random(randomBytesOfHello);
  }

  /** Whether the server asked who we are. */
  get isAskedForUs(): boolean {
    return this.#request !== undefined;
  }

  /** The first flight. */
  hello(): Flight {
    return [this.#clientHello(new Uint8Array())];
  }

  /** Takes the next message of the server. Throws DtlsFault and DecodeError. */
  take(message: DtlsMessage): HandshakeStep {
    return this.#expect(message);
  }

  #clientHello(cookie: Uint8Array): DtlsMessage {
    this.#transcript = []; // neither the first hello nor the request for a cookie counts (RFC 6347 §4.2.1)
    const ids = (list: readonly { readonly id: number }[]): readonly number[] => list.map(({ id }) => id);
    const offer = { suites: ids(suites), groups: ids(groups), schemes: ids(schemes) };
    return this.#own(types.clientHello, encodeDtlsClientHello({ random: this.#random, cookie, ...offer }));
  }

  #own(type: number, body: Uint8Array): DtlsMessage {
    const message = { type, sequence: this.#sequence, body };
    this.#sequence += 1;
    this.#transcript.push(encodeDtlsMessage(message));
    return message;
  }

  #heard(message: DtlsMessage): void {
    this.#transcript.push(encodeDtlsMessage(message));
  }

  #onHello(message: DtlsMessage): HandshakeStep {
    if (message.type === types.helloVerifyRequest) {
      this.#cookies += 1;
      if (this.#cookies > maxCookies) throw new DtlsFault(alerts.unexpectedMessage, `Cannot shake hands: ${this.#cookies} cookies`);
      return [this.#clientHello(decodeHelloVerifyRequest(message.body))];
    }
    must(message, types.serverHello);
    const { version, random, suite: id, compression, extensions } = decodeDtlsServerHello(message.body);
    const suite = suites.find(one => one.id === id);
    if (version !== dtls12) throw new DtlsFault(alerts.protocolVersion, `Cannot shake hands: version ${version.toString(16)}`);
    if (suite === undefined || compression !== 0)
      throw new DtlsFault(
        alerts.illegalParameter,
        `Cannot shake hands: suite ${id.toString(16)}, compression ${compression} was not offered`,
      );
    checkExtensions(extensions);
    this.#heard(message);
    this.#server = { random, suite };
    this.#expect = next => this.#onCertificate(next);
    return 'wait';
  }

  #onCertificate(message: DtlsMessage): HandshakeStep {
    must(message, types.certificate);
    this.#heard(message);
    this.certificates = decodeCertificateList(message.body);
    this.#expect = next => this.#onKeyExchange(next);
    return 'wait';
  }

  #onKeyExchange(message: DtlsMessage): HandshakeStep {
    must(message, types.serverKeyExchange);
    this.#heard(message);
    const exchange = decodeServerKeyExchange(message.body);
    const [leaf] = this.certificates;
    if (leaf === undefined || this.#server === undefined) throw new DtlsFault(alerts.badCertificate, 'Cannot shake hands: no certificate');
    const { random, suite } = this.#server;
    const { kind, key } = this.#keyOf(leaf);
    if (!fitsSuite(suite, kind))
      throw new DtlsFault(alerts.badCertificate, `Cannot use ${suite.name}: the certificate has an ${kind.kind} key`);
    if (!isSigned(exchange.scheme, kind, key, concat(this.#random, random, exchange.params), exchange.signature))
      throw new DtlsFault(alerts.decryptError, 'Cannot believe the server: its key exchange is not signed by the key of its certificate');
    this.#exchange = exchange;
    this.#expect = next => this.#onRequestOrDone(next);
    return 'wait';
  }

  /** A key that may sign nothing here may not sign a handshake either. */
  #keyOf(leaf: Uint8Array) {
    const certificate = this.#options.keys.certificate(leaf);
    try {
      checkKey(certificate);
      return { kind: certificate.key, key: this.#options.keys.get(certificate.spki) };
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      throw new DtlsFault(alerts.badCertificate, error.message);
    }
  }

  #onRequestOrDone(message: DtlsMessage): HandshakeStep {
    if (message.type === types.certificateRequest && this.#request === undefined) {
      this.#request = decodeCertificateRequest(message.body);
      this.#heard(message);
      return 'wait';
    }
    must(message, types.serverHelloDone);
    new Reader(message.body, 'DTLS ServerHelloDone').end();
    this.#heard(message);
    return this.#answer();
  }

  /** Our half: who we are if that was asked, our share, the proof that it is ours, and everything so far sealed. */
  #answer(): Flight {
    const [server, exchange] = [this.#server, this.#exchange];
    if (server === undefined || exchange === undefined) throw new Error('Cannot answer: no key exchange');
    const flight: (DtlsMessage | 'change-cipher-spec')[] = [];
    const { hash } = server.suite;
    const signer = this.#signer();
    if (this.#request !== undefined)
      flight.push(this.#own(types.certificate, encodeCertificateList(signer === undefined ? [] : signer.certificates)));
    const { point, premaster } = agree(exchange.group, exchange.point, this.#options.random);
    flight.push(this.#own(types.clientKeyExchange, vector(1, point)));
    const master = masterSecret(hash, premaster, this.#transcriptHash(hash));
    const secrets = { hash, master, client: this.#random, server: server.random };
    if (signer !== undefined) {
      const signature = signer.sign(concat(...this.#transcript));
      flight.push(this.#own(types.certificateVerify, encodeDtlsSignature(signer.id, signature)));
    }
    flight.push('change-cipher-spec', this.#own(types.finished, verifyData(secrets, 'client', this.#transcriptHash(hash))));
    this.agreed = { suite: server.suite, secrets };
    this.#expect = next => this.#onFinished(next, secrets);
    return flight;
  }

  #signer() {
    const [identity, request] = [this.#options.identity, this.#request];
    if (identity === undefined || request === undefined) return undefined;
    const type = certificateTypes[identity.key.asymmetricKeyType ?? ''];
    const signer = type !== undefined && request.types.includes(type) ? signerFor(identity.key, request.schemes) : undefined;
    return signer === undefined ? undefined : { ...signer, certificates: identity.certificates };
  }

  /** The server has seen and sent the same as we have. */
  #onFinished(message: DtlsMessage, secrets: DtlsSecrets): HandshakeStep {
    must(message, types.finished);
    const right = verifyData(secrets, 'server', this.#transcriptHash(secrets.hash));
    if (message.body.length !== right.length || !timingSafeEqual(message.body, right))
      throw new DtlsFault(alerts.decryptError, 'Cannot believe the server: its Finished is about another handshake');
    this.#expect = next => must(next, types.helloRequest) ?? 'wait';
    this.#transcript = [];
    return 'done';
  }

  #transcriptHash(hash: DtlsSuite['hash']): Uint8Array {
    const digest = createHash(hash);
    for (const message of this.#transcript) digest.update(message);
    return digest.digest();
  }
}

/** Each answers one of ours; what they say must be what this connection needs. */
function checkExtensions(extensions: ReadonlyMap<number, Uint8Array>): void {
  const { extendedMasterSecret, renegotiationInfo, pointFormats } = dtlsExtensions;
  for (const [type, data] of extensions) {
    const isGood =
      (type === extendedMasterSecret && data.length === 0) ||
      (type === renegotiationInfo && sameBytes(data, Uint8Array.of(0))) || // first handshake: nothing to renegotiate (RFC 5746 §3.4)
      (type === pointFormats && data[0] === data.length - 1 && data.includes(0, 1));
    if (!isGood) throw new DtlsFault(alerts.unsupportedExtension, `Cannot shake hands: extension ${type} as nobody asked for it`);
  }
  if (!extensions.has(extendedMasterSecret))
    throw new DtlsFault(alerts.handshakeFailure, 'Cannot shake hands: the server has no extended master secret (RFC 7627)');
}

function must({ type }: DtlsMessage, wanted: number): undefined {
  if (type !== wanted) throw new DtlsFault(alerts.unexpectedMessage, `Cannot shake hands: message ${type} where ${wanted} must come`);
  return undefined;
}
