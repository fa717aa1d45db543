import { visibleText } from '../../gateway/api/contract.ts';
import type { Check } from '../../gateway/api/contract.ts';
import { shortDigest } from './format.ts';
import { Copy } from './link.tsx';

const marks = { passed: '✓', failed: '✗', warned: '!', 'not-evaluated': '–' } as const;
const words = { passed: 'passed', failed: 'failed', warned: 'warning', 'not-evaluated': 'not evaluated' } as const;
/** What each check asks, in words. */
const titles: Record<Check['check'], string> = {
  answered: 'Answered the challenge',
  fresh: 'Fresh, and holds the key',
  readable: 'Evidence can be read',
  chain: 'Certificate chain',
  identity: 'Who it is',
  bound: 'Same device as on the wire',
  measured: 'Firmware is measured',
  reference: 'Firmware is known and signed',
  version: 'Version floor',
  mode: 'Not in debug mode',
  expected: 'Expected here',
};

/** The ordered checks, top to bottom. What was not evaluated is never green. */
export function Checks({ checks }: { checks: readonly Check[] }) {
  if (checks.length === 0) return <p class="soft">It was not challenged: nothing is proved and nothing has failed.</p>;
  return (
    <ol class="checks">
      {checks.map(check => (
        <li key={check.check} class={check.outcome}>
          <span class="mark" aria-hidden="true">
            {marks[check.outcome]}
          </span>
          <div>
            <h3>
              {titles[check.check]} <small>{words[check.outcome]}</small>
            </h3>
            <p>
              {visibleText(check.detail)} {check.code !== undefined && <span class="mono code">{check.code}</span>}
            </p>
            {(check.expected !== undefined || check.seen !== undefined) && (
              <dl class="compare">
                <Value name="expected" text={check.expected} />
                <Value name="seen" text={check.seen} />
              </dl>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** A value that people compare: its ends first, the whole on demand, and a way to copy it. */
function Value({ name, text }: { name: string; text: string | undefined }) {
  if (text === undefined) return null;
  const whole = visibleText(text);
  const short = shortDigest(whole);
  return (
    <>
      <dt>{name}</dt>
      <dd class="mono">
        {short === whole ? (
          whole
        ) : (
          <details>
            <summary>{short}</summary>
            {whole}
          </details>
        )}
        <Copy text={text} what={name} />
      </dd>
    </>
  );
}
