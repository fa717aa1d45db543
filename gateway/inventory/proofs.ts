import type { DeviceId, Hex, Mac, Millis } from '../model/address.ts';
import type { AttestedIdentity } from '../model/attestation.ts';

/** That somebody attested from a hardware address, and as whom. `at`: when that was last verified. Authenticated, all of it. */
export type Proof = {
  readonly mac: Mac;
  readonly device: DeviceId;
  readonly at: Millis;
  readonly deviceKey: Hex;
  readonly serial?: string;
  readonly vendor?: string;
  readonly model?: string;
};

/**
 * Kept proofs, the oldest verified gives way; and addresses that one device key may be remembered with. To be remembered at all takes a chain up to an
 * anchor of ours, so no flood of made-up addresses gets here. A proof has no age: time makes nobody unable to attest.
 */
export const maxProofs = 20_000;
export const maxMacsOfKey = 8;

const classKey = (vendor: string, model: string): string => JSON.stringify([vendor.toLowerCase(), model.toLowerCase()]);

/** Who once attested. It outlives the device records, so that being forgotten, moved or copied to another VLAN makes nobody a newcomer. */
export class Proofs {
  readonly #byMac = new Map<Mac, Proof>();
  /** As many entries as `#byMac` has. */
  readonly #byKey = new Map<Hex, Set<Mac>>();
  readonly #bySerial = new Map<string, Set<Mac>>();
  readonly #byClass = new Map<string, Set<Mac>>();

  static from(proofs: readonly Proof[]): Proofs {
    const made = new Proofs();
    for (const proof of proofs.slice(-maxProofs)) made.#put(proof);
    return made;
  }

  snapshot(): readonly Proof[] {
    return [...this.#byMac.values()];
  }

  get size(): number {
    return this.#byMac.size;
  }

  of(mac: Mac): Proof | undefined {
    return this.#byMac.get(mac);
  }

  /** A proof with this serial; the serial that is asked for may be anybody's word. */
  withSerial(serial: string): Proof | undefined {
    return this.#first(this.#bySerial.get(serial));
  }

  /** A proof of another address by a device of this vendor and model; upper and lower case are alike. */
  ofClass(vendor: string, model: string, except: Mac): Proof | undefined {
    return this.#first(this.#byClass.get(classKey(vendor, model)), except);
  }

  /** Authentic Evidence came from the address. */
  note(mac: Mac, device: DeviceId, { deviceKey, serial, vendor, model }: AttestedIdentity, at: Millis): void {
    const proof = {
      mac,
      device,
      at,
      deviceKey,
      ...(serial === undefined ? {} : { serial }),
      ...(vendor === undefined ? {} : { vendor }),
      ...(model === undefined ? {} : { model }),
    };
    this.#drop(mac);
    const macs = this.#byKey.get(deviceKey);
    const [eldest] = macs ?? [];
    if (macs !== undefined && macs.size >= maxMacsOfKey && eldest !== undefined) this.#drop(eldest);
    if (this.#byMac.size >= maxProofs) for (const oldest of [...this.#byMac.keys()].slice(0, 1)) this.#drop(oldest);
    this.#put(proof);
  }

  #put(proof: Proof): void {
    this.#byMac.set(proof.mac, proof);
    for (const [index, key] of indexed(proof, this.#byKey, this.#bySerial, this.#byClass)) {
      const macs = index.get(key);
      if (macs === undefined) index.set(key, new Set([proof.mac]));
      else macs.add(proof.mac);
    }
  }

  #drop(mac: Mac): void {
    const proof = this.#byMac.get(mac);
    if (proof === undefined) return;
    this.#byMac.delete(mac);
    for (const [index, key] of indexed(proof, this.#byKey, this.#bySerial, this.#byClass)) {
      const macs = index.get(key);
      macs?.delete(mac);
      if (macs?.size === 0) index.delete(key);
    }
  }

  #first(macs: ReadonlySet<Mac> | undefined, except?: Mac): Proof | undefined {
    for (const mac of macs ?? []) if (mac !== except) return this.#byMac.get(mac);
    return undefined;
  }
}

type Index = Map<string, Set<Mac>>;

/** Where a proof is found besides its address. */
const indexed = (
  { deviceKey, serial, vendor, model }: Proof,
  byKey: Index,
  bySerial: Index,
  byClass: Index,
): readonly [Index, string][] => [
  [byKey, deviceKey],
  ...(serial === undefined ? [] : [[bySerial, serial] satisfies [Index, string]]),
  ...(vendor === undefined || model === undefined ? [] : [[byClass, classKey(vendor, model)] satisfies [Index, string]]),
];
