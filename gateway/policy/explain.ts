import type { Millis } from '../model/address.ts';
import type { AttestationResult, Check } from '../model/attestation.ts';
import type { Enforcement } from '../model/axes.ts';
import type { Decision } from '../model/decision.ts';
import type { AttestationState, DeviceView, PersonDecision } from '../model/device.ts';
import { type ReasonCode, reasons } from '../model/reason.ts';
import { attachmentText } from '../model/switch.ts';
import { clean, short } from './text.ts';

/** One sentence on a Decision: what happens to the device, why, and which rule said so. `result` adds what was expected and what was seen. */
export function explain(decision: Decision, result?: Pick<AttestationResult, 'checks'>): string {
  const difference = result === undefined ? '' : expectedAndSeen(result.checks, decision.reason);
  const { name, at } = decision.rule;
  return `is ${verdict(decision)}${end(decision.until)}: ${reasons[decision.reason].text}${difference}; rule ${name} (${at}) decided`;
}

/**
 * The sentence that page, CLI and export show for each device: what it is, where it is plugged in, what happens to it and why, which rule
 * decided, what it proved, who allowed it until when, and whether the network really does it. Words of the device are cleaned and cut; no full stop.
 */
export function whySentence(view: DeviceView): string {
  const { port, vlan, zone, attachedTo } = view.device;
  const at = attachedTo === undefined ? '' : ` (plugged in at ${clean(attachmentText(attachedTo), 200)})`;
  const where = `on port ${clean(port, 15)}${vlan === 0 ? '' : `, VLAN ${vlan}`}${at}, zone ${clean(zone, 64)}`;
  return [
    `${what(view)} ${where}, ${explain(view.decision, view.attestation)}`,
    proof(view.attestation, view.decision),
    people(view.person, view.decision),
    network(view.enforcement, view.decision),
  ].join('; ');
}

function verdict(decision: Decision): string {
  switch (decision.admission) {
    case 'admitted':
      return 'admitted';
    case 'approved':
      return 'approved';
    case 'waived':
      return 'waived';
    case 'denied':
    case 'blocked':
      return 'quarantined';
    case 'pending':
      return decision.access === 'admit' ? 'let through undecided' : 'held';
  }
}

const end = (until: Millis | undefined): string => (until === undefined ? '' : ` until ${instant(until)}`);

/** `2026-03-01 06:14 UTC`; a date beyond what dates can say is printed as its number. */
function instant(at: Millis): string {
  if (!(Math.abs(at) <= 8.64e15)) return `${at} ms`;
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function expectedAndSeen(checks: readonly Check[], reason: ReasonCode): string {
  const check = checks.find(c => c.code === reason && (c.expected !== undefined || c.seen !== undefined));
  if (check === undefined) return '';
  const parts = [
    ...(check.expected === undefined ? [] : [`expected ${short(check.expected, 120)}`]),
    ...(check.seen === undefined ? [] : [`seen ${short(check.seen, 120)}`]),
  ];
  return ` (${parts.join(', ')})`;
}

/** What a device proved to be goes before what its address or its words make it look like. */
function what({ device, attestation: { result } }: DeviceView): string {
  const { kind, hostname, vendor, model } = device.fields;
  const proved = result?.identity;
  const named = kind === undefined ? 'Device' : clean(kind.value, 40);
  const marks = [proved?.vendor ?? vendor?.value, proved?.model ?? model?.value, device.mac, device.ips.at(-1)]
    .filter(m => m !== undefined)
    .map(m => clean(m, 60));
  const host = hostname === undefined ? '' : ` "${clean(hostname.value, 60)}"`;
  return `${named.slice(0, capitals(named)).toUpperCase()}${named.slice(capitals(named))}${host} (${marks.join(', ')})`;
}

/** Kinds of three letters are abbreviations: plc, hmi, rtu. */
const capitals = (kind: string): number => (kind.length === 3 ? 3 : 1);

function proof(state: AttestationState, decision: Decision): string {
  // What decided was said already.
  const isSaid = state.reason === undefined || state.reason === decision.reason;
  const why = isSaid || state.reason === undefined ? '' : `: ${reasons[state.reason].text}${expectedAndSeen(state.checks, state.reason)}`;
  const serial = state.result?.identity?.serial;
  const who = `A${state.assurance}${serial === undefined ? '' : `, serial ${clean(serial, 60)}`}`;
  switch (state.status) {
    case 'none':
      return `it proved nothing${state.assurance === 1 ? ' and only says what it is (A1)' : ''}${why}`;
    case 'affirming':
      return `it proved ${state.assurance >= 4 ? 'who it is and its firmware' : 'who it is'} (${who})`;
    case 'warning':
      return `its proof has a warning (${who})${why}`;
    case 'contraindicated':
      return `its proof failed${why}`;
  }
}

function people(person: PersonDecision | undefined, decision: Decision): string {
  if (person === undefined) return 'no person decided about it';
  const ended = person.until !== undefined && decision.facts.now >= person.until;
  const word = person.kind === 'block' ? 'cut off' : person.kind === 'waiver' ? 'excused' : 'allowed';
  const span = person.until === undefined ? ' for good' : ended ? `, which ended ${instant(person.until)}` : end(person.until);
  const because = person.reason === '' ? '' : ` ("${clean(person.reason, 120)}")`;
  return `${word} by ${clean(person.by, 60)}${span}${because}`;
}

function network(enforcement: Enforcement, decision: Decision): string {
  switch (enforcement) {
    case 'open':
      return decision.access === 'admit' ? 'the network lets it pass' : 'but the network lets it pass';
    case 'held':
      return 'the network holds it';
    case 'quarantined':
      return 'the network cuts it off';
    case 'dropped':
      return 'the network drops it at its port';
    case 'would-hold':
      return 'the zone only observes: the network lets it pass and would hold it';
    case 'would-quarantine':
      return 'the zone only observes: the network lets it pass and would cut it off';
    case 'applying':
      return 'the network is being told';
    case 'drifted':
      return 'but the network does not do it';
  }
}
