import type { Ip, Mac, Millis } from '../model/address.ts';
import type { Observation } from '../model/fact.ts';
import type { MudProfile } from '../model/mud.ts';
import { CappedMap } from './capped-map.ts';
import { type Flow, isBaseline, isForeseen, type Surroundings, type Verdict } from './mud-flow.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** Names of all devices, and addresses of one name; an address that a name once had stays good for so long (RFC 9726 §3: answers go stale). */
const [maxNames, maxAddresses, goodMs] = [8192, 32, 7 * 24 * 3_600_000];
/** Flows that hang on a name which was not seen resolved: the answer may have come before we looked, so judgement waits. Milliseconds. */
const [maxPending, patienceMs] = [4096, 3_600_000];
/** How often they are looked at. */
const everyMs = 10_000;

/** Does what its maker says it never does: a flow that no entry of the MUD file of its URL lets through. It is told, never cut. */
export const mudViolation: DetectionRule = {
  name: 'mud-violation',
  spec: 'RFC 8520: a connection or datagram that the access lists of the device’s MUD file do not accept; the file is the site’s, never fetched',
  knownFalse: [
    'DHCP, DNS, NTP and ARP, which every host speaks',
    'an answer to a flow that was let in',
    'discovery by multicast, and answers to it',
    'a name that DNS gives another address each time, or that was resolved before we looked',
    'an IP version that the file says nothing of',
  ],
  about: ['resolves', 'talks-to'],
  create: () => {
    const names = new CappedMap<string, ReadonlySet<Ip>>(maxNames, goodMs);
    const pending = new CappedMap<string, { readonly o: Observation; readonly flow: Flow; readonly since: Millis }>(
      maxPending,
      24 * patienceMs,
    );
    let nextLook = 0;
    const judge = (mac: Mac, flow: Flow, context: Context): { readonly verdict: Verdict; readonly profile: MudProfile } | undefined => {
      const url = context
        .withMac(mac)
        .map(({ fields }) => fields.mudUrl?.value)
        .find(value => value !== undefined);
      const profile = url === undefined ? undefined : context.mud.profiles.get(url);
      if (profile === undefined || isBaseline(flow)) return undefined;
      const around: Surroundings = {
        resolved: (name, ip) => names.get(`${mac} ${name}`, context.now)?.has(ip) === true,
        urlsAt: ip => context.withIp(ip).flatMap(({ fields }) => fields.mudUrl?.value ?? []),
        controllers: name => context.mud.controllers.get(name),
      };
      return { verdict: isForeseen(profile, flow, around), profile };
    };
    return {
      observe(o, context) {
        const { fact } = o;
        if (fact.kind === 'resolves') {
          const key = `${o.mac} ${fact.name}`;
          const known = names.get(key, o.at) ?? new Set<Ip>();
          names.set(key, new Set([...known, fact.ip].slice(-maxAddresses)), o.at);
        }
        if (fact.kind !== 'talks-to') return nothing;
        const judged = judge(o.mac, fact, context);
        if (judged?.verdict === 'unsure') pending.set(`${o.mac} ${flowText(fact)}`, { o, flow: fact, since: o.at }, o.at);
        return judged?.verdict === 'no' ? violation(o, fact, judged.profile, context) : nothing;
      },
      tick(context) {
        if (context.now < nextLook) return nothing;
        nextLook = context.now + everyMs;
        const findings: Finding[] = [];
        for (const [key, { o, flow, since }] of pending.entries(context.now)) {
          const judged = judge(o.mac, flow, context);
          if (judged?.verdict === 'unsure' && context.now - since < patienceMs) continue;
          pending.delete(key);
          if (judged !== undefined && judged.verdict !== 'yes') findings.push(...violation(o, flow, judged.profile, context));
        }
        return findings;
      },
    };
  },
};

const protocols: { readonly [number: number]: string } = { 6: 'tcp', 17: 'udp' };

function flowText({ ip, protocol, port, ownPort, began }: Flow): string {
  const name = protocols[protocol] ?? `IP protocol ${protocol}`;
  if (began === 'there' || (port === 0 && ownPort > 0)) return `serves ${name}/${ownPort} to ${ip}`;
  return port === 0 ? `sends ${name} to ${ip}` : `uses ${name}/${port} of ${ip}`;
}

const violation = (o: Observation, flow: Flow, { url }: MudProfile, { withIp }: Context): readonly Finding[] =>
  found(o, `${flowText(flow)}, which ${url} does not foresee`, withIp(flow.ip)[0]?.mac);
