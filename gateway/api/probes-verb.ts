import { visibleJson, visibleText } from '../model/visible-text.ts';
import type { Client } from './client.ts';
import type { ProbingState } from './contract.ts';

/** The subcommands of `sallyport probes`, with the options that each takes and how many words follow it. */
export const probeActions = {
  state: { options: ['json'], words: 0 },
  arm: { options: ['for', 'mode', 'wide', 'reason', 'json'], words: 1 },
  stop: { options: ['zone', 'reason', 'json'], words: 0 },
  never: { options: ['off', 'reason', 'json'], words: 1 },
  ask: { options: ['reason', 'json'], words: 1 },
} as const;
export type ProbeAction = keyof typeof probeActions;
export const isProbeAction = (text: string): text is ProbeAction => Object.hasOwn(probeActions, text);

/** What a subcommand was called with; `device` is the id of the device that was named. */
export type ProbeCall = {
  readonly client: Client;
  readonly out: (text: string) => void;
  readonly json: boolean;
  readonly zone?: string | undefined;
  readonly device?: string | undefined;
  readonly mode: string;
  readonly minutes: number;
  readonly wide: boolean;
  readonly off: boolean;
  readonly reason: string;
};

/** Runs one subcommand. Throws ClientError. */
export async function runProbes(action: ProbeAction, call: ProbeCall): Promise<void> {
  const { client, out, json, zone, device, mode, minutes, wide, off, reason } = call;
  const ask = async (path: string, body: object, said: string): Promise<void> => {
    const answer = await client.ask('POST', path, body);
    out(json ? `${answer}\n` : `${said}\n`);
  };
  switch (action) {
    case 'state': {
      const state = await client.json<ProbingState>('GET', '/probes');
      return out(json ? `${visibleJson(state)}\n` : stateText(state));
    }
    case 'arm': {
      const path = `/zones/${encodeURIComponent(zone ?? '')}/probes`;
      return ask(path, { mode, minutes, ...(wide ? { wide } : {}), reason }, `Armed zone ${zone} for ${mode}, for ${minutes} min`);
    }
    case 'stop':
      return ask(
        '/probes/stop',
        { ...(zone === undefined ? {} : { zone }), reason },
        `Stopped ${zone === undefined ? 'all probes' : `the probes of zone ${zone}`}`,
      );
    case 'never':
      return ask(
        `/devices/${device}/never-probe`,
        { on: !off, reason },
        off ? `${device} may be asked` : `${device} is never asked anything`,
      );
    case 'ask':
      return ask(`/devices/${device}/probe`, { reason }, `${device} is asked now, one question each 10 s`);
  }
}

const instant = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** The state as people read it; text passes `visibleText`. */
export function stateText({ zones, running, ceased, ceasedKinds, backOffs, never, recent }: ProbingState): string {
  const targetOf = (target: { readonly ip: string; readonly device: string } | undefined, zone: string): string =>
    target === undefined ? `everybody in ${zone}` : `${target.ip} (${target.device})`;
  const lines = [
    ...zones.map(({ zone, mode, by, until, reason, wide }) => {
      const why = reason === undefined ? '' : `: ${reason}`;
      return `zone     ${zone}: ${mode}${wide === true ? ', wide sweeps' : ''}, by ${by}${until === undefined ? '' : ` until ${instant(until)}`}${why}`;
    }),
    ...running.map(({ order, since }) => `running  ${order.probe} to ${targetOf(order.target, order.zone)} since ${instant(since)}`),
    ...never.map(({ mac, port, on, by, reason }) => `${on ? 'never   ' : 'allowed '} ${mac} on ${port}, by ${by}: ${reason}`),
    ...ceased.map(
      ({ mac, port, probe, until }) => `hurt     ${mac} on ${port} went quiet after ${probe}; left alone until ${instant(until)}`,
    ),
    ...ceasedKinds.map(({ zone, probe }) => `hurt     ${probe} is not asked in ${zone} any more: it hurt two devices`),
    ...backOffs.map(({ mac, port, until }) => `silent   ${mac} on ${port}; left alone until ${instant(until)}`),
    ...recent.slice(0, 20).map(({ order, outcome }) => {
      const { kind, endedAt, detail } = outcome;
      return `last     ${instant(endedAt)} ${order.probe} to ${targetOf(order.target, order.zone)}: ${kind}, ${detail}`;
    }),
  ];
  return lines.map(line => `${visibleText(line)}\n`).join('');
}
