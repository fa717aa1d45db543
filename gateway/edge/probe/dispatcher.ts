import type { Millis } from '../../model/address.ts';
import type { ProbeOrder, ProbeOutcome } from '../../model/probe.ts';
import type { ProbeContext } from '../../probing/probe.ts';
import type { ToEnforcer, ToProber } from '../messages.ts';

/** How long the enforcer may take to pin the device's address, how long a pin stays, and how long the prober may take for one device. */
const laneWaitMs = 3_000;
const laneSeconds = 100;
const answerWaitMs = 90_000;

type Open = { readonly order: ProbeOrder; readonly at: Millis; stage: 'pinning' | 'asking'; timer: NodeJS.Timeout | undefined };

/** What the dispatcher may do; each says false when the process is not there. */
export type ProbeDispatcherEdge = {
  readonly own: ProbeContext['own'] | undefined;
  readonly now: () => Millis;
  readonly toEnforcer: (message: ToEnforcer) => boolean;
  readonly toProber: (message: ToProber) => boolean;
  readonly done: (id: string, outcome: ProbeOutcome) => void;
};

/**
 * Hands orders to the prober. The address of a device is first pinned to its hardware address by the enforcer, as for a challenge, so that no
 * ARP of somebody else leads the question astray.
 */
export class ProbeDispatcher {
  readonly #edge: ProbeDispatcherEdge;
  /** At most `ceilings.running` of the schedule; each ends by its timer, a broadcast with the prober. */
  readonly #open = new Map<string, Open>();

  constructor(edge: ProbeDispatcherEdge) {
    this.#edge = edge;
  }

  start(order: ProbeOrder): void {
    const { target } = order;
    const open: Open = { order, at: this.#edge.now(), stage: 'pinning', timer: undefined };
    this.#open.set(order.id, open);
    if (target === undefined || target.service === 0) return this.#ask(open);
    open.timer = setTimeout(() => this.#end(order.id, 'failed', 'the enforcer did not pin the address'), laneWaitMs);
    const lane = { mac: target.mac, port: target.port, ip: target.ip, remotePort: target.service, localPort: 0, ttlSeconds: laneSeconds };
    if (!this.#edge.toEnforcer({ type: 'open-lane', id: laneOf(order.id), lane }))
      this.#end(order.id, 'failed', 'the enforcer is not there');
    return undefined;
  }

  laneAnswered(laneId: string, isOpen: boolean, detail: string): void {
    const open = this.#open.get(laneId.slice(0, laneId.lastIndexOf('/')));
    if (open?.stage !== 'pinning') return;
    clearTimeout(open.timer);
    if (isOpen) this.#ask(open);
    else this.#end(open.order.id, 'failed', detail);
  }

  /** The prober told an outcome; one of an order that is not open is thrown away. */
  answered(id: string, outcome: ProbeOutcome): void {
    if (this.#open.get(id)?.stage !== 'asking') return;
    this.#close(id);
    this.#edge.done(id, outcome);
  }

  /** Ends these, or all: at once here, and within moments in the prober, which then tells the outcomes. */
  stop(ids: readonly string[] | undefined): void {
    const told = this.#edge.toProber(ids === undefined ? { type: 'stop' } : { type: 'stop', ids });
    for (const [id, { stage }] of this.#open)
      if (ids?.includes(id) ?? true) if (stage === 'pinning' || !told) this.#end(id, 'stopped', 'before anything left');
  }

  /** The prober or the enforcer was restarted: what it held is lost. */
  lost(role: 'enforcer' | 'prober'): void {
    for (const [id, { stage }] of this.#open)
      if ((role === 'enforcer') === (stage === 'pinning')) this.#end(id, 'failed', `the ${role} was restarted`);
  }

  #ask(open: Open): void {
    const { order } = open;
    const { own } = this.#edge;
    open.stage = 'asking';
    if (order.target !== undefined)
      open.timer = setTimeout(() => this.#end(order.id, 'failed', 'the prober did not answer in time'), answerWaitMs);
    if (own === undefined || !this.#edge.toProber({ type: 'probe', order, own })) this.#end(order.id, 'failed', 'the prober is not there');
  }

  #end(id: string, kind: ProbeOutcome['kind'], detail: string): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#close(id);
    this.#edge.done(id, { kind, startedAt: open.at, endedAt: this.#edge.now(), sent: 0, received: 0, detail });
  }

  #close(id: string): void {
    const open = this.#open.get(id);
    clearTimeout(open?.timer);
    this.#open.delete(id);
    if (open?.order.target !== undefined && open.order.target.service !== 0) this.#edge.toEnforcer({ type: 'close-lane', id: laneOf(id) });
  }
}

const laneOf = (id: string): string => `${id}/0`;
