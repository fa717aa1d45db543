import { type ReferenceKey, ReferenceFileError } from '../../gateway/attestation/reference-values.ts';
import { openReferences } from '../../gateway/edge/store/reference-files.ts';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import { referenceCommand } from '../../gateway/inventory/reference-command.ts';
import { referenceList } from '../../gateway/inventory/reference-list.ts';
import { References } from '../../gateway/inventory/references.ts';
import type { Site } from '../../gateway/api/site.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import type { AnchorCommand, Command, CommandAnswer, ReferenceCommand } from '../../gateway/model/machine.ts';
import type { AnchorPreview, BroughtAnchor, FileList, ShownAnchor, ShownEnrolled } from '../../gateway/model/trust.ts';
import { bidiText, markupName } from './fixture-words.ts';

const hour = 3_600_000;
const ofFile: ShownAnchor = {
  name: 'acme.device-ca.pem',
  sha256: 'a1'.repeat(32),
  subject: 'O=Acme',
  uses: ['identity'],
  state: 'in-force',
  from: 'file',
};
/** Of files and devices, so both may try to break the page. */
export const fileList: FileList = {
  name: 'policies.d/reference-values/edge.ima.yaml:1',
  vendor: 'Acme Edge',
  model: `EdgeBox-3${bidiText}`,
  files: [['/usr/bin/plc', ['sha256:ab']]],
  excludes: [`/var/log/${markupName}/`],
};
const allEnrolled: readonly ShownEnrolled[] = [
  {
    device: 'd1',
    instance: 'd432fbb3',
    ak: 'c3'.repeat(32),
    ek: 'e4'.repeat(32),
    certificates: 2,
    at: 1_790_000_000_000,
    status: 'affirming',
  },
];
type TrustCommand = AnchorCommand | ReferenceCommand;
export const isAboutTrust = (command: Command): command is TrustCommand => command.kind.startsWith('reference-') || isAboutAnchors(command);

/** Trust of a site in memory: the real books, whose Events the real inventory folds. One anchor stands in a file, one waits for the second person. */
export function fixtureTrust() {
  const book = new Inventory();
  const apply = (body: EventBody, at = Date.now()): void => book.apply({ at, body });
  const references = new References({
    inventory: book,
    zoneOf: () => {
      throw new Error('no device leans on anything here');
    },
    emit: (_, body) => apply(body),
    attested: () => {},
    effect: () => {},
  });
  const trusted: ReferenceKey[] = [];
  const fileLists: FileList[] = [];
  const newlyAdmitted = ['d3'];
  const preview: AnchorPreview = { newlyAdmitted, judged: 2, untold: 1 };
  apply(
    {
      kind: 'anchor-staged',
      sha256: 'b2'.repeat(32),
      subject: `O=Omron, CN=${bidiText}`,
      anchor: {
        name: 'omron',
        certificate: '',
        zones: ['dock'],
        expires: Date.now() + 900 * 24 * hour,
        provenance: { source: `a mail that says ${markupName}`, by: 'local:ann', when: '2026-03-01' },
      },
      by: 'local:ann',
      reason: 'new drives',
    },
    Date.now() - hour,
  );

  const say = (by: string, reason: string, command: TrustCommand): Promise<CommandAnswer> => {
    const asked = { by, reason, now: Date.now() };
    const answer = isAboutAnchors(command) ? book.anchors.command(asked, command) : referenceCommand(book, asked, command);
    if ('problem' in answer) return Promise.resolve({ ok: false, ...answer });
    for (const event of answer.events) apply(event);
    return Promise.resolve({ ok: true });
  };
  const site: Pick<Site, 'trust' | 'references' | 'reference' | 'addReferences'> = {
    trust: {
      anchors: () => [ofFile, ...book.anchors.all().map(shown)],
      enrolled: () => allEnrolled,
      fileLists: () => fileLists.map(({ files, ...list }) => ({ ...list, state: 'in-force', files: files.length, judged: 3, odd: 1 })),
      fileList: name => fileLists.find(list => list.name === name),
      preview: sha256 => Promise.resolve(book.anchors.get(sha256)?.state === 'staged' ? preview : undefined),
    },
    references: () => referenceList(book, references, Date.now()),
    reference: key => references.get(key),
    addReferences: (by, reason, { file, content, signature }) => {
      try {
        const { sets, keys } = openReferences(file, content, { keys: trusted, maps: [] }, signature);
        return say(by, reason, { kind: 'reference-add', file, sets, keys });
      } catch (error) {
        if (!(error instanceof ReferenceFileError)) throw error;
        return Promise.resolve({ ok: false, status: 400, problem: error.message });
      }
    },
  };
  /** One that was staged then, by somebody else. */
  const stageAt = (name: string, sha256: string, at: number): void =>
    apply(
      { kind: 'anchor-staged', sha256, subject: `O=${name}`, anchor: { name, certificate: '' }, by: 'local:ann', reason: 'long ago' },
      at,
    );
  return { site, trusted, fileLists, newlyAdmitted, say, stageAt };
}

const isAboutAnchors = (command: Command): command is AnchorCommand =>
  command.kind.endsWith('-anchor') || command.kind === 'stage-verifier';

function shown({ sha256, subject, anchor, verifier, state, by, at, reason, approved }: BroughtAnchor): ShownAnchor {
  if (verifier !== undefined)
    return { name: verifier.name, uses: ['verifier'], sha256, subject, state, from: 'people', staged: { by, at, reason } };
  if (anchor === undefined) throw new Error('neither anchor nor Verifier');
  const { certificate: _, uses = ['identity'], ...limits } = anchor;
  const said = { staged: { by, at, reason }, ...(approved === undefined ? {} : { approved }) };
  return { ...limits, uses, sha256, subject, state, from: 'people', ...said };
}
