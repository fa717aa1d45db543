import type { Check } from './attestation.ts';

const marks: Record<Check['outcome'], string> = { passed: '✓', failed: '✗', warned: '!', 'not-evaluated': '–' };

/** One check as people read it on a terminal, with its number, and what was expected and seen below it. Its text may be of the device: show it through `visibleText`. */
export function checkLines(check: Check, number: number): readonly string[] {
  const code = check.code === undefined ? '' : ` [${check.code}]`;
  return [
    `${String(number).padStart(2)} ${marks[check.outcome]} ${check.check.padEnd(10)} ${check.detail}${code}`,
    ...(check.expected === undefined ? [] : [`${' '.repeat(16)}expected ${check.expected}`]),
    ...(check.seen === undefined ? [] : [`${' '.repeat(16)}seen     ${check.seen}`]),
  ];
}
