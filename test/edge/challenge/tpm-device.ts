import { createHash, type KeyObject } from 'node:crypto';
import type { ListedKey, ReferenceSet } from '../../../gateway/model/trust.ts';
import { decodeTpmPublic } from '../../../gateway/codec/tpm-public.ts';
import { publicKeyOf, spkiOf } from '../../../gateway/attestation/tpm/keys.ts';
import { base64 } from '../../attestation/world.ts';
import { boot, model } from '../../attestation/tpm/world.ts';
import { pcrsAfter } from '../../vectors/soft-tpm.ts';
import { Swtpm } from '../../vectors/swtpm.ts';

/** A device with a TPM of other people (swtpm), that has booted as it should, and how a person listed its attestation key. */
export class TpmDevice {
  readonly tpm: Swtpm;
  readonly akKey: KeyObject;
  readonly #spki: Uint8Array;

  private constructor(tpm: Swtpm, akKey: KeyObject) {
    this.tpm = tpm;
    this.akKey = akKey;
    this.#spki = spkiOf(akKey);
  }

  static async make(): Promise<TpmDevice> {
    const tpm = Swtpm.make();
    await tpm.start();
    const { akPublic } = tpm.makeKeys(['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa']);
    const device = new TpmDevice(tpm, publicKeyOf(decodeTpmPublic(akPublic)));
    device.boots();
    return device;
  }

  /** One that another process made: its keys lie in its folder. */
  static at(folder: string): TpmDevice {
    const tpm = Swtpm.at(folder);
    return new TpmDevice(tpm, publicKeyOf(decodeTpmPublic(tpm.read('ak.pub'))));
  }

  boots(): void {
    for (const event of boot)
      this.tpm.extend(
        event.pcr,
        createHash('sha256')
          .update(event.measured ?? event.data)
          .digest(),
      );
  }

  listedAs(instance: string): ListedKey {
    return { instance, spki: base64(this.#spki), vendor: 'Acme Edge', model };
  }

  /** A quote with the PCR file as tpm2-tools write it. */
  quote(selection: string, nonce: Uint8Array): { readonly quote: Uint8Array; readonly signature: Uint8Array; readonly blob: Uint8Array } {
    const out = ['-m', 'q.msg', '-s', 'q.sig', '-o', 'q.pcrs'];
    this.tpm.run('tpm2_quote', ['-c', 'ak.ctx', '-l', selection, '-q', Buffer.from(nonce).toString('hex'), '-g', 'sha256', ...out]);
    this.tpm.flush();
    return { quote: this.tpm.read('q.msg'), signature: this.tpm.read('q.sig'), blob: this.tpm.read('q.pcrs') };
  }
}

/** Reference values by whole PCRs: what the boot above leads to. */
export const bootSet: ReferenceSet = {
  id: 'acme.json#1 sha256:00',
  vendor: 'Acme Edge',
  model,
  components: [0, 4, 7].map(pcr => ({
    name: `pcr ${pcr}`,
    key: `pcr${pcr}`,
    versions: [{ version: '1.2', alg: 'sha-256', digest: pcrsAfter(boot)[pcr] ?? '' }],
  })),
};
