import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { AnchorCard } from './anchor-card.tsx';
import { DecideDialog } from './decide-dialog.tsx';
import type { Decide } from './decide-dialog.tsx';
import { ReferenceCard } from './reference-card.tsx';
import { Baselines } from './reference-panels.tsx';
import { For } from './role.tsx';
import { anchors, enrolled, fileLists, loadTrust, references, said as wordsSaid, trustProblem } from './trust-store.ts';
import { EnrolledKeys, FileLists } from './trust-tables.tsx';

/** Whose word counts: anchors that devices' certificates must lead to, and signed lists of the firmware that is good. */
export function TrustPage() {
  const dialog = useSignal<Decide | undefined>(undefined);
  const said = useSignal('');
  const open = (decide: Decide) => (dialog.value = decide);
  useEffect(() => {
    document.title = 'Trust · Sallyport';
    return () => {
      document.title = 'Sallyport';
    };
  }, []);
  const close = (done?: string) => {
    dialog.value = undefined;
    said.value = done === undefined ? '' : `${done} It counts within seconds.`;
    // First the list: what is staged no more is not to be asked for.
    void loadTrust().then(() => (wordsSaid.value += 1));
  };
  // What waits for somebody first, else as the gateway lists them.
  const shown = anchors.value?.toSorted((a, b) => Number(b.state === 'staged') - Number(a.state === 'staged'));
  const sets = references.value?.sets.toSorted((a, b) => Number(b.state === 'staged') - Number(a.state === 'staged'));
  return (
    <main class="trust">
      <h1>Trust</h1>
      <p class="soft">Whose word counts when a device proves which firmware it runs, and who said so.</p>
      <For role="admin" what="To change whom the gateway trusts">
        {null}
      </For>
      {trustProblem.value !== undefined && (
        <p class="banner bad" role="status">
          {trustProblem.value}
        </p>
      )}
      <p class="said" role="status">
        {said.value}
      </p>
      <section aria-labelledby="anchors-title">
        <h2 id="anchors-title">Trust anchors{shown !== undefined && ` (${shown.length})`}</h2>
        {shown === undefined && trustProblem.value === undefined && <p role="status">Loading…</p>}
        {shown?.length === 0 && (
          <p>
            <b>Nothing is trusted: no device can prove anything.</b> Put the CA certificates of your vendors into{' '}
            <span class="mono">policies.d/anchors</span>, or bring one with <span class="mono">sallyport trust add FILE</span>.
          </p>
        )}
        <ul class="cards">
          {shown?.map(anchor => (
            <AnchorCard key={`${anchor.sha256} ${anchor.name}`} anchor={anchor} open={open} />
          ))}
        </ul>
        {shown !== undefined && shown.length > 0 && (
          <p class="soft">
            To bring one: <span class="mono">sallyport trust add FILE</span>. It counts when a second person has confirmed it here.
          </p>
        )}
      </section>
      <section aria-labelledby="references-title">
        <h2 id="references-title">Reference values{sets !== undefined && ` (${sets.length})`}</h2>
        {sets?.length === 0 && (
          <p>
            <b>No firmware is listed as good.</b> Put signed lists into <span class="mono">policies.d/reference-values</span>, or bring one
            with <span class="mono">sallyport reference add FILE</span>.
          </p>
        )}
        <ul class="cards">
          {sets?.map(row => (
            <ReferenceCard key={row.key} row={row} all={sets} open={open} />
          ))}
        </ul>
        <Baselines baselines={references.value?.baselines ?? []} />
        <FileLists lists={fileLists.value ?? []} />
      </section>
      <EnrolledKeys keys={enrolled.value ?? []} open={open} />
      {dialog.value !== undefined && <DecideDialog key={dialog.value.title} decide={dialog.value} close={close} />}
    </main>
  );
}
