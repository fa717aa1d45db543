import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import {
  anchorFacts,
  anchorState,
  lapsedText,
  personOf,
  previewBasis,
  usesText,
  visibleText,
  wouldAdmit,
} from '../../gateway/api/contract.ts';
import type { AnchorPreview, AnchorRow } from '../../gateway/api/contract.ts';
import { RequestError } from './api.ts';
import { CardHead } from './card-head.tsx';
import type { Decide } from './decide-dialog.tsx';
import { DeviceNames, devicesText } from './device-names.tsx';
import { left, when } from './format.ts';
import { Copy } from './link.tsx';
import { For, may } from './role.tsx';
import { clock, session } from './store.ts';
import { previewOf, said } from './trust-store.ts';

const states = {
  staged: { badge: 'pending', word: 'Waits for a second person' },
  lapsed: { badge: 'offline', word: 'Lapsed: nobody confirmed it' },
  'in force': { badge: 'trusted', word: 'In force' },
  ended: { badge: 'offline', word: 'Ended: admits nobody' },
} as const;

/** One trust anchor: what it is limited to, who says so, who leans on it, and what a person can do about it. */
export function AnchorCard({ anchor, open }: { anchor: AnchorRow; open: (decide: Decide) => void }) {
  const state = anchorState(anchor, clock.value);
  const { badge, word } = states[state];
  const name = visibleText(anchor.name);
  // One certificate may stand in several files, each for a use of its own.
  const title = `anchor-${anchor.sha256}-${anchor.uses.join('-')}`;
  return (
    <li class={`card ${badge}`} aria-labelledby={title}>
      <CardHead id={title} title={name} badge={badge} word={word} />
      <p>
        {visibleText(anchor.subject)}
        {state === 'in force' && anchor.expires !== undefined && <> · {left(anchor.expires, clock.value)}</>} ·{' '}
        {anchor.devices === 0 ? (
          'no device leans on it'
        ) : (
          <DeviceNames ids={anchor.deviceIds} count={anchor.devices} what="leaning on it" />
        )}
      </p>
      {state === 'lapsed' && <p>{lapsedText}</p>}
      {state === 'staged' && <Waiting anchor={anchor} open={open} />}
      <details>
        <summary>
          Limits and who says so<span class="unseen"> of {name}</span>
        </summary>
        <dl>
          {anchorFacts(anchor, when).map(([label, text]) => (
            <Fact key={label} label={label} text={text} />
          ))}
        </dl>
      </details>
      {anchor.from === 'file' ? (
        <p class="soft">It stands in a file of the site; to change it, change the file.</p>
      ) : (
        <For role="admin">
          <div class="buttons">
            {state === 'in force' && (
              <button type="button" aria-label={`Let it end…: ${name}`} onClick={() => open(endingOf(anchor))}>
                Let it end…
              </button>
            )}
            <button
              type="button"
              class="danger"
              aria-label={anchor.state === 'staged' ? `Take it back…: ${name}` : `Revoke ${name}…`}
              onClick={() => open(removalOf(anchor))}
            >
              {anchor.state === 'staged' ? 'Take it back…' : 'Revoke…'}
            </button>
          </div>
        </For>
      )}
    </li>
  );
}

function Fact({ label, text }: { label: string; text: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd class={label === 'sha256' ? 'mono' : ''}>
        {visibleText(text)} {label === 'sha256' && <Copy text={text} what="fingerprint" />}
      </dd>
    </>
  );
}

/** What an anchor would let in, asked when it is first shown and after each word said here; and the way to confirm it, for anybody but who brought it. */
function Waiting({ anchor, open }: { anchor: AnchorRow; open: (decide: Decide) => void }) {
  const preview = useSignal<AnchorPreview | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    const load = async () => {
      try {
        const found = await previewOf(anchor.sha256);
        if (!gone) [preview.value, failure.value] = [found, undefined];
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (!gone) failure.value = error.message;
      }
    };
    void load();
    return () => {
      gone = true;
    };
  }, [anchor.sha256, said.value]);
  const found = preview.value;
  const by = anchor.staged?.by ?? '';
  const me = session.value?.state === 'signed-in' ? session.value.user : '';
  const own = personOf(by) === personOf(me);
  return (
    <div class="waiting-for">
      <p>
        <b>{visibleText(by)}</b> brought it: “{visibleText(anchor.staged?.reason ?? '')}”{' '}
        <small class="soft">{when(anchor.staged?.at ?? 0)}</small>
      </p>
      {found === undefined ? (
        <p role="status">{failure.value ?? 'Asking what it would let in…'}</p>
      ) : (
        <p>
          It would <b>{wouldAdmit(found)}</b>
          {found.newlyAdmitted.length > 0 && (
            <>
              : <DeviceNames ids={found.newlyAdmitted} count={found.newlyAdmitted.length} />
            </>
          )}{' '}
          <span class="soft">({previewBasis(found)})</span>
        </p>
      )}
      {own && (
        <p>
          You brought it. <b>Another person must confirm it.</b>
        </p>
      )}
      {!own && may('admin') && found !== undefined && (
        <button
          type="button"
          class="primary"
          aria-label={`Confirm as second person…: ${visibleText(anchor.name)}`}
          onClick={() => open(confirmationOf(anchor, found))}
        >
          Confirm as second person…
        </button>
      )}
    </div>
  );
}

function confirmationOf(anchor: AnchorRow, preview: AnchorPreview): Decide {
  const { name, subject, sha256, zones, expires, uses } = anchor;
  const where = zones === undefined ? 'every zone' : `zone ${zones.join(', ')}`;
  const until = expires === undefined ? 'with no end' : `until ${when(expires)}`;
  return {
    title: `Trust ${visibleText(name)}?`,
    consequence: (
      <>
        {uses.includes('verifier')
          ? `Attestation Results signed by this ${visibleText(subject)}, count`
          : `What leads to “${visibleText(subject)}” vouches for ${usesText(uses)}`}{' '}
        in {visibleText(where)}, {until}. It would <b>{wouldAdmit(preview)}</b> at once
        {preview.newlyAdmitted.length > 0 && `: ${devicesText(preview.newlyAdmitted, preview.newlyAdmitted.length)}`} (
        {previewBasis(preview)}), and whatever shows such {uses.includes('verifier') ? 'a result' : 'a certificate'} later. Compare the
        fingerprint with what the vendor told you: <span class="mono">{sha256}</span>
      </>
    ),
    button: 'Trust it from now on',
    path: `/trust/${sha256}/approve`,
    body: { newlyAdmits: preview.newlyAdmitted.length },
  };
}

function removalOf({ name, sha256, state, devices, deviceIds }: AnchorRow): Decide {
  const who =
    devices === 0
      ? 'No device leans on it now.'
      : `${devices === 1 ? 'The device that leans' : `The ${devices} devices that lean`} on it (${devicesText(deviceIds, devices)}) must prove anew who they are, and lose their admission where nothing else vouches for them.`;
  return state === 'staged'
    ? {
        title: `Take ${visibleText(name)} back?`,
        consequence:
          'It is forgotten and was never trusted. Nothing changes for any device. To have it after all, somebody brings it anew.',
        button: 'Take it back',
        danger: true,
        path: `/trust/${sha256}/remove`,
      }
    : {
        title: `Revoke ${visibleText(name)}?`,
        consequence: `It counts no more, within seconds and for good. ${who} To trust it again, two persons must say so anew.`,
        button: 'Trust it no more',
        danger: true,
        path: `/trust/${sha256}/remove`,
      };
}

function endingOf({ name, sha256, devices }: AnchorRow): Decide {
  const hours = (n: number) => ({ at: Date.now() + n * 3_600_000 });
  return {
    title: `Let ${visibleText(name)} end?`,
    consequence: `From then on what it vouches for is shown and admits nobody; ${devices === 1 ? '1 device leans' : `${devices} devices lean`} on it now. An end can be brought nearer, never put off: for longer, somebody brings it anew.`,
    button: 'Let it end then',
    danger: true,
    path: `/trust/${sha256}/expire`,
    presetsLegend: 'When',
    presets: [
      { label: 'Now', body: {} },
      { label: 'In 24 hours', body: hours(24) },
      { label: 'In 7 days', body: hours(7 * 24) },
      { label: 'In 30 days', body: hours(30 * 24) },
    ],
  };
}
