import { setTimeout as pause } from 'node:timers/promises';
import { checkLines } from '../model/check-lines.ts';
import { visibleJson, visibleText } from '../model/visible-text.ts';
import { type DeviceDetail, reasons } from './contract.ts';
import { candidate } from './find-device.ts';
import { type Call, exit, theDevice } from './verb-call.ts';

/** How often the gateway is asked whether the answer is there, milliseconds. */
const pollMs = 250;
/** A challenge takes 12 seconds at most: 3 until its lane is open, and 9. */
const answerPolls = 20_000 / pollMs;
/** With --wait: how often it is challenged, and for how long. */
const [againPolls, waitPolls] = [30_000 / pollMs, 600_000 / pollMs];

/** `sallyport attest`: challenges the device now and says what came of it. */
export async function attest(call: Call): Promise<number> {
  const { client, io, values } = call;
  const row = await theDevice(call);
  const path = `/devices/${encodeURIComponent(row.id)}`;
  const read = (): Promise<DeviceDetail> => client.json<DeviceDetail>('GET', path);
  const challenge = (): Promise<string> =>
    client.ask('POST', `${path}/challenge`, { reason: values.reason ?? 'asked on the command line' });
  const seen = newest(await read(), () => true);
  const wait = io.pause ?? pause;
  let judged: DeviceDetail | undefined;
  let last: DeviceDetail | undefined;
  for (let poll = 0; poll < (values.wait === true ? waitPolls : answerPolls) && judged === undefined; poll += 1) {
    if (poll % againPolls === 0) await challenge();
    await wait(pollMs);
    const detail = await read();
    if (newest(detail, kind => kind === 'attested' || kind === 'attested-again') <= seen) continue;
    last = detail;
    // No answer is no judgement: with --wait it is asked again.
    if (detail.lastFailure === undefined || values.wait !== true) judged = detail;
  }
  const found = judged ?? last;
  if (found === undefined) {
    const asked = newest(await read(), kind => kind === 'challenged') > seen;
    io.stderr.write(`${asked ? silence : `${visibleText(candidate(row))}: ${notAsked}`}\n`);
    return exit.nothing;
  }
  io.stdout.write(values.json === true ? `${visibleJson(found)}\n` : attestText(found));
  return found.lastFailure === undefined ? standing[found.row.attestation] : exit.nothing;
}

const silence = 'It was challenged and the challenge has not ended yet; see sallyport why';
const notAsked =
  'was not challenged: its zone is not armed for challenges, it has no address of its own, or its port is down; see sallyport why';

/** DESIGN §8. */
const standing = { affirming: exit.good, warning: exit.findings, contraindicated: exit.denied, none: exit.nothing } as const;

/** Number of the newest Event of such a kind in the timeline; 0 when there is none. */
const newest = ({ timeline }: DeviceDetail, of: (kind: string) => boolean): number =>
  timeline.reduce((most, { seq, kind }) => (of(kind) ? Math.max(most, seq) : most), 0);

/** The checks of the answer, what they come to, and what to do. */
function attestText({ row, checks, proof, lastFailure }: DeviceDetail): string {
  const until = proof === undefined ? '' : `, until ${new Date(proof.expires).toISOString()}`;
  const lines = [
    candidate(row),
    ...checks.flatMap((check, i) => checkLines(check, i + 1)),
    '',
    ...(lastFailure === undefined ? [] : [`no answer: ${reasons[lastFailure.code].text} [${lastFailure.code}]: ${lastFailure.detail}`]),
    `${lastFailure === undefined ? 'proved' : 'before'} ${row.attestation} A${row.assurance}${until}`,
    `next   ${reasons[lastFailure?.code ?? row.reason].next} [${lastFailure?.code ?? row.reason}]`,
  ];
  return lines.map(line => `${visibleText(line)}\n`).join('');
}
