import type { Hex } from '../model/address.ts';
import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { bytesOf, type CborMap, type CborValue, decodeCbor, intOf, listOf, mapOf } from './cbor.ts';
import { DecodeError } from './reader.ts';
import { imageDigest } from './suit-digest.ts';

/** What the command sequences of a SUIT manifest set, read without running them (draft-ietf-suit-manifest §8.4.10). Throws DecodeError. */
export type SuitImages = {
  readonly vendorIds: readonly Hex[];
  readonly classIds: readonly Hex[];
  readonly images: ReadonlyMap<number, readonly Digest[]>;
  readonly isForSingleDevices: boolean;
};

const directives = {
  setIndex: 12,
  tryEach: 15,
  setParameters: 19,
  override: 20,
  runSequence: 32,
  overrideMultiple: 34,
  copyParameters: 35,
} as const;
/** Conditions and directives that set none of what is read here. A command that is not known may: then the manifest is not read. */
const harmless: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 11, 14, 18, 21, 22, 23, 24, 26, 27, 28, 29, 31, 33]);
const parameters = { vendorId: 1, classId: 2, imageDigest: 3, deviceId: 24 } as const;
/** Most commands of all sequences together, so that nesting costs no more than length. */
const maxCommands = 2048;
const maxNesting = 8;

/** Collects over the sequences whatever any way through them may set: each alternative of a try-each counts. */
export function imagesOf(sequences: readonly Uint8Array[], componentCount: number): SuitImages {
  const walk = new Walk(componentCount);
  for (const sequence of sequences) walk.run(sequence, walk.first(), 0);
  return {
    vendorIds: [...walk.vendorIds],
    classIds: [...walk.classIds],
    images: new Map([...walk.images].map(([index, digests]) => [index, [...digests.values()]])),
    isForSingleDevices: walk.isForSingleDevices,
  };
}

/** Indices that the commands are about now. */
type Selection = readonly number[];

class Walk {
  readonly vendorIds = new Set<Hex>();
  readonly classIds = new Set<Hex>();
  /** By component; digests by what they are, so that none is there twice. At most `maxCommands` in all. */
  readonly images = new Map<number, Map<string, Digest>>();
  isForSingleDevices = false;
  readonly #count: number;
  #commands = 0;

  constructor(componentCount: number) {
    this.#count = componentCount;
  }

  /** Each sequence begins at the first component. */
  first(): Selection {
    return [0];
  }

  run(bytes: Uint8Array, from: Selection, depth: number): void {
    if (depth > maxNesting) throw new DecodeError(`Cannot read SUIT sequence: nested deeper than ${maxNesting}`);
    const items = listOf(decodeCbor(bytes), 'SUIT sequence');
    if (items.length % 2 !== 0) throw new DecodeError('Cannot read SUIT sequence: a command without argument');
    let selected = from;
    for (let i = 0; i < items.length; i += 2) {
      if (++this.#commands > maxCommands) throw new DecodeError(`Cannot read SUIT manifest: more than ${maxCommands} commands`);
      const command = intOf(items[i], 'SUIT command');
      selected = this.#step(command, items[i + 1], selected, depth);
    }
  }

  #step(command: number, argument: CborValue, selected: Selection, depth: number): Selection {
    switch (command) {
      case directives.setIndex:
        return this.#selection(argument);
      case directives.tryEach:
        for (const one of listOf(argument, 'SUIT try-each')) if (one !== null) this.run(bytesOf(one, 'SUIT try-each'), selected, depth + 1);
        return selected;
      case directives.runSequence:
        this.run(bytesOf(argument, 'SUIT run-sequence'), selected, depth + 1);
        return selected;
      case directives.setParameters:
      case directives.override:
        this.#take(mapOf(argument, 'SUIT parameters'), selected);
        return selected;
      case directives.overrideMultiple:
        for (const [index, map] of mapOf(argument, 'SUIT parameters')) this.#take(mapOf(map, 'SUIT parameters'), [this.#index(index)]);
        return selected;
      case directives.copyParameters:
        this.#copy(mapOf(argument, 'SUIT copied parameters'), selected);
        return selected;
      default:
        if (!harmless.has(command)) throw new DecodeError(`Cannot read SUIT sequence: command ${command}`);
        return selected;
    }
  }

  #selection(value: CborValue): Selection {
    if (value === true) return Array.from({ length: this.#count }, (_, i) => i);
    return Array.isArray(value) ? listOf(value, 'SUIT component index').map(i => this.#index(i)) : [this.#index(value)];
  }

  /** Indices beyond the components are dependencies; their images are in another manifest. */
  #index(value: CborValue): number {
    const index = intOf(value, 'SUIT component index');
    if (index < 0) throw new DecodeError(`Cannot read SUIT component index: ${index}`);
    return index;
  }

  #take(map: CborMap, selected: Selection): void {
    const [vendor, named, image] = [map.get(parameters.vendorId), map.get(parameters.classId), map.get(parameters.imageDigest)];
    if (vendor !== undefined) this.vendorIds.add(hex(bytesOf(vendor, 'SUIT vendor-id', 1, 255)));
    if (named !== undefined) this.classIds.add(hex(bytesOf(named, 'SUIT class-id', 1, 255)));
    if (map.has(parameters.deviceId)) this.isForSingleDevices = true;
    if (image === undefined) return;
    const digest = imageDigest(image);
    for (const index of selected) this.#keep(index, digest);
  }

  /** `{ from: [parameters] }`: what any command set there may come here. */
  #copy(map: CborMap, selected: Selection): void {
    for (const [from, names] of map) {
      if (!listOf(names, 'SUIT copied parameters').includes(parameters.imageDigest)) continue;
      for (const digest of [...(this.images.get(this.#index(from))?.values() ?? [])])
        for (const index of selected) this.#keep(index, digest);
    }
  }

  #keep(index: number, digest: Digest): void {
    if (index >= this.#count) return;
    const known = this.images.get(index) ?? new Map<string, Digest>();
    this.images.set(index, known.set(`${digest.alg}:${digest.value}`, digest));
  }
}
