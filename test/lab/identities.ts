import { KeyObject } from 'node:crypto';
import { type Credential, makeDiceDevice, makeReferenceFile, makeSelfSigned, makeVendor, sha256Hex } from '../vectors/pki.ts';

/** Who the demo's devices are, with fresh keys, and the trust material that an operator would have got from their vendor. */
export type Identities = {
  readonly credentials: { readonly [which in 'good' | 'tampered' | 'elsewhere' | 'page']: Credential };
  readonly vendor: string;
  readonly model: string;
  readonly anchorPem: string;
  /** Key of the vendor's root, PKCS #8. */
  readonly anchorKeyPem: string;
  readonly reference: { readonly file: string; readonly signature: string; readonly publicKeyPem: string; readonly keyPem: string };
  /** Serials that the operator bought, and what each is for: by it `rows.ts` says where it stands. */
  readonly bought: readonly { readonly serial: string; readonly credential: 'good' | 'tampered' }[];
  readonly digests: { readonly good: string; readonly tampered: string };
};

export const vendorName = 'Acme Sensors';
const model = 'TempSense-2';

export async function makeIdentities(): Promise<Identities> {
  const vendor = await makeVendor({ name: vendorName });
  const digests = { good: sha256Hex('fw-1.0.0'), tampered: sha256Hex('fw-1.0.0-evil') };
  const device = (serial: string, digestHex: string): Promise<Credential> =>
    makeDiceDevice(vendor, { serial, model, version: '1.0.0', svn: 5, digestHex });
  const [good, tampered, elsewhere, page] = await Promise.all([
    device('TS2-000123', digests.good),
    device('TS2-000124', digests.tampered),
    device('TS2-777001', digests.good),
    makeSelfSigned({ cn: 'zebra-dock-3.local' }),
  ]);
  const versions = [{ version: '1.0.0', alg: 'sha-256', digest: digests.good }];
  const reference = makeReferenceFile({
    vendor: vendorName,
    models: [{ model, minSvn: '3', components: [{ name: 'firmware', layer: 1, versions }] }],
  });
  return {
    credentials: { good, tampered, elsewhere, page },
    vendor: vendorName,
    model,
    anchorPem: vendor.anchorPem,
    anchorKeyPem: KeyObject.from(vendor.keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
    reference,
    bought: [
      { serial: 'TS2-000123', credential: 'good' },
      { serial: 'TS2-000124', credential: 'tampered' },
    ],
    digests,
  };
}
