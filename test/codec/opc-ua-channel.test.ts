import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  closeChannel,
  getEndpoints,
  hello,
  openWithoutSecurity,
  readAsymmetric,
  readEndpoints,
  readOpcUaAnswer,
  readOpened,
} from '../../gateway/codec/opc-ua-channel.ts';
import { DecodeError, Reader } from '../../gateway/codec/reader.ts';
import { answerOpcUa } from '../vectors/opc-ua-server.ts';
import { good, now } from '../attestation/opc-ua-world.ts';

const token = { channel: 77, token: 5 };
const answer = (said: Uint8Array, endpoints?: number): Uint8Array =>
  new Uint8Array(Buffer.concat(answerOpcUa(Buffer.from(said), endpoints === undefined ? good : { ...good, endpoints }) ?? []));
const url = 'opc.tcp://10.0.0.9:4840';
const told = answer(getEndpoints(token, url, now), 3);
const opened = answer(openWithoutSecurity(now));
const whole = (bytes: Uint8Array) => readOpcUaAnswer(bytes) ?? { type: '', bodies: [] };
const endpoints = (bytes: Uint8Array) => readEndpoints(bodyOf(whole(bytes), 'MSG'), token);
const open = (bytes: Uint8Array) => {
  const r = new Reader(bodyOf(whole(bytes), 'OPN')[0] ?? new Uint8Array(), 'OPC UA');
  readAsymmetric(r);
  const found = readOpened(r);
  r.end();
  return found;
};

describe('the connection protocol of OPC UA', () => {
  it('sends what OPC 10000-6 says, size and all', () => {
    for (const message of [hello(url), openWithoutSecurity(now), getEndpoints(token, url, now), closeChannel(token, now)])
      expect(Buffer.from(message).readUInt32LE(4)).toBe(message.length);
    expect(Buffer.from(hello(url)).toString('latin1', 0, 4)).toBe('HELF');
    expect([openWithoutSecurity(now).length, closeChannel(token, now).length]).toEqual([132, 57]);
  });

  it('says when it asks: a server that insists on the time tells nothing to who leaves it out (OPC 10000-4 §7.32)', () => {
    // 1 January 2026 in steps of 100 ns since 1601.
    for (const message of [openWithoutSecurity, (at: number) => getEndpoints(token, url, at), (at: number) => closeChannel(token, at)])
      expect(Buffer.from(message(Date.UTC(2026, 0, 1))).includes(Buffer.from('00008192b17adc01', 'hex'))).toBe(true);
    const silent = getEndpoints(token, url, now).fill(0, 30, 38);
    expect(() => endpoints(answer(silent))).toThrow('Cannot take endpoints: it does not take the time that our clock says');
  });

  it('reads channel and endpoints, in however many chunks', () => {
    expect(open(opened)).toMatchObject({ ...token, request: 1 });
    expect(whole(told).bodies.length).toBeGreaterThan(1);
    const found = endpoints(told);
    expect(found.length).toBe(12);
    expect(found[1]).toEqual({
      applicationUri: 'urn:plant:plc-9',
      certificate: good.chain[0],
      mode: 2,
      policy: 'http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256',
    });
  });

  it('waits for what is not whole, and takes no more than one answer', () => {
    for (let end = 0; end < told.length; end += 13) expect(readOpcUaAnswer(told.subarray(0, end))).toBeUndefined();
    expect(() => readOpcUaAnswer(Uint8Array.of(...opened, 0))).toThrow(DecodeError);
    expect(() => readOpcUaAnswer(Uint8Array.of(...(whole(told).bodies.length > 1 ? told.subarray(0, 8008) : told), ...opened))).toThrow(
      DecodeError,
    );
  });

  it('refuses sizes and chunks beyond what we said', () => {
    const sized = (n: number): Uint8Array => Uint8Array.of(0x4d, 0x53, 0x47, 0x46, n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24);
    for (const n of [0, 7, 131_073, 0xffff_ffff]) expect(() => readOpcUaAnswer(sized(n))).toThrow(DecodeError);
    const many = Buffer.concat(Array.from({ length: 17 }, () => Buffer.from([0x4d, 0x53, 0x47, 0x43, 8, 0, 0, 0])));
    expect(() => readOpcUaAnswer(many)).toThrow(DecodeError);
    expect(() => readOpcUaAnswer(opened.with(3, 0x41))).toThrow(DecodeError);
  });

  it('truncations of the bodies throw, edits decode or throw DecodeError', () => {
    const [body = new Uint8Array()] = bodyOf(whole(opened), 'OPN');
    for (let end = 0; end < body.length; end++)
      expect(() => {
        const r = new Reader(body.subarray(0, end), 'OPC UA');
        readAsymmetric(r);
        readOpened(r);
      }).toThrow(DecodeError);
    const bodies = bodyOf(whole(told), 'MSG');
    const [first = new Uint8Array(), ...rest] = bodies;
    for (let end = 0; end < first.length; end += 5) expect(() => readEndpoints([first.subarray(0, end)], token)).toThrow(DecodeError);
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 3 }), (at, gone, put) => {
        const i = at % first.length;
        try {
          readEndpoints([Uint8Array.of(...first.subarray(0, i), ...put, ...first.subarray(i + gone)), ...rest], token);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('says what a server declined', () => {
    const error = (code: number): Uint8Array =>
      Uint8Array.of(
        0x45,
        0x52,
        0x52,
        0x46,
        16,
        0,
        0,
        0,
        code & 255,
        (code >> 8) & 255,
        (code >> 16) & 255,
        code >>> 24,
        255,
        255,
        255,
        255,
      );
    expect(() => bodyOf(whole(error(0x80550000)), 'OPN')).toThrow('it rejects the security policy');
    expect(() => bodyOf(whole(opened), 'MSG')).toThrow('OPN in place of MSG');
    expect(() => readEndpoints(bodyOf(whole(told), 'MSG'), { channel: 78, token: 5 })).toThrow('another channel');
  });
});
