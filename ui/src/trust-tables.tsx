import { fileListDevices, fileListSubject, visibleText } from '../../gateway/api/contract.ts';
import type { ShownEnrolled, ShownFileList } from '../../gateway/api/contract.ts';
import type { Decide } from './decide-dialog.tsx';
import { shortDigest, when } from './format.ts';
import { Link } from './link.tsx';
import { For } from './role.tsx';

/** Keys that TPMs of devices enrolled by themselves, and the way to take one back. */
export function EnrolledKeys({ keys, open }: { keys: readonly ShownEnrolled[]; open: (decide: Decide) => void }) {
  if (keys.length === 0) return null;
  return (
    <section aria-labelledby="enrolled-title">
      <h2 id="enrolled-title">Keys that TPMs enrolled ({keys.length})</h2>
      <p class="soft">A TPM showed that it holds this key. It says which device it is, and admits nobody by itself.</p>
      <ul class="lines">
        {keys.map(key => (
          <li key={key.device}>
            <Link to={`/devices/${encodeURIComponent(key.device)}`}>{key.device}</Link>, as{' '}
            <span class="mono">{visibleText(key.instance)}</span>, now {key.status}; TPM{' '}
            <span class="mono">{visibleText(key.ek.slice(0, 16))}</span> <small class="soft">{when(key.at)}</small>{' '}
            <For role="admin">
              <button type="button" aria-label={`Forget…: the key of ${key.device}`} onClick={() => open(forgettingOf(key))}>
                Forget…
              </button>
            </For>
          </li>
        ))}
      </ul>
    </section>
  );
}

function forgettingOf({ device, instance, ak }: ShownEnrolled): Decide {
  return {
    title: `Forget the key of ${device}?`,
    consequence: (
      <>
        The key <span class="mono">{shortDigest(ak)}</span>, enrolled as {visibleText(instance)}, proves nothing any more. The device is
        asked anew at once, and loses its admission where nothing else vouches for it. Its TPM may enrol again.
      </>
    ),
    button: 'Forget it',
    danger: true,
    path: `/trust/enrolled/${encodeURIComponent(device)}/forget`,
  };
}

/** Lists of files that devices may run, which stand in files of the site. */
export function FileLists({ lists }: { lists: readonly ShownFileList[] }) {
  if (lists.length === 0) return null;
  return (
    <>
      <h3>Files that devices may run</h3>
      <p class="soft">What a device ran besides makes it fail. The lists stand in files of the site; to change one, change the file.</p>
      <ul class="lines">
        {lists.map(list => (
          <li key={list.name}>
            <b>{visibleText(fileListSubject(list))}</b>; {fileListDevices(list)} <small class="soft">{visibleText(list.name)}</small>
          </li>
        ))}
      </ul>
    </>
  );
}
