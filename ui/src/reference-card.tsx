import { referenceState, referenceSubject, visibleText } from '../../gateway/api/contract.ts';
import type { ReferenceRow } from '../../gateway/api/contract.ts';
import { CardHead } from './card-head.tsx';
import type { Decide } from './decide-dialog.tsx';
import { left, when } from './format.ts';
import { ReferenceContents } from './reference-panels.tsx';
import { For } from './role.tsx';
import { clock } from './store.ts';

/** Shape and word of where a set stands. */
function standing({ state, accepted }: ReferenceRow): {
  readonly badge: 'pending' | 'trusted' | 'waived' | 'quarantined' | 'offline';
  readonly word: string;
} {
  switch (state) {
    case 'staged':
      return { badge: 'pending', word: 'Staged: not in force' };
    case 'active':
      return accepted ? { badge: 'trusted', word: 'Active' } : { badge: 'offline', word: 'Active, but not accepted now' };
    case 'superseded':
      return accepted ? { badge: 'waived', word: 'Superseded, accepted for a while' } : { badge: 'offline', word: 'Superseded' };
    case 'revoked':
      return { badge: 'quarantined', word: 'Revoked' };
  }
}

const leaning = (n: number): string => (n === 0 ? 'no device leans on it' : n === 1 ? '1 device leans on it' : `${n} devices lean on it`);

/** One set of reference values: for which model, which versions, where it stands, what changed against another, and what a person can do. */
export function ReferenceCard({ row, all, open }: { row: ReferenceRow; all: readonly ReferenceRow[]; open: (decide: Decide) => void }) {
  const { key, set, accepted, state, versions, devices, until, by, reason, at } = row;
  const { badge, word } = standing(row);
  const subject = visibleText(referenceSubject(set));
  const title = `set-${key}`;
  const rivals = all.filter(
    other => other.key !== key && other.accepted && other.set.vendor === set.vendor && other.set.model === set.model,
  );
  const peers = all.filter(other => other.key !== key && other.set.vendor === set.vendor && other.set.model === set.model);
  return (
    <li class={`card ${badge}`} aria-labelledby={title}>
      <CardHead id={title} title={subject} badge={badge} word={word} />
      <p>
        {versions.length === 0 ? 'no version named' : `version ${visibleText(versions.join(', '))}`} · {leaning(devices)}
        {state === 'superseded' && until !== undefined && (
          <>
            {' '}
            · <b>{accepted ? `accepted until ${when(until)} (${left(until, clock.value)})` : `was accepted until ${when(until)}`}</b>
          </>
        )}
      </p>
      <p class="soft">
        {visibleText(by)}: “{visibleText(reason)}” <small>{when(at)}</small>
      </p>
      <details>
        <summary>
          What it lists, and who signed it<span class="unseen">: {subject}</span>
        </summary>
        <p class="soft">
          {visibleText(referenceState(row, when))} · <span class="mono">{visibleText(set.id)}</span> · signed by{' '}
          {visibleText(set.signedBy ?? 'a key of the site')}
          {set.notAfter !== undefined && ` · good until ${when(set.notAfter)}`}
        </p>
        <ReferenceContents row={row} peers={peers} />
      </details>
      <For role="admin">
        <div class="buttons">
          {state !== 'revoked' && state !== 'active' && row.isPresent && (
            <button
              type="button"
              class={state === 'staged' ? 'primary' : ''}
              aria-label={`Put into force…: ${subject}`}
              onClick={() => open(activationOf(row, rivals))}
            >
              Put into force…
            </button>
          )}
          {accepted && (
            <button type="button" aria-label={`Accept no more…: ${subject}`} onClick={() => open(endingOf(row))}>
              Accept no more…
            </button>
          )}
          {state !== 'revoked' && (
            <button type="button" class="danger" aria-label={`Revoke ${subject}…`} onClick={() => open(revocationOf(row))}>
              Revoke…
            </button>
          )}
        </div>
      </For>
    </li>
  );
}

const path = ({ key }: ReferenceRow): string => `/references/${encodeURIComponent(key)}`;
const nameOf = ({ set, versions }: ReferenceRow): string =>
  visibleText(`${referenceSubject(set)}${versions.length === 0 ? '' : ` ${versions.join(', ')}`}`);

function activationOf(row: ReferenceRow, rivals: readonly ReferenceRow[]): Decide {
  const replaces = rivals.map(({ key }) => key);
  const transition =
    rivals.length === 0
      ? undefined
      : ([
          { label: 'Not at all', body: {} },
          { label: '24 hours', body: { hours: 24 } },
          { label: '7 days', body: { hours: 168 } },
          { label: '30 days', body: { hours: 720 } },
        ] as const);
  const devices = rivals.reduce((sum, rival) => sum + rival.devices, 0);
  return {
    title: `Put ${nameOf(row)} into force?`,
    consequence:
      transition === undefined
        ? 'Devices that measure what it lists are affirmed from now on, and may be admitted by rules that ask for that.'
        : `It takes the place of ${rivals.map(nameOf).join(' and ')}, on which ${devices === 1 ? '1 device leans' : `${devices} devices lean`}. Choose how long the old values are accepted beside it: a device that has not been updated by then fails, and is cut where its zone enforces.`,
    button: 'Put into force',
    path: `${path(row)}/activate`,
    body: { replaces },
    ...(transition === undefined ? {} : { presets: transition, presetsLegend: 'The old values stay accepted for' }),
  };
}

const judgedAnew = ({ devices }: ReferenceRow): string =>
  devices === 0
    ? 'No device leans on it now.'
    : `${devices === 1 ? 'The device that leans' : `The ${devices} devices that lean`} on it ${devices === 1 ? 'is' : 'are'} judged anew at once, and cut where the zone enforces unless another set lists the same.`;

const endingOf = (row: ReferenceRow): Decide => ({
  title: `Accept ${nameOf(row)} no more?`,
  consequence: `What it lists is accepted no more, as of an old release; it may be put into force again. ${judgedAnew(row)}`,
  button: 'Accept it no more',
  danger: true,
  path: `${path(row)}/expire`,
});

const revocationOf = (row: ReferenceRow): Decide => ({
  title: `Revoke ${nameOf(row)}?`,
  consequence: `What it lists counts as bad from now on and for good: it can never be put into force again. ${judgedAnew(row)}`,
  button: 'Revoke for good',
  danger: true,
  path: `${path(row)}/revoke`,
});
