import { z } from 'zod';
import { attestationStatuses } from '../model/axes.ts';
import { accesses, type DecisionFacts } from '../model/decision.ts';
import type { KindFacts } from '../model/device.ts';
import { reasonCodes } from '../model/reason.ts';
import { begins, has, like, signs as means } from './signs.ts';

/**
 * The one table of what may stand in a policy file: it checks the files, and the JSON Schemas for editors are made from it.
 * The message of a shape completes the sentence "it is …, must be …".
 */

/** What a rule looks at: the facts, and whether a person's approval is in force. */
export type RuleFacts = DecisionFacts & { readonly approved: boolean };
/** One field of `when`: what was written, and whether it holds. */
export type Condition<W, F> = { readonly wanted: W; readonly holds: (facts: F) => boolean };

const text = (max: number) =>
  z
    .string({ error: 'text (numbers need quotes)' })
    .min(1, { error: 'text' })
    .max(max, { error: `at most ${max} characters` });
const words = <const W extends readonly [string, ...string[]]>(list: W) => z.enum(list, { error: orList(list) });
const flag = z.boolean({ error: 'true or false' });
const whole = (min: number, max: number) =>
  z
    .int({ error: `a whole number ${min}–${max}` })
    .min(min, { error: `${min} or more` })
    .max(max, { error: `${max} or less` });
const name = z
  .string({ error: 'text' })
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'lower-case letters, digits and hyphens, at most 64' });
const mac = z.string({ error: 'a MAC address such as 02:00:5e:00:00:01' }).regex(/^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/);
const macPrefix = z.string({ error: 'the start of a MAC address such as 02:00:5e' }).regex(/^([0-9A-Fa-f]{2}:){0,5}[0-9A-Fa-f]{1,2}$/);
const port = z.string({ error: 'the name of a port' }).regex(/^[\w.@-]{1,15}$/, { error: 'the name of a port, as the settings have it' });
const service = z.string({ error: 'a service such as tcp/502' }).regex(/^(tcp|udp)\/[1-9][0-9]{0,4}$/);
const key = z
  .string({ error: 'a SHA-256 in 64 hexadecimal digits' })
  .regex(/^[0-9A-Fa-f]{64}$/, { error: 'a SHA-256 in 64 hexadecimal digits' });
const pattern = z.union([text(200), z.strictObject({ contains: text(200).min(2) })], { error: 'text or { contains: text }' });

/** One value, or a list of which any will do. */
function anyOf<S extends z.ZodType>(one: S, what: string) {
  const error = `${what}, or a list of such`;
  return z.union(
    [
      one.transform(v => [v]),
      z
        .array(one)
        .min(1, { error })
        .max(100, { error: `${what}, or a list of at most 100` }),
    ],
    { error },
  );
}
/** Makes a field of `when` out of a shape and what it means. */
const field = <F>() => {
  return <S extends z.ZodType>(shape: S, holds: (wanted: z.output<S>, facts: F) => boolean, description: string) =>
    shape
      .transform((wanted): Condition<z.output<S>, F> => ({ wanted, holds: facts => holds(wanted, facts) }))
      .optional()
      .describe(description);
};
const rule = field<RuleFacts>();
const when = z.strictObject(
  {
    zone: rule(anyOf(text(64), 'a zone name'), (w, f) => has(w, f.zone), 'Name of a zone of the settings'),
    kind: rule(anyOf(name, 'a kind'), (w, f) => has(w, f.kind), 'Kind of device, as fingerprints/kinds.yaml names it'),
    vendor: rule(anyOf(pattern, 'text or { contains: text }'), (w, f) => like(w, f.vendor), 'Vendor by the IEEE registry'),
    model: rule(anyOf(text(200), 'text (numbers need quotes)'), (w, f) => has(w, f.model), 'Model, exactly'),
    hostname: rule(anyOf(text(255), 'text (numbers need quotes)'), (w, f) => has(w, f.hostname), 'Host name, exactly'),
    mac: rule(
      anyOf(mac, 'a MAC address such as 02:00:5e:00:00:01'),
      (w, f) => w.some(m => m.toLowerCase() === f.mac),
      'MAC address, exactly',
    ),
    macPrefix: rule(
      anyOf(macPrefix, 'the start of a MAC address such as 02:00:5e'),
      (w, f) => begins(w, f.mac),
      'Start of the MAC address',
    ),
    port: rule(anyOf(text(15), 'an interface name'), (w, f) => has(w, f.port), 'Interface where the device is plugged in'),
    vlan: rule(anyOf(whole(0, 4094), 'a VLAN id 0–4094'), (w, f) => has(w, f.vlan), '802.1Q VLAN id; 0 is untagged'),
    service: rule(
      anyOf(service, 'a service such as tcp/502'),
      (w, f) => w.some(s => f.services.includes(s)),
      'A service that it answered on',
    ),
    attestation: rule(anyOf(words(attestationStatuses), orList(attestationStatuses)), (w, f) => has(w, f.attestation), 'What it proved'),
    assuranceAtLeast: rule(whole(0, 5), (w, f) => f.assurance >= w, 'Lowest rung of the assurance ladder, A0–A5'),
    startedWithinDays: rule(
      whole(1, 3650),
      (w, f) => f.started?.after !== undefined && f.now - f.started.after <= w * 86_400_000,
      'Days since it started and measured itself, at most; false where its Evidence does not tell',
    ),
    expected: rule(flag, (w, f) => w === f.expected, 'Whether somebody listed its serial or key'),
    approved: rule(flag, (w, f) => w === f.approved, "Whether a person's approval is in force"),
    announced: rule(flag, (w, f) => w === f.announced, 'Whether it ever announced an address or a name'),
    cloned: rule(flag, (w, f) => w === f.cloned, 'Whether its address belongs to a device on another port'),
    reason: rule(anyOf(words(reasons()), 'a reason code'), (w, f) => has(w, f.attestationReason), 'Why attestation stands where it does'),
  },
  { error: 'fields with their values; {} matches every device' },
);

/** A rule with `then: admit` that asks for less would let a device in by its looks. */
export const ruleShape = z
  .strictObject(
    {
      name: name.describe('Unique; shown in every decision that the rule makes'),
      when: when.describe('All must hold; a list means any of'),
      // oxlint-disable-next-line unicorn/no-thenable -- the word of the rules (DESIGN §6); no shape is ever awaited
      then: words(accesses),
      because: text(500).optional().describe('For the people who read it'),
    },
    { error: 'a rule with name, when and then' },
  )
  .superRefine((r, context) => {
    if (r.then !== 'admit' || r.when.approved?.wanted === true) return;
    const proof = r.when.attestation?.wanted.every(s => s === 'affirming') ?? false;
    if (proof && r.when.expected?.wanted === true) return;
    const message =
      'hold or quarantine, unless when asks for attestation: affirming and expected: true (proof and expectation), or approved: true';
    context.addIssue({ code: 'custom', path: ['then'], message });
  });
export type Rule = z.output<typeof ruleShape>;

/** A serial or key that somebody expects here. Every field that is given must be equal. */
export const expectedShape = z
  .strictObject(
    {
      serial: text(200).optional().describe('Serial number as the certificate says it, in quotes'),
      key: key.optional().describe('SHA-256 of the SubjectPublicKeyInfo of the device key'),
      vendor: text(200).optional().describe('Vendor as its trust anchor vouches for it; without it any trusted vendor’s serial fits'),
      model: text(200).optional(),
      port: z
        .union([port, z.array(port).min(1, { error: 'a port, or a list of 1–256' }).max(256, { error: 'a port, or a list of 1–256' })], {
          error: 'the name of a port, or a list of such',
        })
        .optional()
        .describe('Port of the gateway at which it belongs, or any of these; elsewhere, or without one, proof alone does not let it in'),
      mac: mac.optional().describe('Address that it has there; by itself it proves no place, for anybody can copy it'),
      zone: text(64).optional().describe('Zone of the settings where it belongs: shown elsewhere, it raises the alarm wrong-zone'),
      note: text(500).optional(),
      'added-by': text(200).optional(),
    },
    { error: 'an entry with serial or key' },
  )
  .refine(e => e.serial !== undefined || e.key !== undefined, { error: 'an entry with serial or key' });
export type ExpectedEntry = z.output<typeof expectedShape>;

const kind = field<KindFacts>();
const signs = z
  .strictObject({
    vendor: kind(anyOf(pattern, 'text or { contains: text }'), means.vendor, 'Vendor by the IEEE registry'),
    model: kind(anyOf(pattern, 'text or { contains: text }'), means.model, 'Model that it announced'),
    hostname: kind(anyOf(pattern, 'text or { contains: text }'), means.hostname, 'Host name that it announced'),
    vendorClass: kind(anyOf(pattern, 'text or { contains: text }'), means.vendorClass, 'DHCP vendor class (option 60)'),
    maker: kind(anyOf(pattern, 'text or { contains: text }'), means.maker, 'Who made it, as it says itself'),
    description: kind(anyOf(pattern, 'text or { contains: text }'), means.description, 'Free text about itself'),
    deviceKind: kind(anyOf(name, 'a kind'), means.deviceKind, 'What it says it is'),
    protocol: kind(anyOf(name, 'the name of a collector'), means.protocol, 'A protocol that it speaks, as collectors/index.ts names it'),
    service: kind(anyOf(service, 'a service such as tcp/502'), means.service, 'A service that it answers on'),
    macPrefix: kind(anyOf(macPrefix, 'the start of a MAC address such as 02:00:5e'), means.macPrefix, 'Start of the MAC address'),
  })
  .refine(w => Object.keys(w).length > 0, { error: 'at least one condition' });

/** One sign by which a kind is told, with where that is known from. */
export const fingerprintShape = z.strictObject(
  {
    kind: name,
    when: signs.describe('All must hold; a list means any of'),
    source: text(500).describe('Where this is known from'),
  },
  { error: 'an entry with kind, when and source' },
);
export type Fingerprint = z.output<typeof fingerprintShape>;

function orList(list: readonly string[]): string {
  return list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} or ${list.at(-1)}`;
}
function reasons(): [string, ...string[]] {
  const [first = '', ...rest] = reasonCodes;
  return [first, ...rest];
}
