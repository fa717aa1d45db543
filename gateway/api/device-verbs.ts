import { visibleText } from '../model/visible-text.ts';
import { ClientError } from './client.ts';
import { type DeviceDetail, maxFieldLength, settableFields } from './contract.ts';
import { candidate } from './find-device.ts';
import { whyLinked } from './table.ts';
import { type Call, exit, reasonOf, theDevice, WrongCall } from './verb-call.ts';

const done = { approve: 'Approved', quarantine: 'Quarantined', release: 'Released', unlink: 'Unlinked' } as const;

/** A person's word on one device. */
export async function decide(call: Call, kind: keyof typeof done, body: object): Promise<number> {
  const reason = reasonOf(call);
  const row = await theDevice(call);
  const answer = await call.client.ask('POST', `/devices/${encodeURIComponent(row.id)}/${kind}`, { ...body, reason });
  call.io.stdout.write(call.values.json === true ? `${answer}\n` : `${done[kind]} ${candidate(row)}\n`);
  return exit.good;
}

/** Whoever cuts a device sees what is cut with it: somebody may have linked himself to it by copying what it says. */
export async function quarantine(call: Call): Promise<number> {
  const { all, alone } = call.values;
  if (all === true && alone === true) throw new WrongCall('Cannot quarantine: --all and --alone exclude each other');
  reasonOf(call);
  const row = await theDevice(call);
  if (alone === true) return decide(call, 'quarantine', { alone });
  if (row.group !== undefined && all !== true) {
    const { linked } = await call.client.json<DeviceDetail>('GET', `/devices/${encodeURIComponent(row.id)}`);
    const lines = linked.map(other => `${candidate(other.row)}  (${other.links.map(whyLinked).join('; ')})`);
    throw new ClientError(
      'conflict',
      [`Cannot quarantine ${row.id}: these count as the same device; add --all to cut them too, or --alone:`, ...lines].join('\n'),
    );
  }
  return decide(call, 'quarantine', {});
}

export async function link(call: Call): Promise<number> {
  const { positionals, client, io, values } = call;
  if (positionals.length !== 2) throw new WrongCall('Cannot link: name exactly two devices');
  const reason = reasonOf(call);
  const [one, other] = [await theDevice(call), await theDevice(call, positionals[1])];
  const answer = await client.ask('POST', `/devices/${encodeURIComponent(one.id)}/link`, { other: other.id, reason });
  io.stdout.write(values.json === true ? `${answer}\n` : `Linked ${candidate(one)}\n  with ${candidate(other)}\n`);
  return exit.good;
}

export async function setField(call: Call): Promise<number> {
  const { positionals, client, io, values } = call;
  const [, field, value] = positionals;
  if (field === undefined || positionals.length !== (values.unlock === true ? 2 : 3))
    throw new WrongCall('Cannot set: give DEVICE FIELD VALUE, or DEVICE FIELD --unlock');
  if (!settableFields.some(each => each === field)) throw new WrongCall(`Cannot set '${field}': give ${settableFields.join(', ')}`);
  if (value !== undefined && value.trim().length > maxFieldLength)
    throw new WrongCall(`Cannot set ${field}: ${value.trim().length} characters, give at most ${maxFieldLength}`);
  const reason = reasonOf(call);
  const row = await theDevice(call);
  const body = values.unlock === true ? { field, unlock: true, reason } : { field, value, reason };
  const answer = await client.ask('POST', `/devices/${encodeURIComponent(row.id)}/set-field`, body);
  const text = values.unlock === true ? `Unlocked ${field} of ${candidate(row)}\n` : `Set ${field} of ${candidate(row)}\n`;
  io.stdout.write(values.json === true ? `${answer}\n` : visibleText(text.trimEnd()) + '\n');
  return exit.good;
}
