import { expect, it } from 'vitest';
import { dpws } from '../../collectors/dpws.ts';
import { dpwsMetadata, xmlAnswer } from '../vectors/frames/http.ts';
import { conversation } from '../vectors/frames/stream.ts';
import { told } from './stream-facts.ts';

it('the metadata of a web service tell its type plate', () =>
  expect(told(dpws, conversation(8000, { server: xmlAnswer(dpwsMetadata) })).host).toEqual([
    { kind: 'maker', text: 'Printer Co.' },
    { kind: 'model', text: 'Laser 3' },
    { kind: 'firmware', text: '1.2' },
    { kind: 'serial', text: 'P-7' },
    { kind: 'description', text: 'Office' },
  ]));
