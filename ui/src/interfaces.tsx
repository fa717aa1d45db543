import { maxFieldLength, settableFields, visibleText } from '../../gateway/api/contract.ts';
import type { AddressClass, DeviceDetail } from '../../gateway/api/contract.ts';
import { BadgeWord } from './badge.tsx';
import type { Decide } from './decide-dialog.tsx';
import { nameOf, when, whereOf } from './format.ts';
import { Link } from './link.tsx';
import { For, may } from './role.tsx';

/** What an address is that no vendor has registered. */
export const addressWords: { readonly [kind in AddressClass]?: string } = {
  made: 'a hardware address that a program made',
  randomised: 'a made-up hardware address, which may be another tomorrow',
  virtual: 'a virtual router address, which is nobody’s own',
};

/** The other rows that count as this device, each with what it says alike, and the way to undo that. */
export function Interfaces({ detail: { row, linked }, open }: { detail: DeviceDetail; open: (decide: Decide) => void }) {
  const path = `/devices/${encodeURIComponent(row.id)}`;
  const undo = (id: string, name: string) =>
    open({
      title: `Is ${name} a device of its own?`,
      consequence:
        'It counts as one of its own from now on, and a quarantine no longer cuts it with the others. What both say alike links them no more.',
      button: 'Undo the link',
      path: `/devices/${encodeURIComponent(id)}/unlink`,
    });
  return (
    <section class="interfaces">
      <h2>Other interfaces</h2>
      {linked.length === 0 && <p class="soft">None is known. Devices with several addresses are linked by what they say alike.</p>}
      <ul class="lines">
        {linked.map(({ row: other, links }) => (
          <li key={other.id}>
            <BadgeWord badge={other.badge} /> <Link to={`/devices/${encodeURIComponent(other.id)}`}>{nameOf(other)}</Link>{' '}
            <span class="mono">{other.mac}</span> {whereOf(other)}{' '}
            <For role="operator">
              <button type="button" onClick={() => undo(other.id, nameOf(other))}>
                Undo…
              </button>
            </For>
            {links.map(link => (
              <div key={`${link.between.join(' ')} ${link.at}`}>
                <small class="soft">
                  {link.between.join(' and ')}, {when(link.at)}:{' '}
                  {link.by === undefined
                    ? link.evidence.map(({ text }) => visibleText(text)).join('; ')
                    : `${visibleText(link.by)} said so: “${visibleText(link.reason ?? '')}”`}
                  {link.score !== undefined && ` (score ${link.score} of 100 needed)`}
                </small>
              </div>
            ))}
          </li>
        ))}
      </ul>
      {linked.length > 0 && (
        <p class="soft">Devices say this themselves, and it can be copied: a link lets nobody in. A quarantine cuts all of them.</p>
      )}
      <For role="operator">
        <button
          type="button"
          onClick={() =>
            open({
              title: `Link ${nameOf(row)} with another row?`,
              consequence: 'Both count as one device: a quarantine of one cuts both. It lets neither in.',
              button: 'Count as one device',
              path: `${path}/link`,
              inputs: [{ name: 'other', label: 'Id of the other row, such as d7', maxLength: 32 }],
            })
          }
        >
          Link with…
        </button>
      </For>
    </section>
  );
}

/** What a person set, against what is observed, and the ways to set and unlock. */
export function SetField({ detail: { row, fields }, open }: { detail: DeviceDetail; open: (decide: Decide) => void }) {
  const path = `/devices/${encodeURIComponent(row.id)}/set-field`;
  const locked = fields.filter(field => field.locked === true);
  if (locked.length === 0 && !may('operator')) return null;
  return (
    <section class="set-fields">
      <h2>Set by people</h2>
      <ul class="lines">
        {locked.map(({ name, value, source, observed }) => (
          <li key={name}>
            {name} <b>{visibleText(value)}</b> by {visibleText(source)}
            {observed !== undefined && observed.value !== value && (
              <>
                {' '}
                · observed is <b>{visibleText(observed.value)}</b> ({visibleText(observed.source)})
              </>
            )}{' '}
            <For role="operator">
              <button
                type="button"
                onClick={() =>
                  open({
                    title: `Unlock ${name} of ${nameOf(row)}?`,
                    consequence: 'What is observed stands again from now on.',
                    button: 'Unlock',
                    path,
                    body: { field: name, unlock: true },
                  })
                }
              >
                Unlock…
              </button>
            </For>
          </li>
        ))}
      </ul>
      <For role="operator">
        <button
          type="button"
          onClick={() =>
            open({
              title: `Set a field of ${nameOf(row)}?`,
              consequence: 'It stands until somebody unlocks it. What is observed is shown beside it and does not replace it.',
              button: 'Set and lock',
              path,
              inputs: [
                { name: 'field', label: 'Field', choices: settableFields },
                { name: 'value', label: 'Value', maxLength: maxFieldLength },
              ],
            })
          }
        >
          Set a field…
        </button>
      </For>
    </section>
  );
}
