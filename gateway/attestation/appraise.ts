import type { Check, Digest } from '../model/attestation.ts';
import type { Assurance, AttestationStatus } from '../model/axes.ts';
import type { ReferenceSet } from '../model/trust.ts';
import { ar4si, statusOf, type Vector, worse } from './ar4si.ts';
import { Checks, quote } from './checks.ts';
import type { ChainClaims, MeasuredClaim, Verified } from './claims.ts';
import { deviceClassOf } from './device-class.ts';
import { isAt, isMatched, type Match, matchSet } from './match.ts';
import type { Appraisal } from './scheme.ts';
import type { Trust, Voucher } from './trust.ts';

/** The measured components of one vendor and model, and the reference sets that may judge them. */
type Class = {
  readonly vendor: string;
  readonly model: string;
  readonly claims: readonly MeasuredClaim[];
  /** Who named it, if a lower layer alone did so: the device is of another class. */
  readonly renamedBy?: string;
  readonly sets: readonly ReferenceSet[];
  /** The set that fits, else the one that fits best. */
  readonly match?: Match;
  /** A set that fits as well, but is accepted no more; told when none that is accepted fits. */
  readonly past?: ReferenceSet;
};

/** Of all that is claimed, what reference values are compared with. */
type Said = Pick<ChainClaims, 'anchor' | 'measured' | 'unappraised' | 'files'>;
/** What came of comparing them, the same each time. */
type Compared = Pick<Appraisal, 'digestsSeen' | 'digestsExpected' | 'referenceSets'> & {
  readonly checks: readonly Check[];
  readonly measured: readonly MeasuredClaim[];
  readonly hasAll: boolean;
};

/** Appraises what a verified chain claims: measured → reference → version → mode (DESIGN §7). Each step may only lower. */
export function appraiseChain(claims: Verified<ChainClaims>, { referenceSets: sets }: Trust, checks: Checks): Appraisal {
  const { checks: made, measured, hasAll, digestsSeen, digestsExpected, referenceSets } = comparedBefore(claims, sets);
  for (const check of made) checks.add(check);
  const vector = vectorOf(claims, measured, hasAll, checks);
  return {
    status: worse(statusOf(vector), capOf(checks)),
    // What a device says of itself by a key that may not attest measures nothing.
    assurance: assuranceOf(claims.isOwnWord ? [] : measured, hasAll, checks),
    vector,
    digestsSeen,
    digestsExpected,
    referenceSets,
  };
}

/** Comparisons by the measurements of known devices, for as long as these live. They follow from what is said and the sets alone: other sets, other comparison. */
const comparisons = new WeakMap<
  Said['measured'],
  { readonly said: Said; readonly sets: readonly ReferenceSet[]; readonly found: Compared }
>();

function comparedBefore(said: Said, sets: readonly ReferenceSet[]): Compared {
  const known = comparisons.get(said.measured);
  const { anchor, unappraised, files } = said;
  if (known?.sets === sets && known.said.anchor === anchor && known.said.unappraised === unappraised && known.said.files === files)
    return known.found;
  const found = compared(said, sets);
  comparisons.set(said.measured, { said, sets, found });
  return found;
}

function compared(said: Said, sets: readonly ReferenceSet[]): Compared {
  const checks = new Checks();
  const measured = distinct(said.measured).filter(c => c.digests.length > 0);
  const classes = classesOf(measured, said.anchor, sets);
  checkMeasured(measured, said, checks);
  const hasAll = measured.length > 0 && checkReference(classes, said.anchor, sets, checks);
  checkFiles(said.files, checks);
  if (hasAll) checkVersion(classes, checks);
  checkMode(said.measured, checks);
  return {
    checks: checks.made(),
    measured,
    hasAll,
    digestsSeen: measured.flatMap(c => c.digests).slice(0, 64),
    digestsExpected: digestsOf(classes),
    referenceSets: classes.flatMap(c => c.past?.id ?? c.match?.set.id ?? []).slice(0, 50),
  };
}

/** A chain may say the same thing twice; what differs in anything stands for itself. */
function distinct(claims: readonly MeasuredClaim[]): readonly MeasuredClaim[] {
  if (claims.length < 2) return claims;
  // What is the same in everything has the same first digest: claims that all differ in it need no closer look.
  const digests = new Set(claims.map(claim => claim.digests[0]?.value));
  if (digests.size === claims.length) return claims;
  const seen = new Map<string, MeasuredClaim>();
  for (const claim of claims) {
    const key = JSON.stringify({ ...claim, svn: claim.svn?.toString(), by: undefined });
    if (!seen.has(key)) seen.set(key, claim);
  }
  return [...seen.values()];
}

/** Groups by vendor and model. A layer that names none is of the class that the device has by the highest that names one. */
function classesOf(measured: readonly MeasuredClaim[], anchor: Voucher, sets: readonly ReferenceSet[]): readonly Class[] {
  const groups = new Map<string, { vendor: string; model: string; claims: MeasuredClaim[] }>();
  const device = deviceClassOf(measured);
  const modelOf = device.model ?? measured.find(c => c.model !== undefined)?.model ?? '';
  for (const claim of measured) {
    const [vendor, model] = [claim.vendor ?? device.vendor ?? '', claim.model ?? modelOf];
    const key = JSON.stringify([vendor, model]);
    const group = groups.get(key) ?? { vendor, model, claims: [] };
    group.claims.push(claim);
    groups.set(key, group);
  }
  return [...groups.values()].map(group => {
    const known = sets.filter(s => isAbout(s, group) && speaksFor(anchor, s));
    const usable = known.filter(s => s.standing === undefined);
    const matches = usable.map(set => matchSet(set, group.claims));
    // Of sets that fit alike, one whose floor is held counts before one whose is not.
    const match =
      matches.find(m => isMatched(m) && deniedBy(m) === undefined) ??
      matches.find(isMatched) ??
      matches.toSorted((a, b) => faults(a) - faults(b))[0];
    const isHeld = match !== undefined && isMatched(match);
    const past = isHeld ? undefined : known.find(s => s.standing !== undefined && isMatched(matchSet(s, group.claims)));
    const renamedBy = group.claims.every(device.isBelow) ? group.claims[0]?.by.name : undefined;
    return {
      ...group,
      ...(renamedBy === undefined ? {} : { renamedBy }),
      sets: usable,
      ...(match === undefined ? {} : { match }),
      ...(past === undefined ? {} : { past }),
    };
  });
}

/** A token that names no model is of the class that it names by bytes. */
const isAbout = (set: ReferenceSet, { vendor, model }: Pick<Class, 'vendor' | 'model'>): boolean =>
  set.vendor === vendor && (set.model === model || set.classId === model);

const faults = (match: Match): number => match.unknown.length + match.missing.length;

/** One vendor's CA must not vouch for another vendor's firmware: the set names the anchor's key, or the anchor's O is the vendor. */
const speaksFor = (anchor: Voucher, set: ReferenceSet): boolean =>
  set.anchors === undefined ? (anchor.vendor ?? '') === set.vendor : set.anchors.includes(anchor.keyHash);

function checkMeasured(measured: readonly MeasuredClaim[], { unappraised, files }: Said, checks: Checks): void {
  const what = measured.map(describe).join('; ');
  if (unappraised.length > 0)
    checks.warn('measured', 'NO_MEASUREMENTS', `it carries measurements that we cannot appraise yet: ${unappraised.join(', ')}`);
  else if (measured.length === 0) checks.warn('measured', 'NO_MEASUREMENTS', 'its certificates name no firmware digest');
  else {
    const ran = files === undefined ? '' : `; ${files.count} entries of files that it ran`;
    checks.pass('measured', `${measured.length} measured${ran}`, { seen: what });
  }
}

/** Firmware as it should be does not help who ran a file that may not be. */
function checkFiles(files: ChainClaims['files'], checks: Checks): void {
  if (files?.odd === undefined) return;
  const { code, at, expected, seen } = files.odd;
  const what =
    code === 'FILE_VIOLATION' ? 'is of a file that changed while it was measured, not excluded by' : 'is of a file that is not in the list';
  checks.fail('reference', code, `entry ${at} of what it ran ${what} ${quote(files.list)}`, { expected, seen });
}

/** False when reference values are missing or unequal. */
function checkReference(classes: readonly Class[], anchor: Voucher, sets: readonly ReferenceSet[], checks: Checks): boolean {
  const past = classes.find(c => c.past !== undefined)?.past;
  if (past !== undefined) return checkPast(past, checks);
  for (const { model, match, claims } of classes) {
    if (match !== undefined && !isMatched(match)) {
      const odd = match.unknown[0];
      const missing = match.missing[0];
      const detail =
        odd === undefined ? `${quote(missing?.name ?? '')} is not measured` : `a digest is in no reference value for ${quote(model)}`;
      const seen = odd === undefined ? claims.map(describe).join('; ') : describe(odd);
      checks.fail('reference', 'DIGEST_UNKNOWN', detail, { expected: expectedFor(match, odd), seen });
      return false;
    }
  }
  const bare = classes.find(c => c.match === undefined);
  if (bare !== undefined) {
    const elsewhere = sets.some(s => s.standing === undefined && isAbout(s, bare));
    const why = elsewhere ? `; those that exist do not name the anchor ${anchor.name}` : '';
    checks.warn('reference', 'REFERENCE_MISSING', `no reference values for ${quote(bare.vendor)} ${quote(bare.model)}${why}`, {
      seen: bare.claims.map(describe).join('; '),
    });
    return false;
  }
  const renamed = classes.find(c => c.renamedBy !== undefined && c.match?.set.anchors?.includes(anchor.keyHash) !== true);
  if (renamed !== undefined) {
    const device = classes.find(c => c.renamedBy === undefined);
    checks.warn(
      'reference',
      'IDENTITY_MISMATCH',
      `a lower layer is named ${quote(renamed.vendor)} ${quote(renamed.model)}, by ${quote(renamed.renamedBy ?? '')}, and those reference values do not name the anchor ${anchor.name}`,
      {
        expected: `${quote(device?.vendor ?? '')} ${quote(device?.model ?? '')}, as the layers above say`,
        seen: `${quote(renamed.vendor)} ${quote(renamed.model)}`,
      },
    );
    return false;
  }
  const names = classes.flatMap(c => (c.match?.pairs ?? []).map(p => `${p.component.name} ${p.version}`));
  checks.pass('reference', names.join(', '), { seen: classes.flatMap(c => c.claims.map(describe)).join('; ') });
  return true;
}

/** What is measured was good once, and is not accepted any more. That the signer's time has run out says nothing against the device. */
function checkPast({ id, standing, notAfter }: ReferenceSet, checks: Checks): false {
  if (standing === 'revoked')
    checks.fail('reference', 'REFERENCE_REVOKED', `it measures what ${quote(id)} lists, which was revoked`, {
      expected: 'firmware that is not revoked',
      seen: id,
    });
  else if (standing === 'superseded')
    checks.fail('reference', 'VERSION_DENIED', `it measures what ${quote(id)} lists, which a newer one replaced`, {
      expected: 'firmware of reference values in force',
      seen: id,
    });
  else {
    const when = notAfter === undefined ? '' : ` on ${new Date(notAfter).toISOString().slice(0, 10)}`;
    checks.warn('reference', 'REFERENCE_MISSING', `the reference values that it matches, ${quote(id)}, ended${when}`);
  }
  return false;
}

/** Rollback floor, and the exact security version where one is asked for. */
function checkVersion(classes: readonly Class[], checks: Checks): void {
  const floors: string[] = [];
  for (const { match } of classes) {
    if (match === undefined) continue;
    const denied = deniedBy(match);
    if (denied !== undefined)
      return checks.fail('version', 'VERSION_DENIED', 'its security version is not one that is accepted', {
        expected: denied.expected,
        seen: denied.seen === undefined ? 'none' : denied.seen.toString(),
      });
    floors.push(...match.pairs.flatMap(p => floorOf(match, p)?.text ?? []));
  }
  checks.pass('version', floors.length === 0 ? 'the reference values set no floor' : floors.join(', '));
}

type Pair = Match['pairs'][number];

/** What is asked of one component: its own floor or exact version, else the set's floor if the component states a version at all. */
function floorOf({ set }: Match, { claim, component }: Pair) {
  const { svn } = claim;
  if (component.svn !== undefined)
    return { isHeld: svn === BigInt(component.svn), expected: `exactly ${component.svn}`, text: `${component.name} ${svn}` };
  const floor = component.minSvn ?? (svn === undefined ? undefined : set.minSvn);
  if (floor === undefined) return undefined;
  const isHeld = svn !== undefined && svn >= BigInt(floor);
  return { isHeld, expected: `at least ${floor}`, text: `${component.name} ${svn} ≥ ${floor}` };
}

/** The first version that is too low, or another than the one that is accepted. */
function deniedBy(match: Match): { readonly expected: string; readonly seen: bigint | undefined } | undefined {
  const common = match.set.minSvn;
  if (common !== undefined && match.pairs.every(p => p.claim.svn === undefined)) return { expected: `at least ${common}`, seen: undefined };
  for (const pair of match.pairs) {
    const floor = floorOf(match, pair);
    if (floor !== undefined && !floor.isHeld) return { expected: floor.expected, seen: pair.claim.svn };
  }
  return undefined;
}

function checkMode(claims: readonly MeasuredClaim[], checks: Checks): void {
  const flagged = claims.flatMap(c => (c.flags === undefined ? [] : [c.flags]));
  const names = (['debug', 'recovery', 'notSecure'] as const).filter(name => flagged.some(f => f[name]));
  if (names.length > 0)
    checks.fail('mode', 'DEBUG_ENABLED', `its measurements say ${names.join(', ')}`, { expected: 'no such flag', seen: names.join(', ') });
  else if (flagged.some(f => f.notConfigured))
    checks.warn('mode', 'DEBUG_ENABLED', 'its measurements say notConfigured', { seen: 'notConfigured' });
  else if (flagged.length > 0) checks.pass('mode', 'neither debug nor recovery nor notSecure');
  else checks.skip('mode', 'its measurements have no mode flags');
}

function vectorOf(
  claims: Said & Pick<ChainClaims, 'isOwnWord'>,
  measured: readonly MeasuredClaim[],
  hasAll: boolean,
  checks: Checks,
): Vector {
  const { isOwnWord, unappraised } = claims;
  const bad = checks.outcomeOf('reference') === 'failed' || checks.outcomeOf('version') === 'failed';
  const executables = bad
    ? ar4si.contraindicated
    : hasAll && unappraised.length === 0 && !isOwnWord
      ? ar4si.approvedExecutables
      : measured.length === 0
        ? ar4si.noClaim
        : ar4si.unrecognisedExecutables;
  const mode = checks.outcomeOf('mode');
  const configuration =
    mode === 'failed'
      ? ar4si.contraindicated
      : mode === 'warned'
        ? ar4si.unsafeConfiguration
        : mode === 'passed' && !isOwnWord
          ? ar4si.approvedConfiguration
          : ar4si.noClaim;
  return { 'instance-identity': ar4si.recognised, executables, configuration };
}

/** Identity alone is affirming in AR4SI, but is not enough to admit: a warning caps the status. */
const capOf = (checks: Checks): AttestationStatus => (checks.failed ? 'contraindicated' : checks.reason === undefined ? 'none' : 'warning');

function assuranceOf(measured: readonly MeasuredClaim[], hasAll: boolean, checks: Checks): Assurance {
  if (checks.failed || measured.length === 0) return 3;
  return hasAll && checks.reason === undefined ? 5 : 4;
}

const digestsOf = (classes: readonly Class[]): readonly Digest[] =>
  classes.flatMap(c => (c.match?.set.components ?? []).flatMap(k => k.versions.map(v => ({ alg: v.alg, value: v.digest })))).slice(0, 64);

const where = ({ layer, key }: Pick<MeasuredClaim, 'layer' | 'key'>): string =>
  `${layer === undefined ? 'no layer' : `layer ${layer}`}${key === undefined ? '' : ` ${quote(key)}`}`;
function describe(claim: MeasuredClaim): string {
  const version = claim.version === undefined ? '' : ` ${quote(claim.version)}`;
  return `${where(claim)}${version} ${claim.digests.map(d => `${d.alg}:${d.value}`).join(' ')}`;
}

/** The reference values that would have been accepted for the odd claim, or the component that is missing. */
function expectedFor(match: Match, odd: MeasuredClaim | undefined): string {
  const components = odd === undefined ? match.missing.slice(0, 1) : match.set.components.filter(c => isAt(odd, c) && c.key === odd.key);
  const values = components.flatMap(c => c.versions.map(v => `${c.name} ${v.version} ${v.alg}:${v.digest}`));
  if (values.length === 0) return `nothing at ${where(odd ?? {})}`;
  return values.length <= 6 ? values.join('; ') : `${values.slice(0, 6).join('; ')}; and ${values.length - 6} more`;
}
