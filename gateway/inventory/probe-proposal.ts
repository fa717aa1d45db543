import type { Device } from '../model/device.ts';

/** What is never asked by ourselves before a person has said so: protocols whose speakers guard lives or run in hard real time. */
const protocols: Readonly<Record<string, string>> = {
  goose: 'protection messages (IEC 61850 GOOSE)',
  'sampled-values': 'sampled values (IEC 61850-9-2)',
  ethercat: 'EtherCAT',
  profisafe: 'PROFIsafe',
  'cip-safety': 'CIP Safety',
  'hart-ip': 'HART-IP',
};
/** Words in what a device is or says that it is. */
const words =
  /\b(protection|relay|ied|safety|sis|failsafe|fail-safe|medical|infusion|ventilator|patient|defibrillator|dialysis|imaging|mri|x-ray)\b/i;

/**
 * Why a device should be left alone, as far as traffic tells; undefined when nothing speaks for it. A proposal only: a person decides, either
 * way, and challenges are not touched by it, since anybody could send one such frame to escape them.
 */
export function probeProposal(device: Device): string | undefined {
  const spoken = device.protocols?.find(name => protocols[name] !== undefined);
  if (spoken !== undefined) return `it speaks ${protocols[spoken]}`;
  const { kind, deviceKind, model, description } = device.fields;
  for (const field of [kind, deviceKind, model, description]) {
    const word = field === undefined ? undefined : words.exec(field.value.slice(0, 256))?.[0];
    if (field !== undefined && word !== undefined) return `${field.source} says “${word}” of it`;
  }
  return undefined;
}
