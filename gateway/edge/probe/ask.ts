import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { maxShownBytes, maxShownMessages, type ProbeOutcome } from '../../model/probe.ts';
import type { Ends } from '../bridge-address.ts';
import type { Asking, Done, ListedProbe, ProbeContext } from '../../probing/probe.ts';
import { fits } from '../../probing/template.ts';
import { udpFrame } from './udp-frame.ts';

/** The most that one answer may be, and the most messages that one probe may send: a sweep of a /16. */
const maxAnswerBytes = 65_536;
const maxMessages = 65_536;
/** The longest conversation with one device, waiting for turns included. Milliseconds. */
const maxTalkMs = 60_000;
/** How long we wait for the other side to close after we did; then the kernel ends it alone. Milliseconds. */
const lingerMs = 5_000;

/** What the edge lends to a probe. */
export type AskEdge = {
  readonly now: () => number;
  /** Waits for its turn, then says whether these bytes may leave; every message passes here, and the opening of a connection as an empty one. */
  readonly mayLeave: (message: Uint8Array) => Promise<boolean>;
  /** Sends a whole Ethernet frame by the ports that the order names. Throws when none of them can. */
  readonly sendFrame: (frame: Uint8Array) => void;
  /** Both ends of a connection to a device, as sockets want them; undefined where it is not on our link. Absent: IPv4 only. */
  readonly endsTo?: (ip: string) => Ends | undefined;
  /** The broadcast address of our own prefix. */
  readonly subnetBroadcast: string;
};

/** Runs one probe to its end: sends what it says, if it fits a template, and hands it what comes in. Never rejects; ends at once when `signal` does. */
export function ask(probe: ListedProbe, context: ProbeContext, edge: AskEdge, signal: AbortSignal): Promise<ProbeOutcome> {
  return new Conversation(probe, context, edge, signal).run();
}

/** An open way to send. `close` resolves when nothing of it is left on the device. */
type Line = { readonly send: (bytes: Uint8Array) => void; readonly close: () => Promise<void> };

class Conversation {
  readonly #probe: ListedProbe;
  readonly #context: ProbeContext;
  readonly #edge: AskEdge;
  readonly #signal: AbortSignal;
  readonly #startedAt: number;
  readonly #shown: { readonly template: string; readonly bytes: string }[] = [];
  #sent = 0;
  #received = 0;
  #messages = 0;
  #end: (outcome: ProbeOutcome) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #line: Line | undefined;
  #step: Asking | undefined;
  #heard: Uint8Array = new Uint8Array(0);
  #over = false;

  constructor(probe: ListedProbe, context: ProbeContext, edge: AskEdge, signal: AbortSignal) {
    this.#probe = probe;
    this.#context = context;
    this.#edge = edge;
    this.#signal = signal;
    this.#startedAt = edge.now();
  }

  run(): Promise<ProbeOutcome> {
    return new Promise(resolve => {
      this.#end = resolve;
      if (this.#signal.aborted) return this.#finish('stopped', 'before anything left');
      this.#signal.addEventListener('abort', this.#onAbort);
      if (this.#probe.reach === 'device')
        this.#deadline = setTimeout(() => this.#finish('silent', `not done within ${maxTalkMs} ms`), maxTalkMs);
      void this.#open();
    });
  }

  readonly #onAbort = (): void => this.#finish('stopped', 'stopped while it ran');

  async #open(): Promise<void> {
    const { medium } = this.#probe;
    const { target, own } = this.#context;
    if (medium.kind === 'frame') {
      this.#line = this.#frames(frame => frame);
      return this.#take(this.#probe.begin(this.#context));
    }
    const port = medium.port === 'service' ? (target?.service ?? 0) : medium.port;
    if (medium.kind === 'udp' && medium.to !== 'device') {
      const to = medium.to === 'subnet' ? this.#edge.subnetBroadcast : medium.to;
      return this.#openGroup(own, { ip: to, port }, medium.localPort);
    }
    if (target === undefined) return this.#finish('failed', 'it has no device');
    const ends = this.#edge.endsTo === undefined ? { ip: target.ip, localAddress: own.ip } : this.#edge.endsTo(target.ip);
    if (ends === undefined) return this.#finish('blocked', `${target.ip} is not on our link`);
    if (medium.kind === 'udp') return this.#openUdp(ends, port);
    if (!(await this.#edge.mayLeave(new Uint8Array(0)))) return this.#finish('blocked', 'the guard lets no connection be opened');
    if (!this.#over) this.#openTcp(ends, port);
    return undefined;
  }

  #frames(frameOf: (bytes: Uint8Array) => Uint8Array, close: () => Promise<void> = () => Promise.resolve()): Line {
    return { send: bytes => this.#edge.sendFrame(frameOf(bytes)), close };
  }

  /** Groups and broadcasts leave as frames by the ports of the armed zone; the socket only holds the source port, so that answers cause no ICMP errors. */
  #openGroup(own: ProbeContext['own'], to: { readonly ip: string; readonly port: number }, localPort: number | undefined): void {
    const holder = createSocket({ type: 'udp4', reuseAddr: localPort !== undefined }); // two zones may ask from one port
    const close = () => new Promise<void>(done => holder.close(() => done()));
    this.#line = this.#frames(bytes => bytes, close);
    holder.on('error', error => this.#finish('failed', error.message));
    holder.bind(localPort ?? 0, own.ip, () => {
      const from = { mac: own.mac, ip: own.ip, port: holder.address().port };
      this.#line = this.#frames(bytes => udpFrame(from, to, bytes), close);
      this.#take(this.#probe.begin(this.#context));
    });
  }

  /** Connected, so that the kernel hands us this device's datagrams only, and its ICMP errors. */
  #openUdp({ ip: device, localAddress: own }: Ends, port: number): void {
    const socket = createSocket(isIPv6(device) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
    let isClosed = false;
    this.#line = {
      send: bytes => socket.send(bytes),
      close: () =>
        new Promise(done => {
          if (isClosed) return done();
          isClosed = true;
          socket.close(() => done());
        }),
    };
    socket.on('error', error => this.#failed(error));
    socket.on('message', bytes => this.#hear(bytes, false));
    socket.bind(0, own, () => {
      if (isClosed) return;
      socket.connect(port, device, (error?: Error) => {
        if (error !== undefined && error !== null) return this.#failed(error);
        return this.#over ? undefined : this.#take(this.#probe.begin(this.#context));
      });
    });
  }

  #openTcp({ ip: device, localAddress: own }: Ends, port: number): void {
    const socket = connect({ host: device, port, localAddress: own, noDelay: true });
    let isOpen = false;
    const closed = new Promise<void>(done => socket.once('close', () => done()));
    this.#line = {
      send: bytes => void socket.write(bytes),
      close: () => {
        // FIN, never RST: what still comes is read and thrown away. A connection that is not open yet has nothing to finish.
        if (isOpen) socket.end();
        else socket.destroy();
        const linger = setTimeout(() => socket.destroy(), lingerMs);
        return closed.then(() => clearTimeout(linger));
      },
    };
    this.#wait(this.#probe.waitMs);
    socket.on('connect', () => {
      isOpen = true;
      if (!this.#over) this.#take(this.#probe.begin(this.#context));
    });
    socket.on('data', bytes => this.#hear(bytes, true));
    socket.on('error', error => this.#failed(error));
    socket.on('end', () =>
      this.#finish('refused', this.#received > 0 ? 'it closed the connection amid its answer' : 'it closed the connection'),
    );
  }

  #failed(error: Error): void {
    const code = 'code' in error ? String(error.code) : '';
    const kind = refusals.has(code) ? 'refused' : silences.has(code) ? 'silent' : 'failed';
    this.#finish(kind, error.message);
  }

  #hear(bytes: Uint8Array, isStream: boolean): void {
    if (this.#over || this.#step === undefined || this.#step.kind === 'done') return;
    this.#received += bytes.length;
    this.#heard = isStream ? joined(this.#heard, bytes) : bytes;
    if (this.#heard.length > maxAnswerBytes) return this.#finish('refused', `its answer is longer than ${maxAnswerBytes} bytes`);
    this.#take(this.#step.next(this.#heard));
  }

  #take(step: Asking): void {
    this.#step = step;
    if (step.kind === 'done') return void this.#part(step);
    if (step.kind === 'wait') return;
    this.#heard = new Uint8Array(0);
    void this.#send(step.messages);
  }

  /** Takes leave, then closes. What comes in meanwhile is not looked at. */
  async #part({ how, detail, parting }: Done): Promise<void> {
    if (parting !== undefined) await this.#send(parting);
    this.#finish(how, detail);
  }

  /** The time to wait for answers begins when the last message is out: a turn may be long in coming. */
  async #send(messages: readonly Uint8Array[]): Promise<void> {
    clearTimeout(this.#timer);
    for (const message of messages) {
      const template = this.#probe.templates.find(one => fits(one, message));
      if (template === undefined) return this.#finish('blocked', 'a message fits none of the reviewed templates');
      if (++this.#messages > maxMessages) return this.#finish('blocked', `more than ${maxMessages} messages`);
      const may = await this.#edge.mayLeave(message);
      if (this.#over) return;
      if (!may) return this.#finish('blocked', 'the guard let it not leave');
      try {
        this.#line?.send(message);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return this.#finish('failed', error.message);
      }
      this.#sent += message.length;
      const bytes = Buffer.from(message.subarray(0, maxShownBytes)).toString('hex');
      if (this.#shown.length < maxShownMessages) this.#shown.push({ template: template.name, bytes });
    }
    this.#wait(this.#probe.waitMs);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#probe.reach === 'broadcast') this.#finish('asked', 'everybody was asked; who answers is heard on the wire');
      else this.#finish('silent', this.#received > 0 ? `began to answer, but was not done within ${ms} ms` : `nothing within ${ms} ms`);
    }, ms);
  }

  /** The outcome is told when the connection is gone, so that the device never has two of ours; a stop waits for nothing. */
  #finish(kind: ProbeOutcome['kind'], detail: string): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    this.#signal.removeEventListener('abort', this.#onAbort);
    const outcome = {
      kind,
      startedAt: this.#startedAt,
      endedAt: this.#edge.now(),
      sent: this.#sent,
      received: this.#received,
      detail: detail.slice(0, 200),
      ...(this.#shown.length === 0 ? {} : { messages: this.#shown }),
    };
    const closed = this.#line?.close();
    if (kind === 'stopped' || closed === undefined) this.#end(outcome);
    else void closed.then(() => this.#end(outcome));
  }
}

/** RST and ICMP; no answer at all, ARP included. Everything else is a fault of ours. */
const refusals: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);
const silences: ReadonlySet<string> = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN']);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
