import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import type { ProbeOutcome } from '../../model/probe.ts';
import type { Asking, Done, ListedProbe, ProbeContext } from '../../probing/probe.ts';
import { fits } from '../../probing/template.ts';

/** The most that one answer may be, and the most messages that one probe may send. */
const maxAnswerBytes = 65_536;
const maxMessages = 4_096;
/** How long a device may take to close its side after we have closed ours. Milliseconds. */
const lingerMs = 5_000;

/** What the edge lends to a probe. */
export type AskEdge = {
  readonly now: () => number;
  /** Waits for its turn, then says whether these bytes may leave; every byte of every probe passes here. */
  readonly mayLeave: (message: Uint8Array) => Promise<boolean>;
  /** Sends a whole Ethernet frame by the bridge. */
  readonly sendFrame: (frame: Uint8Array) => void;
  /** The broadcast address of our own prefix. */
  readonly subnetBroadcast: string;
};

/** Runs one probe to its end: sends what it says, if it fits a template, and hands it what comes in. Never throws; ends at once when `signal` does. */
export function ask(probe: ListedProbe, context: ProbeContext, edge: AskEdge, signal: AbortSignal): Promise<ProbeOutcome> {
  return new Conversation(probe, context, edge, signal).run();
}

class Conversation {
  readonly #probe: ListedProbe;
  readonly #context: ProbeContext;
  readonly #edge: AskEdge;
  readonly #signal: AbortSignal;
  readonly #startedAt: number;
  #sent = 0;
  #received = 0;
  #messages = 0;
  #end: (outcome: ProbeOutcome) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #transport: { readonly send: (bytes: Uint8Array) => void; readonly close: () => void } | undefined;
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
      this.#wait(this.#probe.waitMs);
      this.#open();
    });
  }

  readonly #onAbort = (): void => this.#finish('stopped', 'a person stopped all probes');

  #open(): void {
    const { medium } = this.#probe;
    const service = this.#context.target?.service ?? 0;
    const port = medium.kind === 'frame' ? 0 : medium.port === 'service' ? service : medium.port;
    const device = this.#context.target?.ip ?? '';
    if (medium.kind === 'frame') {
      this.#transport = { send: bytes => this.#edge.sendFrame(bytes), close: () => undefined };
      return this.#take(this.#probe.begin(this.#context));
    }
    if (medium.kind === 'udp') {
      const to = medium.to === 'device' ? device : medium.to === 'subnet' ? this.#edge.subnetBroadcast : medium.to;
      const socket = createSocket({ type: 'udp4', reuseAddr: 'localPort' in medium }); // two zones may ask from one port
      socket.on('error', error => this.#finish('failed', error.message));
      socket.on('message', (bytes, from) => {
        if (medium.to !== 'device' || (from.address === device && from.port === port)) this.#hear(bytes, false);
      });
      socket.bind(medium.localPort ?? 0, this.#context.own.ip, () => {
        if (medium.to !== 'device') {
          socket.setBroadcast(true);
          socket.setMulticastInterface(this.#context.own.ip);
          socket.setMulticastTTL(1);
        }
        this.#transport = { send: bytes => socket.send(bytes, port, to), close: () => socket.close() };
        this.#take(this.#probe.begin(this.#context));
      });
      return;
    }
    const socket = connect({ host: device, port, localAddress: this.#context.own.ip, noDelay: true });
    this.#transport = { send: bytes => void socket.write(bytes), close: () => hangUp(socket) };
    socket.on('connect', () => this.#take(this.#probe.begin(this.#context)));
    socket.on('data', bytes => this.#hear(bytes, true));
    socket.on('error', error => this.#finish(isReset(error) ? 'refused' : 'silent', error.message));
    socket.on('end', () => this.#finish(this.#received > 0 ? 'answered' : 'refused', 'it closed the connection'));
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

  async #send(messages: readonly Uint8Array[]): Promise<void> {
    for (const message of messages) {
      if (++this.#messages > maxMessages) return this.#finish('blocked', `more than ${maxMessages} messages`);
      if (!this.#probe.templates.some(template => fits(template, message)))
        return this.#finish('blocked', 'a message fits none of the reviewed templates');
      clearTimeout(this.#timer); // whoever waits for a turn waits for no answer yet
      if (!(await this.#edge.mayLeave(message))) return this.#finish('blocked', 'the guard let it not leave');
      if (this.#over) return;
      this.#sent += message.length;
      this.#transport?.send(message);
      this.#wait(this.#probe.waitMs);
    }
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    const heard = (): void => this.#finish(this.#received > 0 ? 'answered' : 'silent', `nothing more within ${ms} ms`);
    this.#timer = setTimeout(heard, ms);
  }

  #finish(kind: ProbeOutcome['kind'], detail: string): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#transport?.close();
    this.#end({ kind, startedAt: this.#startedAt, endedAt: this.#edge.now(), sent: this.#sent, received: this.#received, detail });
  }
}

/**
 * Our FIN, then the device's: a full close. One that keeps its side open is left to itself after a while. While the connection does not stand yet there
 * is nothing to close, and no further SYN leaves.
 */
function hangUp(socket: Socket): void {
  if (socket.connecting) return void socket.destroy();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
}

const isReset = (error: Error): boolean => 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET');

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
