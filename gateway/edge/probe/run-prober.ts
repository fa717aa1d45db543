import { randomBytes, randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';
import type { ProbeOrder, ProbeOutcome } from '../../model/probe.ts';
import { ceilings } from '../../probing/ceilings.ts';
import { type ListedProbe, nonceBytes, type ProbeContext } from '../../probing/probe.ts';
import { dropPrivileges } from '../capture/privileges.ts';
import { lineWriter, readLines } from '../lines.ts';
import type { FromProber, ToProber } from '../messages.ts';
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

/** Runs the prober in this process, with the probes of `list`, until the gateway's channel closes. */
export function runProber(options: ProberOptions, list: readonly ListedProbe[]): void {
  const ports = new Map<string, SendPort>();
  for (const name of options.ports) {
    const port = SendPort.open(name);
    if (port !== undefined) ports.set(name, port);
  }
  dropPrivileges(options.user);

  const turns = new Turns();
  /** At most `ceilings.running`. */
  const running = new Map<string, { readonly order: ProbeOrder; readonly stop: AbortController }>();

  const gateway = new Socket({ fd: gatewayFd, readable: true, writable: true });
  const send = lineWriter<FromProber>(gateway);
  const end = (): never => process.exit(0);
  gateway.on('error', end).on('close', end).on('end', end);
  readLines(gateway, take, why => log({ spoilt: why }));
  send({ type: 'hello', role: 'prober', epoch: randomUUID(), pid: process.pid });
  setInterval(() => send({ type: 'beat' }), 500);

  function take(value: unknown): void {
    const parsed = proberOrder.safeParse(value);
    if (!parsed.success) return log({ refused: parsed.error.message.slice(0, 500) });
    const message: ToProber = parsed.data;
    if (message.type === 'probe') return begin(message.order, message.own);
    for (const [id, { stop }] of running) if (message.ids?.includes(id) ?? true) stop.abort();
    return undefined;
  }

  function begin(order: ProbeOrder, own: ProbeContext['own']): void {
    const probe = list.find(({ name }) => name === order.probe);
    const mac = order.target?.mac;
    const isBusy = mac !== undefined && [...running.values()].some(one => one.order.target?.mac === mac);
    const problem =
      running.has(order.id) || running.size >= ceilings.running
        ? 'too many probes run'
        : isBusy
          ? 'another probe has the one connection to this device'
          : orderProblem(order, probe, own, ip => neighbourOf(ip, options.bridge));
    if (problem !== undefined || probe === undefined) return blocked(order.id, problem ?? 'there is no such probe');
    const stop = new AbortController();
    running.set(order.id, { order, stop });
    void converse(order, probe, own, stop.signal).then(outcome => {
      running.delete(order.id);
      send({ type: 'outcome', id: order.id, outcome });
    });
    return undefined;
  }

  async function converse(order: ProbeOrder, probe: ListedProbe, own: ProbeContext['own'], signal: AbortSignal): Promise<ProbeOutcome> {
    const { target, zone } = order;
    const context: ProbeContext = {
      own,
      ...(order.prefix === undefined ? {} : { sweep: order.prefix }),
      nonce: randomBytes(nonceBytes),
      ...(target === undefined ? {} : { target: { mac: target.mac, ip: target.ip, service: target.service } }),
    };
    const edge = {
      now: Date.now,
      mayLeave: async () => {
        for (;;) {
          if (signal.aborted) return false;
          const wait = turns.take(zone, target?.mac, performance.now());
          if (wait === 0) break;
          await after(Math.min(wait, stepMs));
        }
        // The kernel's neighbour could have changed since the last message.
        return orderProblem(order, probe, own, ip => neighbourOf(ip, options.bridge)) === undefined;
      },
      sendFrame: (frame: Uint8Array) => {
        const by = target === undefined ? (order.ports ?? []) : [target.port];
        const sent = by.filter(port => sendBy(port, frame));
        if (sent.length === 0) throw new Error(`Cannot send on ${by.join(', ')}: no port takes frames now`);
      },
      subnetBroadcast: broadcastOf(own.prefix),
    };
    return ask(probe, context, edge, signal);
  }

  /** A port whose link is down hears nothing anyway; one that came after our start needs a new start. */
  function sendBy(name: string, frame: Uint8Array): boolean {
    try {
      const port = ports.get(name);
      port?.send(frame);
      if (port !== undefined) return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    restartSoon(name);
    return false;
  }

  /** Once every half minute at most: a port that stays away must not keep the others from being asked. */
  let restartsAt: number | undefined;
  function restartSoon(port: string): void {
    if (restartsAt !== undefined || !options.ports.includes(port)) return;
    restartsAt = performance.now() + 30_000;
    log({ restart: `cannot send on ${port}` });
    setInterval(() => {
      if (running.size === 0 && performance.now() >= (restartsAt ?? 0)) process.exit(restartCode);
    }, 1000);
  }

  function blocked(id: string, detail: string): void {
    const at = Date.now();
    send({ type: 'outcome', id, outcome: { kind: 'blocked', startedAt: at, endedAt: at, sent: 0, received: 0, detail } });
  }

  function log(words: { readonly [key: string]: unknown }): void {
    process.stderr.write(`${JSON.stringify({ role: 'prober', ...words })}\n`);
  }
}
