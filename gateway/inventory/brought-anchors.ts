import type { Hex, Millis } from '../model/address.ts';
import type { EventBody } from '../model/event.ts';
import type { AnchorCommand } from '../model/machine.ts';
import { personOf } from '../model/person.ts';
import { type AnchorMaterial, type BroughtAnchor, type ListedVerifier, stagedMs } from '../model/trust.ts';

/** Cap of what people bring. */
export const maxBrought = 256;
/** Verifiers among them: each costs a check of a signature for whatever calls itself an EAR. */
export const maxVerifiers = 16;

type Answer = { readonly events: readonly EventBody[] } | { readonly status: 400 | 404 | 409; readonly problem: string };
type Asker = { readonly by: string; readonly reason: string; readonly now: Millis };

/** The anchors and Verifiers that people brought: the fold of what they said. Files are no part of it. */
export class BroughtAnchors {
  /** By SHA-256 of the certificate; at most `maxBrought`, and only people's words make one. */
  readonly #anchors = new Map<Hex, BroughtAnchor>();

  static from(snapshot: readonly BroughtAnchor[] = []): BroughtAnchors {
    const brought = new BroughtAnchors();
    for (const one of snapshot) brought.#anchors.set(one.sha256, one);
    return brought;
  }

  all(): readonly BroughtAnchor[] {
    return [...this.#anchors.values()];
  }

  get(sha256: Hex): BroughtAnchor | undefined {
    return this.#anchors.get(sha256);
  }

  /** Those that count, each with who brought and who approved it. */
  inForce(): readonly AnchorMaterial[] {
    return this.all().flatMap(({ state, anchor, approved }) => {
      return state !== 'in-force' || approved === undefined || anchor === undefined ? [] : [approvedBy(anchor, approved.by)];
    });
  }

  verifiersInForce(): readonly ListedVerifier[] {
    return this.all().flatMap(({ state, verifier, approved }) =>
      state !== 'in-force' || approved === undefined || verifier === undefined ? [] : [approvedBy(verifier, approved.by)],
    );
  }

  apply(at: Millis, body: EventBody): void {
    if (body.kind === 'anchor-staged') {
      const { sha256, subject, anchor, by, reason } = body;
      if (this.#anchors.size < maxBrought) this.#anchors.set(sha256, { sha256, subject, anchor, state: 'staged', by, at, reason });
    } else if (body.kind === 'verifier-staged') {
      const { sha256, subject, verifier, by, reason } = body;
      if (this.#anchors.size < maxBrought) this.#anchors.set(sha256, { sha256, subject, verifier, state: 'staged', by, at, reason });
    } else if (body.kind === 'anchor-approved')
      this.#change(body.sha256, { state: 'in-force', approved: { by: body.by, at, reason: body.reason } });
    else if (body.kind === 'anchor-removed') this.#anchors.delete(body.sha256);
    else if (body.kind === 'anchor-expires') {
      const { anchor, verifier } = this.#anchors.get(body.sha256) ?? {};
      const { expires } = body;
      if (anchor !== undefined) this.#change(body.sha256, { anchor: { ...anchor, expires } });
      if (verifier !== undefined) this.#change(body.sha256, { verifier: { ...verifier, expires } });
    }
  }

  /** What a command does, as Events, or why it is refused. Taking trust away needs one person, giving it two. */
  command({ by, reason, now }: Asker, command: AnchorCommand): Answer {
    const { sha256 } = command;
    const found = this.#anchors.get(sha256);
    const refuse = (verb: string, why: string, status: 400 | 404 | 409 = 409): Answer => ({
      status,
      problem: `Cannot ${verb} ${command.kind === 'stage-verifier' || found?.verifier !== undefined ? 'Verifier' : 'anchor'} ${sha256.slice(0, 16)}: ${why}`,
    });
    if (command.kind === 'stage-anchor' || command.kind === 'stage-verifier') {
      const { name } = command.kind === 'stage-anchor' ? command.anchor : command.verifier;
      const twin = this.all().find(other => other.sha256 !== sha256 && materialOf(other)?.name === name);
      if (found !== undefined && !(found.state === 'staged' && now - found.at > stagedMs))
        return refuse(
          'stage',
          found.state === 'staged'
            ? 'it is staged already'
            : 'it is in force already; for other uses or limits, remove it and stage it anew',
        );
      if (twin !== undefined) return refuse('stage', `the name ${name} is taken by ${twin.sha256.slice(0, 16)}`);
      if (this.#anchors.size >= maxBrought) return refuse('stage', `there are ${maxBrought} already`);
      if (command.kind === 'stage-verifier' && this.all().filter(({ verifier }) => verifier !== undefined).length >= maxVerifiers)
        return refuse('stage', `there are ${maxVerifiers} Verifiers already`);
      const again: readonly EventBody[] = found === undefined ? [] : [{ kind: 'anchor-removed', sha256, by, reason: 'staged anew' }];
      const { subject } = command;
      const staged: EventBody =
        command.kind === 'stage-anchor'
          ? { kind: 'anchor-staged', sha256, subject, anchor: command.anchor, by, reason }
          : { kind: 'verifier-staged', sha256, subject, verifier: command.verifier, by, reason };
      return { events: [...again, staged] };
    }
    if (found === undefined)
      return refuse(verbs[command.kind], 'nobody brought one with that fingerprint; what stands in a file is changed there', 404);
    switch (command.kind) {
      case 'approve-anchor': {
        if (found.state !== 'staged') return refuse('approve', 'it is in force already');
        if (now - found.at > stagedMs) return refuse('approve', 'it was staged too long ago; stage it anew');
        if (personOf(found.by) === personOf(by)) return refuse('approve', `${found.by} brought it, and another person must approve it`);
        const { newlyAdmits, untold } = command;
        return { events: [{ kind: 'anchor-approved', sha256, newlyAdmits, untold, by, reason }] };
      }
      case 'remove-anchor':
        return { events: [{ kind: 'anchor-removed', sha256, by, reason }] };
      case 'expire-anchor':
        if (command.expires >= (materialOf(found)?.expires ?? Number.POSITIVE_INFINITY))
          return refuse(
            'expire',
            `it ends before that, at ${new Date(materialOf(found)?.expires ?? 0).toISOString()}; for longer, stage it anew`,
            400,
          );
        return { events: [{ kind: 'anchor-expires', sha256, expires: command.expires, by, reason }] };
    }
  }

  #change(sha256: Hex, change: Partial<BroughtAnchor>): void {
    const found = this.#anchors.get(sha256);
    if (found !== undefined) this.#anchors.set(sha256, { ...found, ...change });
  }
}

const materialOf = ({ anchor, verifier }: BroughtAnchor): AnchorMaterial | ListedVerifier | undefined => anchor ?? verifier;

const approvedBy = <T extends Pick<AnchorMaterial, 'provenance'>>(material: T, approver: string): T =>
  material.provenance === undefined ? material : { ...material, provenance: { ...material.provenance, approvedBy: approver } };

const verbs = { 'approve-anchor': 'approve', 'remove-anchor': 'remove', 'expire-anchor': 'expire' } as const;
