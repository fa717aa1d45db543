import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { reasons, visibleText } from '../../gateway/api/contract.ts';
import type { DeviceDetail, DeviceRow } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { BadgeWord } from './badge.tsx';
import { Checks } from './checks.tsx';
import { DecideDialog, approvalPresets, randomisedPresets, waiverPresets } from './decide-dialog.tsx';
import type { Decide } from './decide-dialog.tsx';
import { Bindings, DecisionPanel, Facts, ProofPanel, Timeline } from './device-panels.tsx';
import { Interfaces, SetField, addressWords } from './interfaces.tsx';
import { ago, nameOf, switchOf, whatOf, when, whereOf } from './format.ts';
import { DeviceProbes } from './probes.tsx';
import { Copy, Link } from './link.tsx';
import { For } from './role.tsx';
import { clock, rows } from './store.ts';

/** One device: badge and name, where it is, why it stands so, the checks, what to do, and then everything else. */
export function DevicePage({ id }: { id: string }) {
  const detail = useSignal<DeviceDetail | undefined>(undefined);
  const failure = useSignal<RequestError | undefined>(undefined);
  const dialog = useSignal<Decide | undefined>(undefined);
  const said = useSignal('');
  const listed = rows.value.get(id); // another object after each change: then the detail is asked for anew
  useEffect(() => {
    let stale = false;
    const load = async () => {
      try {
        const found = await ask<DeviceDetail>('GET', `/devices/${encodeURIComponent(id)}`);
        if (!stale) [detail.value, failure.value] = [found, undefined];
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (!stale) failure.value = error;
      }
    };
    void load();
    return () => {
      stale = true;
    };
  }, [id, listed]);

  const found = detail.value;
  const title = found === undefined ? 'Sallyport' : `${nameOf(found.row)} · Sallyport`;
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = 'Sallyport';
    };
  }, [title]);
  if (failure.value?.code === 'not-found') return <Missing id={id} />;
  if (found === undefined || found.row.id !== id)
    return (
      <main class="device">
        <Link to="/">‹ Devices</Link>
        <p role="status">{failure.value?.message ?? 'Loading the device…'}</p>
      </main>
    );
  const opened = dialog.value;
  return (
    <main class="device">
      {failure.value !== undefined && <p class="banner bad">{failure.value.message}. What you see is older.</p>}
      <Headline row={found.row} />
      <Where detail={found} />
      <section class={`why ${found.row.badge}`}>
        <h2>Why</h2>
        <p>{visibleText(found.why)}</p>
        <p class="soft">
          Next: {reasons[found.row.reason].next}. <span class="mono">{found.row.reason}</span>
        </p>
      </section>
      <For role="operator" what="To decide about devices">
        <Actions detail={found} open={decide => (dialog.value = decide)} />
      </For>
      <Interfaces detail={found} open={decide => (dialog.value = decide)} />
      <p class="said" role="status">
        {said.value}
      </p>
      <div class="columns">
        <section>
          <h2>Checks</h2>
          <Checks checks={found.checks} />
          <ProofPanel detail={found} />
          <For role="operator">
            <Challenge row={found.row} open={decide => (dialog.value = decide)} />
          </For>
        </section>
        <div>
          <DecisionPanel detail={found} />
          <DeviceProbes detail={found} open={decide => (dialog.value = decide)} />
          <Bindings detail={found} />
        </div>
      </div>
      <SetField detail={found} open={decide => (dialog.value = decide)} />
      <Facts detail={found} />
      <Timeline detail={found} />
      {dialog.value !== undefined && (
        <DecideDialog
          key={dialog.value.title}
          decide={dialog.value}
          close={done => {
            said.value = done ?? '';
            if (dialog.value === opened) dialog.value = undefined; // a browser tells late that a dialog closed: another may be open by then
          }}
        />
      )}
    </main>
  );
}

function Missing({ id }: { id: string }) {
  return (
    <main class="device">
      <Link to="/">‹ Devices</Link>
      <h1>No such device</h1>
      <p>Nothing is known under the id “{visibleText(id)}”. It may have been forgotten after it was silent for long.</p>
    </main>
  );
}

function Headline({ row }: { row: DeviceRow }) {
  return (
    <header class="headline">
      <Link to="/">‹ Devices</Link>
      <h1>
        <BadgeWord badge={row.badge} /> <span>{nameOf(row)}</span>
      </h1>
      <p class="soft">
        {whatOf(row)}
        {row.serial !== undefined && <> · SN {visibleText(row.serial)}</>}
      </p>
      <p class="mono ids">
        <span>
          {row.mac} <Copy text={row.mac} what="MAC address" />
        </span>
        {row.ips.map(ip => (
          <span key={ip}>
            {ip} <Copy text={ip} what="IP address" />
          </span>
        ))}
      </p>
    </header>
  );
}

const seenByWords = {
  announcement: 'it announced itself',
  frames: 'only its frames were seen',
  'forwarding-table': 'only the forwarding table saw it',
} as const;

function Where({ detail: { row, virtualOf } }: { detail: DeviceDetail }) {
  const plugged = switchOf(row);
  return (
    <section class="whereabouts">
      <h2>Where</h2>
      <p>
        <b>{whereOf(row)}</b>
        {plugged !== undefined && (
          <>
            {' '}
            · plugged in at <b title={`since ${when(row.attachedTo?.at ?? 0)}`}>{plugged}</b>
          </>
        )}{' '}
        · zone {row.zone} · {row.presence}, last frame <span title={when(row.lastSeen)}>{ago(row.lastSeen, clock.value)}</span> ·{' '}
        {seenByWords[row.seenBy]} · the network reads <b>{row.enforcement}</b>
        {row.sharesPortWith !== undefined && (
          <>
            {' '}
            · <b>one of {row.sharesPortWith + 1} on this port</b>: its frames count for A{row.assuranceCap} at most
          </>
        )}
        {row.cloneOf !== undefined && (
          <>
            {' '}
            · uses the address of <Link to={`/devices/${encodeURIComponent(row.cloneOf)}`}>{row.cloneOf}</Link>
          </>
        )}
        {addressWords[row.addressClass] !== undefined && <> · {addressWords[row.addressClass]}</>}
        {virtualOf.length > 0 && (
          <>
            {' '}
            · behind it stand{' '}
            {virtualOf.map(owner => (
              <Link key={owner} to={`/devices/${encodeURIComponent(owner)}`}>
                {owner}{' '}
              </Link>
            ))}
          </>
        )}
        {row.standsIn !== undefined && <> · stands in for {row.standsIn} addresses, which are not taken as its own</>}
      </p>
    </section>
  );
}

/** Asks the device once more to prove its firmware: beside what it proved last, and away from what lets in and cuts off. */
function Challenge({ row, open }: { row: DeviceRow; open: (decide: Decide) => void }) {
  const name = nameOf(row);
  const decide: Decide = {
    title: `Challenge ${name} again?`,
    consequence: `${row.mac} at ${whereOf(row)} is asked once more to prove its firmware. This changes nothing by itself.`,
    button: 'Challenge again',
    path: `/devices/${encodeURIComponent(row.id)}/challenge`,
  };
  return (
    <button type="button" onClick={() => open(decide)}>
      Challenge again…
    </button>
  );
}

/** The decisions that fit the present state; each opens a dialog that names the device and what follows. */
function Actions({ detail, open }: { detail: DeviceDetail; open: (decide: Decide) => void }) {
  const { row, person, excusable, linked } = detail;
  const lapses = row.addressClass === 'randomised' && row.group === undefined;
  const others = linked.map(({ row: other }) => `${nameOf(other)} (${other.mac} at ${whereOf(other)})`).join(', ');
  const name = nameOf(row);
  const at = `${row.mac} at ${whereOf(row)}`;
  const path = `/devices/${encodeURIComponent(row.id)}`;
  const failed = row.attestation === 'contraindicated';
  return (
    <section class="actions" aria-label="What you can do">
      {!failed && row.cloneOf === undefined && (
        <button
          type="button"
          class="primary"
          onClick={() =>
            open({
              title: `Approve ${name}?`,
              consequence: `${at} may use the network from now on. The approval lapses when the device fails a check or shows another key.${lapses ? ' Its hardware address is made up: when it changes, the approval is lost with it, and anybody may use that address again.' : ''}${linked.length > 0 ? ' It holds for this interface only.' : ''}`,
              button: 'Let it on the network',
              path: `${path}/approve`,
              presets: lapses ? randomisedPresets : approvalPresets,
            })
          }
        >
          {row.admission === 'approved' ? 'Approve anew…' : 'Approve…'}
        </button>
      )}
      {row.cloneOf !== undefined && (
        <button
          type="button"
          onClick={() =>
            open({
              title: `Was ${name} moved here?`,
              consequence: `${at} takes the place of ${row.cloneOf}, which is forgotten at its old port. Only if you moved it yourself: else this lets a clone in.`,
              button: 'I moved it here',
              danger: true,
              path: `${path}/approve`,
              presets: approvalPresets,
            })
          }
        >
          It was moved here…
        </button>
      )}
      {excusable !== undefined && (
        <button
          type="button"
          onClick={() =>
            open({
              title: `Waive ${excusable} for ${name}?`,
              consequence: `${at} failed a check: ${reasons[excusable].text}. It may use the network until the waiver ends; any other failed check still cuts it.`,
              button: 'Let it on in spite of this',
              danger: true,
              path: `${path}/waive`,
              presets: waiverPresets,
              body: { excuses: excusable },
            })
          }
        >
          Waive…
        </button>
      )}
      {person !== undefined && (
        <button
          type="button"
          onClick={() =>
            open({
              title: `Release ${name}?`,
              consequence: `The ${person.kind} by ${person.by} ends now. Rules and proof alone decide about ${at} from then on.`,
              button: person.kind === 'block' ? 'Take the block away' : `End the ${person.kind}`,
              path: `${path}/release`,
            })
          }
        >
          Release…
        </button>
      )}
      {row.admission !== 'blocked' && (
        <button
          type="button"
          class="danger"
          onClick={() =>
            open({
              title: `Quarantine ${name}?`,
              consequence: `${at} is cut from the network until somebody releases it. Whatever talks to it now stops working.${others === '' ? '' : ` Cut with it, because they count as the same device: ${others}.`}`,
              ...(others === '' ? {} : { option: { label: 'Cut this interface only', body: { alone: true } } }),
              button: 'Cut from the network',
              danger: true,
              path: `${path}/quarantine`,
            })
          }
        >
          Quarantine…
        </button>
      )}
    </section>
  );
}
