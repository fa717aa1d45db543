import { describe, expect, it } from 'vitest';
import { maxMacsOfKey, maxProofs, Proofs } from '../../gateway/inventory/proofs.ts';

const mac = (n: number): string => `02:${[n >> 24, n >> 16, n >> 8, n, 0].map(b => (b & 255).toString(16).padStart(2, '0')).join(':')}`;
const who = (key: string, more = {}) => ({
  subject: 'CN=x',
  issuer: 'CN=y',
  anchor: 'acme',
  leafKey: 'leaf',
  notAfter: 0,
  deviceKey: key,
  ...more,
});

describe('who once attested', () => {
  it('is found by address, by serial, and by vendor and model of another address', () => {
    const proofs = new Proofs();
    proofs.note(mac(1), 'd1', who('k1', { serial: 'S1', vendor: 'Acme', model: 'TS-2' }), 5);
    expect(proofs.of(mac(1))).toMatchObject({ device: 'd1', at: 5, deviceKey: 'k1' });
    expect(proofs.withSerial('S1')?.mac).toBe(mac(1));
    expect(proofs.ofClass('ACME', 'ts-2', mac(2))?.mac).toBe(mac(1));
    expect(proofs.ofClass('Acme', 'TS-2', mac(1))).toBeUndefined();
    expect(Proofs.from(structuredClone(proofs.snapshot())).withSerial('S1')?.mac).toBe(mac(1));
  });

  it('is replaced by what the address proves later, in every index', () => {
    const proofs = new Proofs();
    proofs.note(mac(1), 'd1', who('k1', { serial: 'S1' }), 5);
    proofs.note(mac(1), 'd1', who('k2', { serial: 'S2' }), 6);
    expect([proofs.size, proofs.withSerial('S1'), proofs.withSerial('S2')?.at]).toEqual([1, undefined, 6]);
  });

  it('a key shown at ever new addresses pushes nobody out but itself', () => {
    const proofs = new Proofs();
    proofs.note(mac(0), 'd0', who('k0', { serial: 'S0' }), 0);
    for (let i = 1; i < 30_000; i += 1) proofs.note(mac(i), `d${i}`, who('thief'), i);
    expect(proofs.size).toBe(1 + maxMacsOfKey);
    expect(proofs.withSerial('S0')?.mac).toBe(mac(0));
  });

  it('stays under its cap whatever comes, and keeps the newest', () => {
    const proofs = new Proofs();
    for (let i = 0; i < maxProofs + 500; i += 1) proofs.note(mac(i), `d${i}`, who(`k${i}`, { serial: `S${i}` }), i);
    expect(proofs.size).toBe(maxProofs);
    expect(proofs.withSerial('S499')).toBeUndefined();
    expect(proofs.withSerial('S500')?.mac).toBe(mac(500));
    expect(Proofs.from([...proofs.snapshot(), ...proofs.snapshot()]).size).toBe(maxProofs);
  });
});
