import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/eapol.ts';
import * as v from '../vectors/frames/eapol.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.eapolVectors;
const authenticator = { kind: 'bridge', protocol: 'eapol', detail: 'authenticator' };

describe('EAPOL', () => {
  it('names the identity of a supplicant, up to what is for its peer only', () =>
    expect(factsOf(host, vectors['eapol-identity'])).toEqual([
      { kind: 'identifier', scheme: 'eap-identity', value: 'host/drive-7.example' },
    ]));

  it.each(['eapol-identity-request', 'eapol-success'] as const)('names who lets in: %s', name =>
    expect(factsOf(gateway, vectors[name])).toEqual([authenticator]),
  );

  it('that starts, or answers with a method, tells nothing more', () => {
    expect(factsOf(host, vectors['eapol-start'], vectors['eapol-tls-response'])).toEqual([]);
    expect(factsOf(gateway, vectors['eapol-key'])).toEqual([]);
  });

  it('with a wrong code or length is malformed, with its sender', () => {
    expect(() => decode(v.eapol(0, v.eap(9)))).toThrow(/code 9/);
    expect(() => decode(v.eapol(0, v.eap(2, 1).with(3, 3)))).toThrow(/length 3/);
    expect(() => decode(v.eapol(0, v.eap(2, 1).with(3, 200)))).toThrow(/196 bytes wanted/);
    expect(drained(v.eapolFrame(host, v.eapol(0, v.eap(0)))).malformed).toMatchObject([{ mac: host, collector: 'eapol' }]);
  });

  it('does not decode when cut anywhere', () => expect(cutsThatDecode(v.eapol(0, v.eap(2, 1, 'drive')), decode)).toEqual([]));
});
