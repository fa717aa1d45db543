import { randomBytes, randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';
import type { PortName } from '../../model/address.ts';
import type { ProbeOrder, ProbeOutcome } from '../../model/probe.ts';
import { ceilings } from '../../probing/ceilings.ts';
import { type ListedProbe, nonceBytes, type ProbeContext } from '../../probing/probe.ts';
import { dropPrivileges } from '../capture/privileges.ts';
import { lineWriter, readLines } from '../lines.ts';
import type { FromProber, ToProber } from '../messages.ts';
import { endsOn } from '../bridge-address.ts';
import { ask } from './ask.ts';
import { broadcastOf, orderProblem } from './guard.ts';
import { neighbourOf } from './neighbour.ts';
import { type ProberOptions, proberOrder } from './orders.ts';
import { SendPort } from './send-port.ts';
import { Turns } from './turns.ts';

const gatewayFd = 3;
/** Ends with this when a port cannot be sent on any more: only a new start may open a handle. EX_TEMPFAIL of sysexits.h. */
const restartCode = 75;
/** Steps of waiting for a turn, so that a stop is seen soon. Milliseconds. */
const stepMs = 100;
const beatMs = 500;
/** A port that stays away must not keep the others from being asked: a new start comes so late. Milliseconds. */
const restartAfterMs = 30_000;

/** Runs the prober in this process, with the probes of `list`, until the gateway's channel closes. */
export function runProber(options: ProberOptions, list: readonly ListedProbe[]): void {
  const ports = new SendPorts(options.ports);
  dropPrivileges(options.user);
  const gateway = new Socket({ fd: gatewayFd, readable: true, writable: true });
  const send = lineWriter<FromProber>(gateway);
  const end = (): never => process.exit(0);
  gateway.on('error', end).on('close', end).on('end', end);
  const desk = new Desk({ bridge: options.bridge, list, ports, tell: (id, outcome) => void send({ type: 'outcome', id, outcome }) });
  readLines(
    gateway,
    value => {
      const parsed = proberOrder.safeParse(value);
      if (parsed.success) desk.take(parsed.data);
      else log({ refused: parsed.error.message.slice(0, 500) });
    },
    why => log({ spoilt: why }),
  );
  send({ type: 'hello', role: 'prober', epoch: randomUUID(), pid: process.pid });
  setInterval(() => send({ type: 'beat' }), beatMs);
  setInterval(() => {
    if (desk.isIdle && ports.wantsRestart(performance.now())) process.exit(restartCode);
  }, 1000);
}

type DeskParts = {
  readonly bridge: PortName;
  readonly list: readonly ListedProbe[];
  readonly ports: SendPorts;
  readonly tell: (id: string, outcome: ProbeOutcome) => void;
};

/** Takes orders, looks at each once more, runs those that pass, and stops them. */
class Desk {
  readonly #parts: DeskParts;
  readonly #turns = new Turns();
  /** At most `ceilings.running`. */
  readonly #running = new Map<string, { readonly order: ProbeOrder; readonly stop: AbortController }>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  take(message: ToProber): void {
    if (message.type === 'probe') return this.#begin(message.order, message.own);
    for (const [id, { stop }] of this.#running) if (message.ids?.includes(id) ?? true) stop.abort();
    return undefined;
  }

  #begin(order: ProbeOrder, own: ProbeContext['own']): void {
    const { list, tell } = this.#parts;
    const probe = list.find(({ name }) => name === order.probe);
    const problem = this.#busy(order) ?? this.#problem(order, probe, own);
    if (problem !== undefined || probe === undefined) return tell(order.id, blocked(problem ?? 'there is no such probe'));
    const stop = new AbortController();
    this.#running.set(order.id, { order, stop });
    void this.#converse(order, probe, own, stop.signal).then(outcome => {
      this.#running.delete(order.id);
      tell(order.id, outcome);
    });
    return undefined;
  }

  #busy({ id, target }: ProbeOrder): string | undefined {
    if (this.#running.has(id) || this.#running.size >= ceilings.running) return 'too many probes run';
    const isBusy = target !== undefined && [...this.#running.values()].some(({ order }) => order.target?.mac === target.mac);
    return isBusy ? 'another probe has the one connection to this device' : undefined;
  }

  #problem(order: ProbeOrder, probe: ListedProbe | undefined, own: ProbeContext['own']): string | undefined {
    return orderProblem(order, probe, own, ip => neighbourOf(ip, this.#parts.bridge));
  }

  #converse(order: ProbeOrder, probe: ListedProbe, own: ProbeContext['own'], signal: AbortSignal): Promise<ProbeOutcome> {
    const { target, zone, prefix } = order;
    const context: ProbeContext = {
      own,
      ...(prefix === undefined ? {} : { sweep: prefix }),
      nonce: randomBytes(nonceBytes),
      now: Date.now(),
      ...(target === undefined ? {} : { target: { mac: target.mac, ip: target.ip, service: target.service } }),
    };
    const mayLeave = async (): Promise<boolean> => {
      for (let wait = 1; wait > 0; ) {
        if (signal.aborted) return false;
        wait = this.#turns.take(zone, target?.mac, performance.now());
        if (wait > 0) await after(Math.min(wait, stepMs));
      }
      return this.#problem(order, probe, own) === undefined; // the kernel's neighbour could have changed since the last message
    };
    const by = target === undefined ? (order.ports ?? []) : [target.port];
    const sendFrame = (frame: Uint8Array): void => this.#parts.ports.send(frame, by);
    const address = { bridge: this.#parts.bridge, ...own, ip6: own.ip6 ?? [] };
    const edge = { now: Date.now, mayLeave, sendFrame, subnetBroadcast: broadcastOf(own.prefix) };
    return ask(probe, context, { ...edge, endsTo: ip => endsOn(address, ip) }, signal);
  }
}

/** The handles that were opened at the start: as many as the bridge has ports for devices. */
class SendPorts {
  readonly #names: readonly PortName[];
  readonly #ports = new Map<PortName, SendPort>();
  #restartAt: number | undefined;

  constructor(names: readonly PortName[]) {
    this.#names = names;
    for (const name of names) {
      const port = SendPort.open(name);
      if (port !== undefined) this.#ports.set(name, port);
    }
  }

  /** Throws when none of the ports took the frame. One whose link is down hears nothing anyway; one that came after our start needs a new start. */
  send(frame: Uint8Array, by: readonly PortName[]): void {
    const sent = by.filter(name => this.#ports.get(name)?.send(frame) === true);
    if (sent.length < by.length && by.every(name => this.#names.includes(name))) this.#restartAt ??= performance.now() + restartAfterMs;
    if (sent.length === 0) throw new Error(`Cannot send on ${by.join(', ')}: no port takes frames now`);
  }

  wantsRestart(now: number): boolean {
    return this.#restartAt !== undefined && now >= this.#restartAt;
  }
}

function blocked(detail: string): ProbeOutcome {
  const at = Date.now();
  return { kind: 'blocked', startedAt: at, endedAt: at, sent: 0, received: 0, detail };
}

function log(words: { readonly [key: string]: unknown }): void {
  process.stderr.write(`${JSON.stringify({ role: 'prober', ...words })}\n`);
}
