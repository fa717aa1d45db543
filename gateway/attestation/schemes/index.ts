import type { Evidence } from '../../model/attestation.ts';
import type { Scheme } from '../scheme.ts';
import { openDice } from './open-dice.ts';
import { tlsX509 } from './tls-x509.ts';

/** The Evidence formats we understand, in the order in which they are tried. */
export const schemes: readonly Scheme[] = [tlsX509, openDice];

/** The scheme for a media type. */
export const schemeFor = (mediaType: Evidence['mediaType']): Scheme | undefined => schemes.find(s => s.mediaTypes.includes(mediaType));
