import type { Hex } from '../model/address.ts';
import type { ReferenceSet } from '../model/trust.ts';
import type { Environment, ReferenceTriple } from '../codec/comid.ts';
import type { FlagName, Measurement } from '../codec/comid-values.ts';
import { DecodeError } from '../codec/reader.ts';

/** How measurements are written: the two profiles of PSA (draft-fdb-rats-psa-endorsements), or the draft's own plain way. */
export type Dialect = 'psa-1' | 'psa-2025' | 'plain';
export type Component = ReferenceSet['components'][number];
type Values = Pick<ReferenceSet, 'vendor' | 'model' | 'classId' | 'components'>;

/** Undefined for a profile that is not known. */
export function dialectOf(profile: string | undefined): Dialect | undefined {
  if (profile === undefined) return 'plain';
  if (profile === 'http://arm.com/psa/iot/1') return 'psa-1';
  return profile === 'tag:arm.com,2025:psa#1.0.0' ? 'psa-2025' : undefined;
}

/** Most sets that the alternatives of one class may make together. */
const maxSets = 256;

/**
 * Reference sets of reference triples (§5.1.5). A triple describes its environment completely: all that it lists must be measured, and nothing else. Triples
 * of one environment are alternatives. Environments of one class, its layers, belong together: a set is one alternative of each. Throws DecodeError.
 */
export function setsOf(triples: readonly ReferenceTriple[], dialect: Dialect): readonly Values[] {
  const classes = new Map<string, { readonly about: Omit<Values, 'components'>; readonly environments: Map<string, Component[][]> }>();
  for (const { environment, measurements } of triples) {
    const about = aboutOf(environment, dialect);
    const { layer, index } = environment.class ?? {};
    // What an environment leaves open, it leaves open in the Evidence too ("Environment Comparison"). No PSA component has a layer.
    const place = {
      ...(layer !== undefined ? { layer } : dialect === 'plain' ? { anyLayer: true as const } : {}),
      ...(index === undefined ? {} : { index }),
    };
    if (dialect !== 'plain' && (layer !== undefined || index !== undefined)) throw new DecodeError('it names a layer of a PSA class');
    const one = classes.get(JSON.stringify(about)) ?? { about, environments: new Map<string, Component[][]>() };
    classes.set(JSON.stringify(about), one);
    const where = JSON.stringify(place);
    const components = measurements.flatMap(m => componentsOf(m, dialect).map(c => ({ ...c, ...place, name: named(c, place) })));
    one.environments.set(where, joined(one.environments.get(where) ?? [], components));
  }
  return [...classes.values()].flatMap(({ about, environments }) =>
    combined([...environments.values()]).map(components => ({ ...about, components })),
  );
}

const named = (component: Component, { layer, index }: { readonly layer?: number; readonly index?: number }): string =>
  component.name !== '' ? component.name : `layer ${layer ?? '-'}${index === undefined ? '' : `.${index}`}`;

function aboutOf({ class: named, instance, hasGroup }: Environment, dialect: Dialect): Omit<Values, 'components'> {
  if (instance !== undefined || hasGroup) throw new DecodeError('it has reference values for one instance or a group of devices');
  const classId = classIdOf(named, dialect);
  const vendor = named?.vendor ?? '';
  const model = dialect === 'plain' ? (named?.model ?? classId) : classId;
  if (model === undefined) throw new DecodeError('it has reference values for a class without model and id');
  return { vendor, model, ...(classId === undefined ? {} : { classId }) };
}

/** The class as bytes. PSA knows its implementation id only, of 32 octets (RFC 9783 §4.2.2). */
export function classIdOf(named: Environment['class'], dialect: Dialect): Hex | undefined {
  const id = named?.id;
  if (dialect !== 'plain' && (id === undefined || (id.kind !== 'bytes' && id.kind !== 'psa-implementation') || id.value.length !== 64))
    throw new DecodeError('it names a PSA class by something else than an implementation id of 32 octets');
  return id?.value;
}

/** One more alternative. Alternatives that are one component each, and differ in their digests only, are versions of it. */
function joined(alternatives: readonly Component[][], added: Component[]): Component[][] {
  const [only, ...more] = added;
  if (only === undefined || more.length > 0) return [...alternatives, added];
  const same = alternatives.find(([first, ...others]) => first !== undefined && others.length === 0 && sameButDigests(first, only));
  if (same === undefined) return [...alternatives, added];
  return alternatives.map(one => (one === same ? one.map(c => ({ ...c, versions: [...c.versions, ...renamed(only, c)] })) : one));
}

const sameButDigests = (a: Component, b: Component): boolean =>
  JSON.stringify({ ...a, versions: [] }) === JSON.stringify({ ...b, versions: [] });

/** Versions are told apart by their names, since the digests of one of them belong together. */
function renamed({ versions }: Component, { versions: taken }: Component): Component['versions'] {
  const isTaken = versions.some(v => taken.some(t => t.version === v.version));
  const nth = new Set(taken.map(t => t.version)).size + 1;
  return isTaken ? versions.map(v => ({ ...v, version: `${v.version} (${nth})` })) : versions;
}

/** One alternative of each environment, in all ways. */
function combined(environments: readonly (readonly Component[][])[]): readonly Component[][] {
  return environments.reduce<readonly Component[][]>(
    (made, alternatives) => {
      if (made.length * alternatives.length > maxSets)
        throw new DecodeError(`its alternatives make more than ${maxSets} sets of one class`);
      return made.flatMap(before => alternatives.map(one => [...before, ...one]));
    },
    [[]],
  );
}

function componentsOf(measurement: Measurement, dialect: Dialect): readonly Component[] {
  const [unread] = measurement.unread;
  if (unread !== undefined) throw new DecodeError(`it demands what is not compared here: ${unread}`);
  switch (dialect) {
    case 'psa-1':
      return [firstPsa(measurement)];
    case 'psa-2025':
      return [secondPsa(measurement)];
    case 'plain':
      return plain(measurement);
  }
}

/** `http://arm.com/psa/iot/1`: label, version and signer stand in the key. */
function firstPsa({ key, digests, ...rest }: Measurement): Component {
  if (key?.kind !== 'psa') throw new DecodeError('it has a PSA measurement without refval-id');
  checkPlainPsa(rest);
  const { label, version, signer } = key;
  return psaComponent(label, version, signer, digests);
}

/** `tag:arm.com,2025:psa#1.0.0`: name, version and signer stand among the values. */
function secondPsa({ key, digests, name, version, signers, ...rest }: Measurement): Component {
  if (key?.kind !== 'text' || key.text !== 'psa.software-component')
    throw new DecodeError('it has a PSA measurement that is of no software component');
  const [signer, ...more] = signers;
  if (signer === undefined || more.length > 0) throw new DecodeError('it has a PSA software component without exactly one signer');
  checkPlainPsa({ ...rest, signers: [] });
  return psaComponent(name, version, signer, digests);
}

function checkPlainPsa({ svn, flags, raw, registers, signers, name, version }: Omit<Measurement, 'key' | 'digests' | 'unread'>): void {
  if (svn ?? raw ?? name ?? version ?? registers[0] ?? signers[0] ?? [...flags][0])
    throw new DecodeError('it has a PSA measurement with more than its profile allows');
}

function psaComponent(key: string | undefined, version: string | undefined, signer: Hex, digests: Measurement['digests']): Component {
  return { name: key ?? 'software component', ...(key === undefined ? {} : { key }), signer, versions: versionsOf(digests, version) };
}

function plain({ key, version, svn, digests, flags, raw, name, signers, registers }: Measurement): readonly Component[] {
  if (signers.length > 1) throw new DecodeError('it has a measurement with several signers');
  // DiceTcbInfo names no element of an environment, and there the key is absent here too.
  const element = key === undefined ? name : key.kind === 'psa' ? undefined : key.text;
  if (key?.kind === 'psa') throw new DecodeError('it has a measurement named as the PSA profile does, and no such profile');
  const stated = {
    ...(raw === undefined ? {} : { vendorInfo: raw.value }),
    ...(raw?.mask === undefined ? {} : { vendorInfoMask: raw.mask }),
    ...(flags.size === 0 ? {} : { flags: flagsOf(flags) }),
    ...(signers[0] === undefined ? {} : { signer: signers[0] }),
    ...(svn === undefined ? {} : svn.kind === 'exact' ? { svn: svn.value.toString() } : { minSvn: svn.value.toString() }),
  };
  if (digests.length === 0 && (registers.length === 0 || Object.keys(stated).length > 0))
    throw new DecodeError('it has a measurement without digest, and nothing else tells one firmware from another');
  const own = { name: name ?? element ?? '', ...(element === undefined ? {} : { key: element }), ...stated };
  return [
    ...(digests.length === 0 ? [] : [{ ...own, versions: versionsOf(digests, version) }]),
    ...registers.map(r => ({ name: `register ${r.name}`, key: `ir-${r.name}`, versions: versionsOf(r.digests, version) })),
  ];
}

/** Flags as DiceTcbInfo has them: two of the four are the other way round. */
function flagsOf(flags: ReadonlyMap<FlagName, boolean>): NonNullable<Component['flags']> {
  const foreign = [...flags.keys()].find(f => f !== 'configured' && f !== 'secure' && f !== 'recovery' && f !== 'debug');
  if (foreign !== undefined) throw new DecodeError(`it demands what is not compared here: flag ${foreign}`);
  const at = (name: FlagName, as: keyof NonNullable<Component['flags']>, negated: boolean) => {
    const value = flags.get(name);
    return value === undefined ? {} : { [as]: value !== negated };
  };
  return {
    ...at('configured', 'notConfigured', true),
    ...at('secure', 'notSecure', true),
    ...at('recovery', 'recovery', false),
    ...at('debug', 'debug', false),
  };
}

/** The digest decides; the version is what it is called. Truncated digests and algorithms of somebody's own are left out: they would match too much. */
function versionsOf(digests: Measurement['digests'], version: string | undefined): Component['versions'] {
  if (digests.length === 0) throw new DecodeError('it has a measurement without digest');
  const known = digests.filter(d => /^sha3?-(?:256|384|512)$/.test(d.alg));
  if (known.length === 0) throw new DecodeError(`it has a digest that is not compared here: ${digests[0]?.alg}`);
  return known.map(({ alg, value }) => ({ version: version ?? 'unnamed', alg, digest: value }));
}
