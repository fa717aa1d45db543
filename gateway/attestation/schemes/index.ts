import type { Evidence } from '../../model/attestation.ts';
import type { Scheme } from '../scheme.ts';
import { cmwOver } from './cmw.ts';
import { ear } from './ear.ts';
import { eatOr } from './eat.ts';
import { matter } from './matter.ts';
import { opcUa } from './opc-ua.ts';
import { openDice } from './open-dice.ts';
import { psa } from './psa.ts';
import { spdm } from './spdm.ts';
import { tlsX509 } from './tls-x509.ts';
import { tpmQuote } from './tpm-quote.ts';

/** The Evidence formats we understand, in the order in which they are tried. */
const plain: readonly Scheme[] = [tlsX509, openDice, eatOr(ear), psa, matter, tpmQuote, spdm, opcUa, ear];
/** With the wrapper around them. */
export const schemes: readonly Scheme[] = [...plain, cmwOver(plain)];

/** The scheme for a media type. */
export const schemeFor = (mediaType: Evidence['mediaType']): Scheme | undefined => schemes.find(s => s.mediaTypes.includes(mediaType));
