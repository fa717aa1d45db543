import { expect, it } from 'vitest';
import { upnp } from '../../collectors/upnp.ts';
import { upnpDescription, xmlAnswer } from '../vectors/frames/http.ts';
import { conversation } from '../vectors/frames/stream.ts';
import { told } from './stream-facts.ts';

it('the description of a device tells its type plate: that of the root device', () =>
  expect(told(upnp, conversation(8000, { server: xmlAnswer(upnpDescription) }, 100)).host).toEqual([
    { kind: 'maker', text: 'Maker AG' },
    { kind: 'model', text: 'Sound 9 S9-B' },
    { kind: 'serial', text: '00-0042' },
    { kind: 'description', text: 'Canteen & bar' },
    { kind: 'identifier', scheme: 'uuid', value: '2fac1234-31f8-11b4-a222-08002b34c003' },
    { kind: 'device-kind', text: 'media-player' },
  ]));
