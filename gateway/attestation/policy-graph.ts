import { inhibitAnyPolicy, policyConstraints, policyMappings } from '../codec/x509-constraints.ts';
import { extensionOids } from '../codec/x509-extension.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';
import type { Work } from './work.ts';

/** What is asked of certificate policies (RFC 5280 §6.1.1 c, e, f, g). `acceptable` absent: any policy will do. */
export type PolicyInput = {
  readonly acceptable?: readonly string[];
  readonly requireExplicit: boolean;
  readonly inhibitMapping: boolean;
  readonly inhibitAny: boolean;
};
/** Nothing is asked: policies bite only where a CA of the path says so. */
export const anyPolicies: PolicyInput = { requireExplicit: false, inhibitMapping: false, inhibitAny: false };

const anyPolicy = '2.5.29.32.0';

/** A node of the graph of RFC 9618 §5.1; one for each policy and depth, so the graph grows with the certificates and not with the paths through it. */
type Node = { readonly policy: string; readonly parents: readonly Node[]; expected: ReadonlySet<string> };
type Level = ReadonlyMap<string, Node>;

/** Policies of one path, from the anchor downwards: RFC 5280 §6.1 with the graph of RFC 9618 in place of the tree. */
export class PolicyRules {
  readonly #input: PolicyInput;
  readonly #work: Work;
  /** One for each certificate so far, and one for the anchor. Undefined: the graph is NULL. */
  #levels: Level[] | undefined = [new Map([[anyPolicy, { policy: anyPolicy, parents: [], expected: new Set([anyPolicy]) }]])];
  #explicit: number;
  #mapping: number;
  #any: number;

  /** `length` is how many certificates the path has, the anchor not counted. */
  constructor(input: PolicyInput, length: number, work: Work) {
    this.#input = input;
    this.#work = work;
    this.#explicit = input.requireExplicit ? 0 : length + 1;
    this.#mapping = input.inhibitMapping ? 0 : length + 1;
    this.#any = input.inhibitAny ? 0 : length + 1;
  }

  /** §6.1.3 d to f. Throws EvidenceError POLICY_NOT_PERMITTED. */
  check(certificate: Certificate, isSelfIssued: boolean, isLast: boolean): void {
    const above = this.#levels?.at(-1);
    if (above !== undefined) {
      const policies = certificate.policies;
      if (policies.length === 0) this.#levels = undefined;
      else {
        const anyCounts = policies.includes(anyPolicy) && (this.#any > 0 || (isSelfIssued && !isLast));
        this.#levels?.push(this.#next(above, policies, anyCounts));
        this.#prune();
      }
    }
    if (this.#explicit === 0 && this.#levels === undefined) throw notPermitted(certificate);
  }

  /** §6.1.4 a, b, h to j: what a CA says of those below it. Throws DecodeError or EvidenceError. */
  prepare(certificate: Certificate, isSelfIssued: boolean): void {
    const mappings = valueOf(certificate, extensionOids.policyMappings, policyMappings) ?? [];
    if (mappings.some(m => m.issuer === anyPolicy || m.subject === anyPolicy)) throw notPermitted(certificate);
    if (mappings.length > 0) this.#map(Map.groupBy(mappings, m => m.issuer));
    if (!isSelfIssued) {
      this.#explicit = Math.max(0, this.#explicit - 1);
      this.#mapping = Math.max(0, this.#mapping - 1);
      this.#any = Math.max(0, this.#any - 1);
    }
    this.constrain(certificate);
  }

  /** policyConstraints and inhibitAnyPolicy of a CA, or of the anchor (RFC 5937 §3.2). */
  constrain(certificate: Certificate): void {
    const { explicit, mapping, any } = readPolicyConstraints(certificate);
    this.#explicit = Math.min(this.#explicit, explicit);
    this.#mapping = Math.min(this.#mapping, mapping);
    this.#any = Math.min(this.#any, any);
  }

  /** §6.1.5 a, b, g, after the last certificate: whether what stands is what is asked for. Throws EvidenceError POLICY_NOT_PERMITTED. */
  finish(leaf: Certificate): void {
    if (this.#explicit > 1 && readPolicyConstraints(leaf).explicit !== 0) return;
    const { acceptable } = this.#input;
    const granted = this.#granted();
    if (
      granted.size > 0 &&
      (acceptable === undefined || acceptable.includes(anyPolicy) || granted.has(anyPolicy) || acceptable.some(p => granted.has(p)))
    )
      return;
    throw notPermitted(leaf);
  }

  /** §6.1.3 d 1 and 2. */
  #next(above: Level, policies: readonly string[], anyCounts: boolean): Map<string, Node> {
    const next = new Map<string, Node>();
    const node = (policy: string, parents: readonly Node[]): unknown => next.set(policy, { policy, parents, expected: new Set([policy]) });
    const whoExpect = (policy: string): readonly Node[] => {
      this.#work.spend('comparisons', above.size);
      return [...above.values()].filter(n => n.expected.has(policy));
    };
    const wild = above.get(anyPolicy);
    for (const policy of policies) {
      if (policy === anyPolicy) continue;
      const parents = whoExpect(policy);
      if (parents.length > 0) node(policy, parents);
      else if (wild !== undefined) node(policy, [wild]);
    }
    if (anyCounts)
      for (const policy of new Set([...above.values()].flatMap(n => [...n.expected])))
        if (!next.has(policy)) node(policy, whoExpect(policy));
    return next;
  }

  /** §6.1.4 b: the names by which the subject of this CA knows the policies of its issuer. */
  #map(mappings: ReadonlyMap<string, readonly { readonly subject: string }[]>): void {
    const level = this.#levels?.at(-1);
    if (this.#levels === undefined || level === undefined) return;
    const next = new Map(level);
    const wild = level.get(anyPolicy);
    for (const [issuer, to] of mappings) {
      const expected = new Set(to.map(m => m.subject));
      const known = level.get(issuer);
      if (this.#mapping === 0) next.delete(issuer);
      else if (known !== undefined) known.expected = expected;
      else if (wild !== undefined) next.set(issuer, { policy: issuer, parents: wild.parents, expected });
    }
    this.#levels[this.#levels.length - 1] = next;
    this.#prune();
  }

  /** Takes away what leads nowhere; a graph without a last level is NULL. */
  #prune(): void {
    const levels = this.#levels;
    if (levels === undefined) return;
    for (let depth = levels.length - 1; depth > 0; depth--) {
      const children = [...(levels[depth]?.values() ?? [])];
      this.#work.spend('comparisons', children.length);
      const alive = new Set(children.flatMap(n => n.parents));
      levels[depth - 1] = new Map([...(levels[depth - 1] ?? [])].filter(([, n]) => alive.has(n)));
    }
    if (levels.at(-1)?.size === 0) this.#levels = undefined;
  }

  /** Policies of the anchor's domain that the whole path has; anyPolicy among them when it has all. */
  #granted(): ReadonlySet<string> {
    const levels = this.#levels ?? [];
    const granted = new Set(
      levels
        .flatMap(level => [...level.values()])
        .flatMap(n => (n.policy !== anyPolicy && n.parents.some(p => p.policy === anyPolicy) ? [n.policy] : [])),
    );
    return levels.at(-1)?.has(anyPolicy) === true ? granted.add(anyPolicy) : granted;
  }
}

/** How many more certificates each rule leaves alone; Infinity where there is no such rule. Throws DecodeError. */
export function readPolicyConstraints(certificate: Certificate): {
  readonly explicit: number;
  readonly mapping: number;
  readonly any: number;
} {
  const constraints = valueOf(certificate, extensionOids.policyConstraints, policyConstraints);
  return {
    explicit: constraints?.requireExplicitPolicy ?? Number.POSITIVE_INFINITY,
    mapping: constraints?.inhibitPolicyMapping ?? Number.POSITIVE_INFINITY,
    any: valueOf(certificate, extensionOids.inhibitAnyPolicy, inhibitAnyPolicy) ?? Number.POSITIVE_INFINITY,
  };
}

function valueOf<T>(certificate: Certificate, oid: string, decode: (value: Uint8Array) => T): T | undefined {
  const extension = certificate.extensions.find(e => e.oid === oid);
  return extension === undefined ? undefined : decode(extension.value);
}

const notPermitted = (certificate: Certificate): EvidenceError =>
  new EvidenceError(
    'POLICY_NOT_PERMITTED',
    'chain',
    `Cannot accept ${certificate.subject.text}: its path has no certificate policy that is asked for`,
  );
