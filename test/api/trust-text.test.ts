import { expect, it } from 'vitest';
import { anchorUses } from '../../gateway/model/trust.ts';
import { previewBasis, usesText } from '../../gateway/api/trust-text.ts';

it('what a preview rests on is told in one line, and what it held back', () => {
  expect(previewBasis({ newlyAdmitted: [], judged: 1, untold: 0 })).toBe('1 device judged anew');
  expect(previewBasis({ newlyAdmitted: [], judged: 3, untold: 2, notLetAttest: 1 })).toBe(
    '3 devices judged anew; of 2 more it cannot be told; tokens or measurements of 1 device count only if it has the use attest',
  );
});

it('each use of an anchor has words of its own', () => {
  expect(usesText(['identity', 'attest'])).toBe('devices, and for keys that sign tokens and SPDM measurements');
  expect(new Set(anchorUses.map(use => usesText([use]))).size).toBe(anchorUses.length);
});
