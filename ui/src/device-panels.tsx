import { visibleText } from '../../gateway/api/contract.ts';
import type { DeviceDetail } from '../../gateway/api/contract.ts';
import { left, shortDigest, when } from './format.ts';
import { clock } from './store.ts';

const personWords = { approval: 'Approved', waiver: 'Waived', block: 'Cut off' } as const;

/** What policy wants and by which rule, who allowed it until when, and the four axes. */
export function DecisionPanel({ detail: { row, decision, person } }: { detail: DeviceDetail }) {
  return (
    <section>
      <h2>Decision</h2>
      <dl>
        <dt>rule</dt>
        <dd>
          {visibleText(row.rule.name)} <span class="mono soft">{visibleText(row.rule.at)}</span>
        </dd>
        <dt>wants</dt>
        <dd>
          {decision.access}
          {decision.until !== undefined && ` until ${when(decision.until)}`}
        </dd>
        <dt>attestation</dt>
        <dd>
          {row.attestation}, A{row.assurance}
          {row.expected ? ', expected' : ', not expected'}
        </dd>
        <dt>admission</dt>
        <dd>{row.admission}</dd>
        <dt>enforcement</dt>
        <dd>{row.enforcement}</dd>
        <dt>presence</dt>
        <dd>{row.presence}</dd>
        <dt>policy</dt>
        <dd class="mono">{shortDigest(decision.policy)}</dd>
      </dl>
      <h2>Who allowed it</h2>
      {person === undefined ? (
        <p class="soft">Nobody decided about this device; rules and proof alone did.</p>
      ) : (
        <p>
          <b>
            {personWords[person.kind]} by {visibleText(person.by)}
          </b>{' '}
          {person.until === undefined ? 'for good' : `until ${when(person.until)} (${left(person.until, clock.value)})`}
          {person.excuses !== undefined && (
            <>
              , in spite of <span class="mono">{person.excuses}</span>
            </>
          )}
          <br />“{visibleText(person.reason)}” <small class="soft">{when(person.at)}</small>
        </p>
      )}
    </section>
  );
}

const ages = { fresh: 'fresh', stale: 'stale: only the grace of its zone holds it', ended: 'too old to count' } as const;

/** What the last judged Evidence says about who the device is. */
export function ProofPanel({ detail: { proof, lastFailure, lastVerified, freshness, measured } }: { detail: DeviceDetail }) {
  return (
    <>
      {lastVerified !== undefined && (
        <p class="soft">
          Last verified {when(lastVerified)}
          {freshness !== undefined && `, ${ages[freshness]}`}
          {measured !== undefined && `. Measured ${measured}`}
        </p>
      )}
      {lastFailure !== undefined && (
        <p class="soft">
          Last attempt failed at {when(lastFailure.at)}: {visibleText(lastFailure.detail)} <span class="mono">{lastFailure.code}</span>
        </p>
      )}
      {proof !== undefined && (
        <details class="proof">
          <summary>
            Proof of {when(proof.at)}, {proof.scheme}, good until {when(proof.expires)}
          </summary>
          <dl>
            {proof.identity !== undefined && (
              <>
                <dt>subject</dt>
                <dd>{visibleText(proof.identity.subject)}</dd>
                <dt>issuer</dt>
                <dd>{visibleText(proof.identity.issuer)}</dd>
                <dt>anchor</dt>
                <dd>{visibleText(proof.identity.anchor)}</dd>
                <dt>device key</dt>
                <dd class="mono">{proof.identity.deviceKey}</dd>
              </>
            )}
            <dt>digests seen</dt>
            <dd class="mono">{proof.digestsSeen.map(({ alg, value }) => `${alg}:${value}`).join(' ')}</dd>
            <dt>expected</dt>
            <dd class="mono">{proof.digestsExpected.map(({ alg, value }) => `${alg}:${value}`).join(' ')}</dd>
            <dt>Evidence</dt>
            <dd class="mono">{proof.evidence}</dd>
            <dt>reference sets</dt>
            <dd class="mono">{visibleText(proof.referenceSets.join(' '))}</dd>
          </dl>
        </details>
      )}
    </>
  );
}

/** Which addresses it had at which port, and when. */
export function Bindings({ detail }: { detail: DeviceDetail }) {
  return (
    <section>
      <h2>Bindings</h2>
      <ul class="lines">
        {detail.bindings.map(binding => (
          <li key={`${binding.mac} ${binding.port} ${binding.vlan} ${binding.ip} ${binding.from}`}>
            <span class="mono">
              {binding.mac} {binding.ip ?? 'no address'}
            </span>{' '}
            {binding.port} · {binding.vlan === 0 ? 'untagged' : `VLAN ${binding.vlan}`}{' '}
            <small class="soft">
              since {when(binding.from)}
              {binding.until !== undefined && ` until ${when(binding.until)}`}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What it is called, what it serves and what was heard of it; each with its source and frame. */
export function Facts({ detail }: { detail: DeviceDetail }) {
  return (
    <section>
      <h2>Facts</h2>
      <ul class="lines">
        {detail.fields.map(field => (
          <li key={field.name}>
            <span>
              {field.name} <b>{visibleText(field.value)}</b>
            </span>{' '}
            <small class="soft">
              {field.source}, frame {field.frame}
              {field.locked === true && ', locked by a person'}
            </small>
          </li>
        ))}
        {detail.services.map(({ service, name }) => (
          <li key={service}>
            <span>
              serves <b>{service}</b> {name !== undefined && visibleText(name)}
            </span>
          </li>
        ))}
        {detail.facts.map(fact => (
          <li key={`${fact.collector} ${fact.frame} ${fact.text}`}>
            <span>{visibleText(fact.text)}</span>{' '}
            <small class="soft">
              {fact.collector}, frame {fact.frame}, {when(fact.at)}
            </small>
          </li>
        ))}
      </ul>
      <p class="soft">
        {detail.packets.toLocaleString('en')} frames, {detail.bytes.toLocaleString('en')} bytes since {when(detail.row.firstSeen)}
      </p>
    </section>
  );
}

export function Timeline({ detail: { timeline } }: { detail: DeviceDetail }) {
  return (
    <section>
      <h2>Timeline</h2>
      <ul class="lines">
        {timeline.map(entry => (
          <li key={entry.seq}>
            <span>{visibleText(entry.text)}</span>{' '}
            <small class="soft">
              {when(entry.at)} · #{entry.seq}
            </small>
          </li>
        ))}
      </ul>
      {timeline.length === 0 && <p class="soft">The journal has nothing about it yet.</p>}
    </section>
  );
}
