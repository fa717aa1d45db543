import { decodeDtlsFragments, dtlsHandshake } from '../../codec/dtls-handshake.ts';
import { decodeDtlsRecords, dtls10, dtls12, dtlsContent, type DtlsRecord } from '../../codec/dtls-record.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { Millis } from '../../model/address.ts';
import { alerts, alertWords, DtlsFault } from './fault.ts';
import { DtlsHandshake, type DtlsOptions, type Flight } from './handshake.ts';
import { openRecord, ReplayWindow } from './protection.ts';
import { Reassembly } from './reassembly.ts';
import { RecordWriter } from './record-writer.ts';
import { exportKeyingMaterial } from './secrets.ts';
import type { DtlsSuite } from './suites.ts';

/** Where a connection stands. `failed` says why, for people; `isPeers`: it ended it. Nothing leads out of `failed` and `closed`. */
export type DtlsState =
  | { readonly kind: 'handshaking' | 'open' }
  | { readonly kind: 'failed'; readonly why: string; readonly isPeers: boolean }
  | { readonly kind: 'closed' };
/** Datagrams to send now, and what the peer said inside, in the order heard. */
export type DtlsStep = { readonly send: readonly Uint8Array[]; readonly heard: readonly Uint8Array[] };

/** How long the first sending of a flight waits, and at most (RFC 6347 §4.2.4.1). */
const [firstWait, longestWait]: readonly [Millis, Millis] = [1_000, 60_000];
/** Flights of a handshake with all repetitions; most that are repeated because the peer repeats its own. */
const [maxFlights, maxEchoes] = [16, 4];
/** Most bytes of one handshake, and of one connection, that we look at. */
const [maxHandshakeBytes, maxBytes] = [262_144, 2_097_152];
/** Longest plaintext of a record. */
const maxPlaintext = 16_384;

/**
 * One DTLS 1.2 connection as a client (RFC 6347): datagrams and the time in, datagrams and what was said inside out; nothing else happens. Records that
 * cannot be read or opened are dropped (§4.1.2.7); what breaks the handshake ends the connection. There is no renegotiation and no resumption.
 */
export class DtlsClient {
  readonly #handshake: DtlsHandshake;
  readonly #hasIdentity: boolean;
  #state: DtlsState = { kind: 'handshaking' };
  readonly #reassembly = new Reassembly();
  readonly #window = new ReplayWindow();
  readonly #writer = new RecordWriter();
  #hasChanged = false;
  #flight: Flight = [];
  #flights = 0;
  #echoes = 0;
  #wait: Millis = firstWait;
  #bytes = 0;
  /** When `tick` must be called, unless something comes before; undefined when there is nothing to repeat. */
  wakeAt: Millis | undefined;

  constructor(options: DtlsOptions) {
    this.#handshake = new DtlsHandshake(options);
    this.#hasIdentity = options.identity !== undefined;
  }

  get state(): DtlsState {
    return this.#state;
  }
  /** The server's chain as sent, DER, own first, untrusted; that it holds the key of the first is certain once the state is `open`. */
  get certificates(): readonly Uint8Array[] {
    return this.#handshake.certificates;
  }
  /** Whether the server asked who we are, and there was nothing to show: some then say no more. */
  get isStranger(): boolean {
    return this.#handshake.isAskedForUs && !this.#hasIdentity;
  }
  /** What is spoken, once that is agreed. */
  get suite(): DtlsSuite | undefined {
    return this.#writer.sealing?.suite;
  }

  start(now: Millis): readonly Uint8Array[] {
    return this.#send(this.#handshake.hello(), now);
  }

  /** Keying material that only both ends have (RFC 5705). Throws before the connection is open. */
  exporter(label: string, length: number, context?: Uint8Array): Uint8Array {
    const { agreed } = this.#handshake;
    if (this.#state.kind !== 'open' || agreed === undefined) throw new Error('Cannot export: no open connection');
    return exportKeyingMaterial(agreed.secrets, label, length, context);
  }

  /** Takes one datagram. Never throws for what is in it. */
  take(datagram: Uint8Array, now: Millis): DtlsStep {
    if (this.#isOver()) return nothing;
    this.#bytes += datagram.length;
    const most = this.#state.kind === 'open' ? maxBytes : maxHandshakeBytes;
    if (this.#bytes > most) return { send: this.#fail(alerts.unexpectedMessage, `it sent more than ${most} bytes`), heard: [] };
    const [send, heard]: [Uint8Array[], Uint8Array[]] = [[], []];
    try {
      for (const record of decodeDtlsRecords(datagram)) {
        if (this.#isOver()) break;
        send.push(...this.#record(record, heard, now));
      }
    } catch (error) {
      if (error instanceof DtlsFault) send.push(...this.#fail(error.alert, error.message));
      else if (!(error instanceof DecodeError)) throw error;
      // A datagram that cannot be read is as good as lost.
    }
    return { send, heard };
  }

  /** Repeats what is due. */
  tick(now: Millis): readonly Uint8Array[] {
    if (this.wakeAt === undefined || now < this.wakeAt || this.#isOver()) return [];
    this.#wait = Math.min(2 * this.#wait, longestWait);
    return this.#repeat(now);
  }

  /** Seals bytes as one record, which is one datagram. Throws before the connection is open. */
  write(bytes: Uint8Array): Uint8Array {
    if (this.#state.kind !== 'open' || bytes.length > maxPlaintext)
      throw new Error(`Cannot send ${bytes.length} bytes: ${this.#state.kind}`);
    return this.#writer.write(dtlsContent.applicationData, bytes);
  }

  /** Ends it from our side, and says so: a small device may have room for one connection only. */
  close(): readonly Uint8Array[] {
    if (this.#isOver()) return [];
    this.#state = { kind: 'closed' };
    this.wakeAt = undefined;
    return [this.#writer.write(dtlsContent.alert, Uint8Array.of(1, alerts.closeNotify))];
  }

  #isOver(): boolean {
    return this.#state.kind === 'failed' || this.#state.kind === 'closed';
  }

  #fail(alert: number, why: string): readonly Uint8Array[] {
    this.#state = { kind: 'failed', why, isPeers: false };
    this.wakeAt = undefined;
    return [this.#writer.write(dtlsContent.alert, Uint8Array.of(2, alert))];
  }

  #record(record: DtlsRecord, heard: Uint8Array[], now: Millis): readonly Uint8Array[] {
    if (record.epoch === 0) return this.#state.kind === 'open' ? [] : this.#plain(record, now);
    const { sealing } = this.#writer;
    if (record.epoch !== 1 || sealing === undefined || !this.#window.isNew(record.sequence)) return [];
    // Before its Finished nothing is known of who speaks; what it says is as good as lost, and may come again.
    if (record.type === dtlsContent.applicationData && this.#state.kind !== 'open') return [];
    const bytes = openRecord(sealing.suite, sealing.peer, record);
    if (bytes === undefined || bytes.length > maxPlaintext) return [];
    this.#window.note(record.sequence);
    if (record.type === dtlsContent.alert) this.#alert(bytes);
    else if (record.type === dtlsContent.handshake && this.#state.kind !== 'open') return this.#fragments(bytes, 1, now);
    else if (record.type === dtlsContent.applicationData) heard.push(bytes);
    return [];
  }

  /** Of records in the clear only those of a handshake count, and none once it is done. */
  #plain({ type, version, fragment }: DtlsRecord, now: Millis): readonly Uint8Array[] {
    // Until a version is agreed, a server may answer under the older one (RFC 6347 §4.2.1).
    const isEarly = type === dtlsContent.alert || fragment[0] === dtlsHandshake.helloVerifyRequest;
    if (version !== dtls12 && !(version === dtls10 && isEarly)) return [];
    if (type === dtlsContent.alert) this.#alert(fragment);
    if (type === dtlsContent.handshake) return this.#fragments(fragment, 0, now);
    if (type === dtlsContent.changeCipherSpec && this.#writer.sealing !== undefined) {
      if (fragment.length !== 1 || fragment[0] !== 1) throw new DtlsFault(alerts.illegalParameter, 'Cannot read ChangeCipherSpec');
      this.#hasChanged = true;
      return this.#messages(now);
    }
    return [];
  }

  /** Fatal ones and goodbyes end it; warnings are not heeded. */
  #alert(bytes: Uint8Array): void {
    const [level, alert] = bytes;
    if (bytes.length !== 2 || level === undefined || alert === undefined || (level !== 2 && alert !== alerts.closeNotify)) return;
    const why = alert === alerts.closeNotify ? 'closed the connection' : `alert: ${alertWords(alert)}`;
    this.#state = { kind: 'failed', why, isPeers: true };
    this.wakeAt = undefined;
  }

  #fragments(bytes: Uint8Array, epoch: number, now: Millis): readonly Uint8Array[] {
    const echoes: Uint8Array[] = [];
    for (const fragment of decodeDtlsFragments(bytes)) {
      const isNew = this.#reassembly.add(fragment, epoch);
      // The peer says again what we answered: our answer was lost (RFC 6347 §4.2.4).
      if (isNew || fragment.type !== dtlsHandshake.serverHelloDone || this.#echoes >= maxEchoes) continue;
      this.#echoes += 1;
      echoes.push(...this.#repeat(now));
    }
    return [...echoes, ...this.#messages(now)];
  }

  #messages(now: Millis): readonly Uint8Array[] {
    const send: Uint8Array[] = [];
    for (let message = this.#reassembly.peek(); message !== undefined && !this.#isOver(); message = this.#reassembly.peek()) {
      const isSealed = message.type === dtlsHandshake.finished;
      if (message.epoch !== (isSealed ? 1 : 0))
        throw new DtlsFault(alerts.unexpectedMessage, `Cannot shake hands: message ${message.type} in epoch ${message.epoch}`);
      if (isSealed && !this.#hasChanged) break; // overtook the change of cipher
      this.#reassembly.shift();
      const step = this.#take(message);
      if (step === 'done') {
        this.#state = { kind: 'open' };
        this.wakeAt = undefined;
      } else if (step !== 'wait') send.push(...this.#send(step, now));
    }
    return send;
  }

  /** A whole message that cannot be read is no accident of the way here. */
  #take(message: Parameters<DtlsHandshake['take']>[0]): ReturnType<DtlsHandshake['take']> {
    try {
      return this.#handshake.take(message);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new DtlsFault(alerts.decodeError, error.message);
    }
  }

  #send(flight: Flight, now: Millis): readonly Uint8Array[] {
    const { agreed } = this.#handshake;
    if (agreed !== undefined) this.#writer.sealBy(agreed);
    this.#flight = flight;
    this.#wait = firstWait;
    return this.#repeat(now);
  }

  /** Each repetition has new record numbers and the same messages (RFC 6347 §4.2.4). */
  #repeat(now: Millis): readonly Uint8Array[] {
    this.#flights += 1;
    if (this.#flights > maxFlights) return this.#fail(alerts.unexpectedMessage, `no end after ${maxFlights} flights of ours`);
    this.wakeAt = now + this.#wait;
    return this.#writer.flight(this.#flight);
  }
}

const nothing: DtlsStep = { send: [], heard: [] };
