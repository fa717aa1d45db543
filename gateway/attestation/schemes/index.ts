import type { Evidence } from '../../model/attestation.ts';
import type { Scheme } from '../scheme.ts';
import { tlsX509 } from './tls-x509.ts';
import { tpmQuote } from './tpm-quote.ts';

/** The Evidence formats we understand, in the order in which they are tried. */
export const schemes: readonly Scheme[] = [tlsX509, tpmQuote];

/** The scheme for a media type. */
export const schemeFor = (mediaType: Evidence['mediaType']): Scheme | undefined => schemes.find(s => s.mediaTypes.includes(mediaType));
