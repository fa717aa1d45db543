import { useSignal } from '@preact/signals';
import { referenceDiff, referenceLines, referenceSubject, visibleText } from '../../gateway/api/contract.ts';
import type { ReferenceDetail, ReferenceList, ReferenceRow } from '../../gateway/api/contract.ts';
import { useEffect } from 'preact/hooks';
import { RequestError, ask } from './api.ts';
import { shortDigest, when } from './format.ts';
import { Link } from './link.tsx';

/** Lines that are shown at most; the command line shows all. */
const maxLines = 200;

const detailOf = (key: string): Promise<ReferenceDetail> => ask<ReferenceDetail>('GET', `/references/${encodeURIComponent(key)}`);

/** What a set lists, asked for when it is opened; and what it lists otherwise than another set of its class. */
export function ReferenceContents({ row, peers }: { row: ReferenceRow; peers: readonly ReferenceRow[] }) {
  const detail = useSignal<ReferenceDetail | undefined>(undefined);
  const other = useSignal<ReferenceDetail | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const load = async (key: string, into: typeof detail) => {
    try {
      into.value = await detailOf(key);
      failure.value = undefined;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failure.value = error.message;
    }
  };
  useEffect(() => void load(row.key, detail), [row.key]);
  const found = detail.value;
  if (found === undefined) return <p role="status">{failure.value ?? 'Loading…'}</p>;
  const chosen = other.value;
  const changes = chosen === undefined ? [] : referenceDiff(chosen, found);
  return (
    <>
      <Lines lines={referenceLines(found)} />
      {(row.set.notes ?? []).map(note => (
        <p key={note} class="soft">
          Also in the file, and not used: {visibleText(note)}
        </p>
      ))}
      {peers.length > 0 && (
        <label>
          Compare with
          <select
            onChange={({ currentTarget: { value } }) => {
              if (value === '') other.value = undefined;
              else void load(value, other);
            }}
          >
            <option value="">nothing</option>
            {peers.map(peer => (
              <option key={peer.key} value={peer.key}>
                {visibleText(`${referenceSubject(peer.set)} ${peer.versions.join(', ')} (${peer.state})`)}
              </option>
            ))}
          </select>
        </label>
      )}
      <div role="status">
        {chosen !== undefined && changes.length === 0 && <p>Both list the same.</p>}
        {changes.length > 0 && (
          <ul class="lines changes" aria-label="What changes">
            {changes.slice(0, maxLines).map(change =>
              change.startsWith('- ') ? (
                <li key={change}>
                  <b>no more</b> <del class="mono">{visibleText(shortDigest(change.slice(2)))}</del>
                </li>
              ) : (
                <li key={change}>
                  <b>new</b> <ins class="mono">{visibleText(shortDigest(change.slice(2)))}</ins>
                </li>
              ),
            )}
          </ul>
        )}
      </div>
      {failure.value !== undefined && <p role="alert">{failure.value}</p>}
    </>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <ul class="lines">
      {lines.slice(0, maxLines).map(line => (
        <li key={line} class="mono" title={visibleText(line)}>
          {visibleText(shortDigest(line))}
        </li>
      ))}
      {lines.length > maxLines && <li>and {lines.length - maxLines} more; sallyport reference show lists all</li>}
    </ul>
  );
}

/** What people took as the good state of single devices; nobody signed for it. */
export function Baselines({ baselines }: Pick<ReferenceList, 'baselines'>) {
  if (baselines.length === 0) return null;
  return (
    <>
      <h3>Baselines of single devices</h3>
      <p class="soft">A person took what the device measured as its good state. Nobody signed for it: it warns, and affirms nothing.</p>
      <ul class="lines">
        {baselines.map(({ device, by, at, reason, digests }) => (
          <li key={device}>
            <Link to={`/devices/${encodeURIComponent(device)}`}>{device}</Link>,{' '}
            {digests.length === 1 ? '1 digest' : `${digests.length} digests`}, {visibleText(by)}: “{visibleText(reason)}”{' '}
            <small class="soft">{when(at)}</small>
          </li>
        ))}
      </ul>
    </>
  );
}
