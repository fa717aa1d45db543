import { appraiseChain } from '../appraise.ts';
import type { ChainClaims } from '../claims.ts';
import { judgedBefore } from '../judged-before.ts';
import { verifyPsa } from '../psa.ts';
import { scheme } from '../scheme.ts';
import { openToken } from '../token.ts';

/** The PSA attestation token in its three dialects: what TF-M and its kin answer a nonce with. */
export const psa = judgedBefore(
  scheme<ChainClaims>({
    name: 'psa',
    spec: 'RFC 9783 (PSA token: 2023 tfm, 2.0.0, PSA_IOT_PROFILE_1), RFC 9052',
    mediaTypes: ['application/psa-attestation-token'],
    freshBy: 'nonce',
    verify: (evidence, context, checks) => verifyPsa(openToken(evidence, context), evidence, context, checks),
    appraise: appraiseChain,
  }),
);
