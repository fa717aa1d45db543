import { describe, expect, it } from 'vitest';
import { BroughtAnchors, maxBrought, maxVerifiers } from '../../gateway/inventory/brought-anchors.ts';
import { stagedMs } from '../../gateway/model/trust.ts';
import type { AnchorCommand } from '../../gateway/model/machine.ts';
import type { BroughtAnchor } from '../../gateway/model/trust.ts';
import { personOf } from '../../gateway/model/person.ts';

const day = 86_400_000;
const anchor = { name: 'acme', certificate: 'MAA=', provenance: { source: 'their site', by: 'ann', when: '2026-03-01' } };
const stage = (sha256 = 'aa', name = 'acme'): AnchorCommand => ({
  kind: 'stage-anchor',
  sha256,
  subject: 'O=Acme',
  anchor: { ...anchor, name },
});
const approve = (sha256 = 'aa'): AnchorCommand => ({ kind: 'approve-anchor', sha256, newlyAdmits: 2, untold: 0 });

/** Runs a command of a person and folds what it does; the problem, or nothing. */
function world() {
  const brought = new BroughtAnchors();
  let at = 1_000_000;
  const say = (by: string, command: AnchorCommand): string | undefined => {
    const answer = brought.command({ by, reason: 'because', now: at }, command);
    if ('problem' in answer) return answer.problem;
    for (const event of answer.events) brought.apply(at, event);
    return undefined;
  };
  return { brought, say, pass: (ms: number) => (at += ms) };
}

describe('a trust anchor that a person brings', () => {
  it('counts only when another person has approved it, and says who did', () => {
    const { brought, say } = world();
    expect(say('ann', stage())).toBeUndefined();
    expect(brought.inForce()).toEqual([]);
    expect(say('ann', approve())).toContain('another person must approve it');
    expect(brought.inForce()).toEqual([]);
    expect(say('bob', approve())).toBeUndefined();
    expect(brought.inForce()).toMatchObject([{ name: 'acme', provenance: { by: 'ann', approvedBy: 'bob' } }]);
    expect(brought.get('aa')).toMatchObject({ state: 'in-force', by: 'ann', approved: { by: 'bob', reason: 'because' } });
  });
  it('counts two persons for another Verifier too, and takes so many of them', () => {
    const { brought, say } = world();
    const verifier = (n: number): AnchorCommand => ({
      kind: 'stage-verifier',
      sha256: `b${n}`,
      subject: 'key of another Verifier',
      verifier: { name: `plant-${n}`, spki: 'MAA=', most: 'warning', maxAgeSeconds: 600, provenance: anchor.provenance },
    });
    expect(say('ann', verifier(0))).toBeUndefined();
    expect(say('ann', approve('b0'))).toContain('Cannot approve Verifier b0: ann brought it, and another person must approve it');
    expect(brought.verifiersInForce()).toEqual([]);
    expect(say('bob', approve('b0'))).toBeUndefined();
    expect([brought.inForce(), brought.verifiersInForce()]).toMatchObject([[], [{ name: 'plant-0', provenance: { approvedBy: 'bob' } }]]);
    expect(say('ann', { kind: 'expire-anchor', sha256: 'b0', expires: 5 })).toBeUndefined();
    expect(brought.verifiersInForce()).toMatchObject([{ expires: 5 }]);
    expect(BroughtAnchors.from(JSON.parse(JSON.stringify(brought.all())) as BroughtAnchor[]).verifiersInForce()).toEqual(
      brought.verifiersInForce(),
    );
    // An anchor may not take its name, nor it that of an anchor.
    expect(say('ann', stage('cc', 'plant-0'))).toContain('the name plant-0 is taken');
    for (let n = 1; n < 40; n += 1) say('ann', verifier(n));
    expect(brought.all()).toHaveLength(maxVerifiers);
    expect(say('ann', verifier(99))).toContain(`there are ${maxVerifiers} Verifiers already`);
    expect(say('carl', { kind: 'remove-anchor', sha256: 'b0' })).toBeUndefined();
    expect(brought.verifiersInForce()).toEqual([]);
  });
  it('is not approved by the same person under the other name that he has on the command line', () => {
    const { say } = world();
    say('ann', stage());
    for (const by of ['local:ann', 'local:Ann', 'ANN']) expect(say(by, approve()), by).toContain('another person');
    expect(personOf('local:Ann')).toBe(personOf('ann'));
    expect(say('local:root', approve())).toBeUndefined();
  });
  it('is taken away by one person, at once', () => {
    const { brought, say } = world();
    say('ann', stage());
    say('bob', approve());
    expect(say('carl', { kind: 'remove-anchor', sha256: 'aa' })).toBeUndefined();
    expect(brought.all()).toEqual([]);
    expect(say('carl', { kind: 'remove-anchor', sha256: 'aa' })).toContain('nobody brought one');
  });
  it('ends sooner on one person’s word, later on nobody’s', () => {
    const { brought, say } = world();
    say('ann', stage());
    say('bob', approve());
    const ends = (expires: number): string | undefined => say('carl', { kind: 'expire-anchor', sha256: 'aa', expires });
    expect(ends(9 * day)).toBeUndefined();
    expect(ends(5 * day)).toBeUndefined();
    expect(ends(6 * day)).toContain('it ends before that');
    expect(brought.inForce()).toMatchObject([{ expires: 5 * day }]);
  });
  it('that waited too long is approved by nobody, and may be staged anew', () => {
    const { say, pass } = world();
    say('ann', stage());
    expect(say('bob', stage())).toContain('it is staged already');
    pass(stagedMs + 1);
    expect(say('bob', approve())).toContain('staged too long ago');
    expect(say('bob', stage())).toBeUndefined();
    expect(say('bob', approve())).toContain('another person');
    expect(say('ann', approve())).toBeUndefined();
  });
  it('does not take the name of another, and nobody brings more than there is room for', () => {
    const { brought, say } = world();
    say('ann', stage());
    expect(say('ann', stage('bb', 'acme'))).toContain('the name acme is taken');
    for (let n = 0; n < 300; n++) say('ann', stage(`h${n}`, `n${n}`));
    expect(brought.all()).toHaveLength(maxBrought);
    expect(say('ann', stage('zz', 'zz'))).toContain(`there are ${maxBrought} already`);
  });
  it('is the same after a restart', () => {
    const { brought, say } = world();
    say('ann', stage());
    say('bob', approve());
    expect(BroughtAnchors.from(structuredClone(brought.all())).inForce()).toEqual(brought.inForce());
    expect(BroughtAnchors.from().all()).toEqual([]);
  });
});
