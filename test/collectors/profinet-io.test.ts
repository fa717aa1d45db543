import { describe, expect, it } from 'vitest';
import { decode, profinetIo } from '../../collectors/profinet-io.ts';
import { device, station, udpFromDevice, udpToDevice } from '../vectors/frames/industrial.ts';
import { args, connect, im0, modulePlate, plate, profinetIoVectors as v, rpc, subslotPlate } from '../vectors/frames/profinet-io.ts';
import { cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

const id = { kind: 'identifier', scheme: 'profinet-id', value: '002a:010e' };
const maker = { kind: 'maker', text: 'Siemens' };

describe('PROFINET IO', () => {
  it('names the controller that connects', () =>
    expect(saidBy('profinet-io', station, v['pnio-connect'])).toEqual([
      { kind: 'hostname', name: 'plc-7-x' },
      { kind: 'identifier', scheme: 'profinet-station', value: 'plc-7-x' },
    ]));

  it('tells the type plate of a device that is read', () =>
    expect(saidBy('profinet-io', device, v['pnio-plate'])).toEqual([
      id,
      maker,
      { kind: 'model', text: '6ES7 155-6AU01-0BN0' },
      { kind: 'firmware', text: 'V4.2.1' },
      { kind: 'serial', text: 'S C-L9K123456789' },
      { kind: 'inventory', of: 'hardware', text: '3' },
    ]));

  it('tells that of a module as a module', () => {
    const text = '6ES7 155-6AU01-0BN0 V4.2.1 serial S C-L9K123456789';
    for (const [frame, slot] of [
      [modulePlate, 'slot 2'],
      [subslotPlate, 'slot 2.3'],
    ] as const)
      expect(saidBy('profinet-io', device, udpFromDevice(34_964, frame)), slot).toEqual([
        maker,
        id,
        { kind: 'inventory', of: 'module', text: `${slot}: ${text}` },
      ]);
  });

  it('tells what its owner calls it', () => {
    expect(saidBy('profinet-io', device, v['pnio-tag'])).toEqual([maker, id, { kind: 'inventory', of: 'asset', text: '=A1+PUMP, Hall 2' }]);
    expect(saidBy('profinet-io', device, v['pnio-descriptor'])).toContainEqual({ kind: 'description', text: 'Pump station' });
  });

  it('of a plate without its slot tells none', () => {
    const bare = rpc(2, 2, args(true, im0));
    expect(saidBy('profinet-io', device, udpFromDevice(34_964, bare))).toEqual([maker, id]);
  });

  it('of an answer that is none, an error, from another port or in fragments tells no plate', () => {
    expect(saidBy('profinet-io', device, udpFromDevice(34_964, plate.with(80, 1)))).toEqual([maker, id]);
    expect(saidBy('profinet-io', station, udpToDevice(34_964, rpc(0, 2, new Uint8Array(40))))).toEqual([]);
    expect(saidBy('profinet-io', device, udpFromDevice(34_964, plate.with(2, 0x24)))).toEqual([]);
    expect(profinetIo.wants?.(peeled(udpFromDevice(34_963, plate)))).toBe(false);
  });

  it('is known of who sends what is not read, and not of another interface', () => {
    const write = udpToDevice(34_964, rpc(0, 3, new Uint8Array(40)));
    expect(protocolsOf(station, write)).toEqual(['profinet-io']);
    expect(profinetIo.wants?.(peeled(write))).toBe(false);
    expect(protocolsOf(station, udpToDevice(34_964, connect.with(32, 0)))).toEqual([]);
    expect(protocolsOf(station, udpToDevice(34_964, connect.with(0, 5)))).toEqual([]);
  });

  it('does not decode when cut', () => {
    for (const [name, frame] of Object.entries(v)) expect(cutsOf(decode, frame), name).toEqual([]);
  });

  it('with blocks beyond their message is malformed, with its sender', () => {
    for (const broken of [plate.with(102, 0xff), plate.with(103, 1), plate.with(75, 0xff)])
      expect(drained(udpFromDevice(34_964, broken)).malformed).toMatchObject([{ mac: device, collector: 'profinet-io' }]);
  });
});
