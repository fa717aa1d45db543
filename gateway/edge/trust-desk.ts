import { createHash } from 'node:crypto';
import { decodeCertificate } from '../codec/x509.ts';
import type { BroughtAnchors } from '../inventory/brought-anchors.ts';
import type { Hex } from '../model/address.ts';
import type { AnchorMaterial, AnchorPreview, ShownAnchor, TrustMaterial } from '../model/trust.ts';
import { type PreviewParts, previewAnchor } from './anchor-preview.ts';

/** What page and CLI may see and ask of the trust anchors: those of files, and those that people brought. */
export class TrustDesk {
  readonly #trust: () => TrustMaterial;
  readonly #brought: BroughtAnchors;
  readonly #preview: PreviewParts;

  constructor(trust: () => TrustMaterial, brought: BroughtAnchors, preview: PreviewParts) {
    this.#trust = trust;
    this.#brought = brought;
    this.#preview = preview;
  }

  /** All anchors, those of files first. */
  anchors(): readonly ShownAnchor[] {
    const brought = this.#brought.all();
    const ofFiles = this.#trust().anchors.filter(anchor => anchor.provenance?.approvedBy === undefined);
    return [
      ...ofFiles.map(anchor => ({ ...describe(anchor), state: 'in-force' as const, from: 'file' as const })),
      ...brought.map(({ anchor, state, by, at, reason, approved }) => ({
        ...describe(anchor),
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
    return found === undefined || found.state !== 'staged' ? undefined : previewAnchor(found.anchor, this.#preview);
  }
}

function describe(anchor: AnchorMaterial): Omit<ShownAnchor, 'state' | 'from'> {
  const { name, certificate, uses = ['identity'], vendor, expires, zones, constraints, revocation, provenance } = anchor;
  const der = new Uint8Array(Buffer.from(certificate, 'base64'));
  return {
    name,
    sha256: createHash('sha256').update(der).digest('hex'),
    subject: decodeCertificate(der).subject.text,
    uses,
    ...(vendor === undefined ? {} : { vendor }),
    ...(expires === undefined ? {} : { expires }),
    ...(zones === undefined ? {} : { zones }),
    ...(constraints === undefined ? {} : { constraints }),
    ...(revocation === undefined ? {} : { revocation }),
    ...(provenance === undefined ? {} : { provenance }),
  };
}
