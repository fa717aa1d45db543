import { counted } from '../model/counted.ts';
import type { EventBody } from '../model/event.ts';
import type { Fact } from '../model/fact.ts';
import type { LinkEvidence } from '../model/link.ts';
import { reasons } from '../model/reason.ts';
import { attachmentText } from '../model/switch.ts';
import { describeReference } from './describe-reference.ts';

/** One Fact in words. The text of the device in it is untrusted. */
export function describeFact(fact: Fact): string {
  switch (fact.kind) {
    case 'seen':
      return 'sent a frame';
    case 'address':
      return `uses ${fact.ip}`;
    case 'management-address':
      return `is managed at ${fact.ip}`;
    case 'hostname':
      return `calls itself “${fact.name}”`;
    case 'vendor-class':
      return `vendor class “${fact.text}”`;
    case 'dhcp-parameters':
      return `asks DHCP for options ${fact.options.join(', ')}`;
    case 'asks-address':
      return `asks DHCP for the address ${fact.ip}`;
    case 'relay-agent':
      return `is plugged in, says its switch or relay, ${[fact.circuit && `at circuit “${fact.circuit}”`, fact.remote && `of “${fact.remote}”`].filter(Boolean).join(' ')}`;
    case 'inventory':
      return `${fact.of} “${fact.text}”`;
    case 'dhcp-client-id':
      return `DHCP client id ${fact.id}`;
    case 'dhcp-lease':
      return `was leased ${fact.ip} by ${fact.server}`;
    case 'dhcp-server':
      return `answers as DHCP server ${fact.ip}`;
    case 'mud-url':
      return `MUD URL ${fact.url}`;
    case 'service':
      return `serves ${fact.protocol}/${fact.port}${fact.name === undefined ? '' : ` (${fact.name})`}`;
    case 'model':
      return `model “${fact.text}”`;
    case 'claimed-mac':
      return `claimed ${fact.ip} for ${fact.mac}, which is not its own address`;
    case 'protocol':
      return `speaks ${fact.name}`;
    case 'maker':
    case 'firmware':
    case 'serial':
    case 'description':
      return `${fact.kind} “${fact.text}”`;
    case 'device-kind':
      return `says that it is a ${fact.text}`;
    case 'identifier':
    case 'print':
      return `${fact.scheme} ${fact.value}`;
    case 'certificate':
      return `showed a ${fact.role} certificate of ${fact.subject}`;
    case 'uses-server':
      return `uses the ${fact.service} server ${fact.ip}`;
    case 'neighbour':
      return `is “${fact.name ?? fact.chassis}” at the far end, port ${fact.portId} (${fact.protocol})`;
    case 'router':
      return `routes (${fact.protocol}): ${fact.detail}`;
    case 'bridge':
      return `takes part in ${fact.protocol}: ${fact.detail}`;
    case 'member':
      return `listens to group ${fact.group}`;
    case 'asks':
      return `asks for “${fact.name}” (${fact.protocol})`;
    case 'answers-for':
      return `answers ${fact.protocol} questions for “${fact.name}”`;
    case 'acted':
      return `${fact.action} ${fact.target}: ${fact.detail}`;
    case 'behind':
      return `passes on frames of ${fact.ip}`;
    case 'contested':
      return `claims ${fact.ip} against ${fact.mac}`;
    case 'turned':
      return `${fact.sign === 'ttl' ? 'first time to live' : 'source address'} turned from ${fact.from} to ${fact.to} (${fact.times})`;
    case 'talks-to':
      return `talks to ${fact.ip}, IP protocol ${fact.protocol}, port ${fact.port === 0 ? fact.ownPort : fact.port}`;
    case 'resolves':
      return `was told that “${fact.name}” is ${fact.ip}`;
    case 'reaches':
      return `reaches devices of VLAN ${fact.vlan} without a router`;
  }
}

/** What two interfaces say alike or unlike, and where. */
export function describeEvidence({ sign, value, against, frames }: LinkEvidence): string {
  const where = frames.some(frame => frame > 0) ? ` (frames ${frames.join(' and ')})` : '';
  return against === undefined ? `both say ${sign} “${value}”${where}` : `${sign} “${value}” against “${against}”${where}`;
}

const day = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const ending = (until: number | undefined): string => (until === undefined ? 'for good' : `until ${day(until)}`);
const foundBy = { announcement: 'what it announced', frames: 'its frames', 'forwarding-table': 'the forwarding table' } as const;
const times = (count = 1): string => (count > 1 ? `, ${count} times` : '');
const inFrames = (frames: readonly number[] = []): string =>
  frames.length === 0 ? '' : ` (frame${frames.length > 1 ? 's' : ''} ${frames.join(', ')})`;
const restarts = { reset: 'was reset', resumed: 'was woken', 'went-back': 'went backwards' } as const;
const acts = { approval: 'approved it', waiver: 'waived a failed check', block: 'cut it off' } as const;

/** One Event of a device in words. */
export function describeEvent(body: EventBody): string {
  switch (body.kind) {
    case 'device-found':
      return `found on ${body.port} by ${foundBy[body.seenBy]}${body.cloneOf === undefined ? '' : `, a clone of ${body.cloneOf}`}`;
    case 'fact-learned':
      return `${body.observation.collector}: ${describeFact(body.observation.fact)}`;
    case 'field-set':
      return `${body.field} is “${body.value.value}” (${body.value.source})${body.reason === undefined ? '' : `: ${body.reason}`}`;
    case 'field-unlocked':
      return `${body.by} gave ${body.field} back to what is observed: ${body.reason}`;
    case 'devices-linked':
      return `${body.by ?? 'the machine'} counts ${body.device} and ${body.other} as one device: ${body.reason ?? body.evidence.map(describeEvidence).join('; ')}`;
    case 'devices-unlinked':
      return `${body.by ?? 'the machine'} took ${body.device} away from ${body.others.join(', ')}: ${[body.reason, ...body.evidence.filter(one => one.against !== undefined).map(describeEvidence)].join('; ')}`;
    case 'device-moved':
      return `moved from ${body.from} to ${body.to}`;
    case 'device-forgotten':
      return `forgotten: ${body.why}`;
    case 'attached':
      return body.to === undefined ? 'no switch knows any more where it is plugged in' : `plugged in at ${attachmentText(body.to)}`;
    case 'switch-read':
      return `switch ${body.name ?? body.switchIp} ${body.state}: ${body.detail}`;
    case 'challenged':
      return `challenged at ${body.target}`;
    case 'attested':
      return describeOutcome(body.outcome);
    case 'attested-again':
      return `judged again, with the same result; good until ${day(body.expires)}`;
    case 'key-forgotten':
      return `${body.by} forgot the attestation key that its TPM enrolled as ${body.instance}: ${body.reason}`;
    case 'key-enrolled':
      return `its TPM ${body.key.ek.slice(0, 16)} enrolled an attestation key as ${body.key.instance}`;
    case 'tpm-restarted':
      return `its TPM ${restarts[body.how]} since its last quote; it is asked anew${body.others.length === 0 ? '' : `, and so are ${body.others.join(', ')}`}`;
    case 'decided':
      return `${body.decision.access}: ${reasons[body.decision.reason].text} [${body.decision.reason}], rule “${body.decision.rule.name}” at ${body.decision.rule.at}`;
    case 'enforced':
      return `the network now reads ${body.enforcement}`;
    case 'person-decided':
      return `${body.person.by} ${acts[body.person.kind]} ${ending(body.person.until)}: ${body.person.reason}`;
    case 'person-released':
      return `${body.by} released it: ${body.reason}`;
    case 'paused':
      return `${body.by} paused enforcement until ${day(body.until)}: ${body.reason}`;
    case 'resumed':
      return `${body.by} resumed enforcement: ${body.reason}`;
    case 'zone-mode':
      return `${body.by} set zone ${body.zone} to ${body.mode}: ${body.reason}`;
    case 'alarm':
      return `alarm ${body.alarm} at ${body.port}: ${body.detail}${times(body.count)}${inFrames(body.frames)}`;
    case 'port-state':
      return `port ${body.port} is ${body.state}: ${body.detail}`;
    case 'malformed':
      return `${body.count} malformed ${body.collector} frames: ${body.message}`;
    case 'folded':
      return `${body.count} ${body.what} at ${body.port} folded away by the quota`;
    case 'enforcement-state':
      return `enforcement ${body.state}: ${body.detail}`;
    case 'probes-armed':
      return `${body.by} armed probes (${body.mode}${body.wide === true ? ', wide sweeps' : ''}) in zone ${body.zone} ${ending(body.until)}: ${body.reason}`;
    case 'probes-stopped':
      return `${body.by} stopped ${body.zone === undefined ? 'all probes' : `the probes of zone ${body.zone}`}: ${body.reason}`;
    case 'never-probe':
      return `${body.by} said that it ${body.on ? 'must never be asked anything' : 'may be asked'}: ${body.reason}`;
    case 'probe-asked':
      return `${body.by} asks for probes now: ${body.reason}`;
    case 'probed':
      return describeProbe(body);
    case 'probing-ceased':
      return `went quiet after ${body.probe}: nobody asks it anything ${ending(body.until)}`;
    case 'user-invited':
      return `${body.by} gave ${body.user} a one-time code that opens an account${body.role === undefined ? '' : ` as ${body.role}`}: ${body.reason}`;
    case 'user-removed':
      return `${body.by} took the account of ${body.user} away: ${body.reason}`;
    case 'user-role':
      return `${body.by} made ${body.user} ${body.role}: ${body.reason}`;
    case 'token-made':
      return `${body.by} made the token ${body.user} (${body.role}), good ${ending(body.until)}: ${body.reason}`;
    case 'token-revoked':
      return `${body.by} revoked the token ${body.user}: ${body.reason}`;
    case 'signed-in':
      return `${body.user} signed in from ${body.from}`;
    case 'storage':
      return `storage ${body.state}: ${body.detail}`;
    case 'started':
      return `started, version ${body.version}`;
    case 'policy-loaded':
      return `policy loaded from ${counted(body.files.length, 'file')}`;
    case 'trust-loaded':
      return `trust in force: ${counted(body.anchors.length, 'anchor')}, ${counted(body.referenceSets.length, 'reference set')}`;
    case 'anchor-staged':
      return `${body.by} brought the trust anchor ${body.anchor.name} (${body.subject}); another person must approve it: ${body.reason}`;
    case 'verifier-staged':
      return `${body.by} brought the Verifier ${body.verifier.name} (${body.subject}); another person must approve it: ${body.reason}`;
    case 'anchor-approved':
      return `${body.by} approved the trust anchor ${body.sha256.slice(0, 16)}, which would newly admit ${body.newlyAdmits}: ${body.reason}`;
    case 'anchor-removed':
      return `${body.by} removed the trust anchor ${body.sha256.slice(0, 16)}: ${body.reason}`;
    case 'anchor-expires':
      return `${body.by} ends the trust anchor ${body.sha256.slice(0, 16)} at ${day(body.expires)}: ${body.reason}`;
    case 'revocation-news':
      return `${body.issuer} tells anew what it revoked (${body.revoked} more): devices below ${body.anchor} are asked again`;
    case 'reference-found':
    case 'reference-gone':
    case 'reference-added':
    case 'reference-activated':
    case 'reference-expired':
    case 'reference-revoked':
    case 'reference-withdrawn':
    case 'baseline-taken':
      return describeReference(body);
    case 'policy-refused':
      return `policy refused: ${body.problems.join('; ')}`;
  }
}

function describeProbe({ order, outcome }: Extract<EventBody, { kind: 'probed' }>): string {
  const { probe, zone, target, armedBy } = order;
  const whom = target === undefined ? `everybody in zone ${zone}` : `${target.ip}${target.service === 0 ? '' : ` port ${target.service}`}`;
  const bytes = outcome.messages?.map(({ template, bytes: hex }) => `${template} ${hex}`).join(', ') ?? '';
  return `${probe} to ${whom}, armed by ${armedBy}: ${outcome.kind}, ${outcome.detail}; ${outcome.sent} bytes sent${bytes === '' ? '' : ` (${bytes})`}, ${outcome.received} received`;
}

function describeOutcome(outcome: Extract<EventBody, { kind: 'attested' }>['outcome']): string {
  switch (outcome.kind) {
    case 'appraised': {
      const { status, assurance, reason } = outcome.result;
      return `Evidence judged ${status}, A${assurance}${reason === undefined ? '' : `: ${reasons[reason].text} [${reason}]`}`;
    }
    case 'no-evidence':
      return 'answered with TLS, but without attestation Evidence';
    case 'transport-failure':
      return `could not be asked (${outcome.failure}): ${outcome.detail}`;
  }
}
