import { createHash } from 'node:crypto';
import { decodeCertificate } from '../codec/x509.ts';
import type { BroughtAnchors } from '../inventory/brought-anchors.ts';
import type { Hex } from '../model/address.ts';
import type {
  AnchorMaterial,
  AnchorPreview,
  BroughtAnchor,
  EnrolledKey,
  FileList,
  ListedVerifier,
  ShownAnchor,
  ShownEnrolled,
  ShownFileList,
  TrustMaterial,
} from '../model/trust.ts';
import { prepareFileList } from '../attestation/tpm/file-list.ts';
import type { DeviceRecord } from '../inventory/record.ts';
import { type PreviewParts, previewAnchor, type Tried } from './anchor-preview.ts';
import { verifierSubject } from '../model/verifier-subject.ts';

/** What page and CLI may see and ask of what is trusted: anchors of files and those that people brought, keys that TPMs enrolled, lists of files. */
export class TrustDesk {
  readonly #trust: () => TrustMaterial;
  readonly #brought: BroughtAnchors;
  readonly #preview: PreviewParts;
  readonly #enrolled: () => readonly EnrolledKey[];

  constructor(trust: () => TrustMaterial, brought: BroughtAnchors, preview: PreviewParts, enrolled: () => readonly EnrolledKey[]) {
    this.#trust = trust;
    this.#brought = brought;
    this.#preview = preview;
    this.#enrolled = enrolled;
  }

  /** Nothing of a key is taken apart here: the challenger did, before it was enrolled. */
  enrolled(): readonly ShownEnrolled[] {
    const statuses = new Map([...this.#preview.records()].map(({ device, attestation }) => [device.id, attestation.status]));
    return this.#enrolled().map(({ device, instance, ak, ek, ekCertificates, at }) => ({
      ...{ device, instance, ek, at },
      ak: createHash('sha256').update(Buffer.from(ak, 'base64')).digest('hex'),
      certificates: ekCertificates.length,
      status: statuses.get(device) ?? 'none',
    }));
  }

  fileLists(): readonly ShownFileList[] {
    const records = [...this.#preview.records()];
    return (this.#trust().fileLists ?? []).map(list => {
      const { name, vendor, model, excludes, files } = list;
      const { id } = prepareFileList(list);
      const odd = records.filter(record => isOddBy(list, record)).length;
      const good = records.filter(record => record.attestation.result?.quote?.ima?.policy === id && !isOddBy(list, record)).length;
      return { ...{ name, vendor, model, excludes }, state: 'in-force', files: files.length, judged: good + odd, odd };
    });
  }

  /** One list with all that it lists, by where it stands. */
  fileList(name: string): FileList | undefined {
    return this.#trust().fileLists?.find(list => list.name === name);
  }

  /** All anchors, those of files first. */
  anchors(): readonly ShownAnchor[] {
    const brought = this.#brought.all();
    const ofFiles = this.#trust().anchors.filter(anchor => anchor.provenance?.approvedBy === undefined);
    return [
      ...ofFiles.map(anchor => ({ ...describe(anchor), state: 'in-force' as const, from: 'file' as const })),
      ...(this.#trust().verifiers ?? [])
        .filter(({ provenance }) => provenance?.approvedBy === undefined)
        .map(verifier => ({ ...describeVerifier(verifier), state: 'in-force' as const, from: 'file' as const })),
      ...brought.map(({ sha256, subject, anchor, verifier, state, by, at, reason, approved }) => ({
        ...shownOf({ sha256, subject, anchor, verifier }),
        state,
        from: 'people' as const,
        staged: { by, at, reason },
        ...(approved === undefined ? {} : { approved }),
      })),
    ];
  }

  /** What approving an anchor that is staged would let in; undefined when none is staged under that hash. */
  async preview(sha256: Hex): Promise<AnchorPreview | undefined> {
    const found = this.#brought.get(sha256);
    return found === undefined || found.state !== 'staged' ? undefined : previewAnchor(triedOf(found), this.#preview);
  }
}

/** Its finding names no list, but a class has one list at most. */
function isOddBy({ vendor, model }: FileList, { attestation: { result } }: DeviceRecord): boolean {
  const { identity, checks = [] } = result ?? {};
  if (identity?.vendor !== vendor || identity.model !== model) return false;
  return checks.some(({ code }) => code === 'FILE_NOT_LISTED' || code === 'FILE_VIOLATION');
}

const triedOf = ({ anchor, verifier }: Pick<BroughtAnchor, 'anchor' | 'verifier'>): Tried => ({
  ...(anchor === undefined ? {} : { anchor }),
  ...(verifier === undefined ? {} : { verifier }),
});

type Shown = Omit<ShownAnchor, 'state' | 'from'>;
type Brought = { readonly [field in 'anchor' | 'verifier']: BroughtAnchor[field] | undefined } & Pick<BroughtAnchor, 'sha256' | 'subject'>;

function shownOf({ sha256, subject, anchor, verifier }: Brought): Shown {
  if (anchor !== undefined) return describe(anchor);
  return verifier === undefined ? { name: '', sha256, subject, uses: [] } : describeVerifier(verifier);
}

function describeVerifier(verifier: ListedVerifier): Shown {
  const { name, spki, most: _most, maxAgeSeconds: _age, audience: _audience, ...limits } = verifier;
  const sha256 = createHash('sha256').update(Buffer.from(spki, 'base64')).digest('hex');
  return { ...limits, name, sha256, subject: verifierSubject(verifier), uses: ['verifier'] };
}

function describe(anchor: AnchorMaterial): Shown {
  const { name, certificate, uses = ['identity'], vendor, model, expires, zones, constraints, revocation, provenance } = anchor;
  const der = new Uint8Array(Buffer.from(certificate, 'base64'));
  return {
    name,
    sha256: createHash('sha256').update(der).digest('hex'),
    subject: decodeCertificate(der).subject.text,
    uses,
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(expires === undefined ? {} : { expires }),
    ...(zones === undefined ? {} : { zones }),
    ...(constraints === undefined ? {} : { constraints }),
    ...(revocation === undefined ? {} : { revocation }),
    ...(provenance === undefined ? {} : { provenance }),
  };
}
