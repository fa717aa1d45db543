import type { Ip, Millis } from '../../model/address.ts';
import type { ChallengeOutcome, Evidence, TransportFailure } from '../../model/attestation.ts';
import type { ChannelAddress } from '../../model/settings.ts';
import { type Exchange, failed, type Failed, type Target } from './channels/channel.ts';
import { channelFor } from './channels/index.ts';
import { maxEvidenceBytes } from './wire.ts';

/** Whom to ask, by which ways in which order, and from where. */
export type Question = Pick<Target, 'previous' | 'pcrs' | 'filesFrom' | 'bootLog' | 'share'> & {
  readonly ip: Ip;
  readonly channels: readonly ChannelAddress[];
  readonly localAddress: Ip;
  /** Source port for each of the ways. */
  readonly localPorts: readonly number[];
  readonly nonce: (remotePort: number, exporter?: Uint8Array) => ReturnType<Target['nonce']>;
};

/** What came of it: an outcome, and the Evidence that it is about; without Evidence where nobody gave any. */
export type Asked = { readonly outcome: ChallengeOutcome; readonly evidence?: Evidence };
export type Answered = Extract<Exchange, { readonly kind: 'answered' }>;

/** A time-out that comes so much too late says that we stood still: an answer may lie unread. Milliseconds. */
const lateMs: Millis = 250;
/** What says most about the device, or about us, first: when all ways fail, this one is told. */
const telling: readonly TransportFailure[] = ['verifier', 'lane', 'not-tls', 'reset', 'timeout', 'unreachable', 'refused'];

/**
 * Asks by the ways in their order until one gives Evidence; what never claimed to attest, as a printer's page, stands only when no other way has
 * any. All of it within `total`; each way gets its share of what is left.
 */
export async function ask(
  question: Question,
  total: Millis,
  clock: () => Millis,
  judge: (answered: Answered) => ChallengeOutcome | Promise<ChallengeOutcome>,
): Promise<Asked> {
  const end = clock() + total;
  let worst: Failed = failed('verifier', 'nothing was asked in time');
  let empty: Asked | undefined;
  for (const [i, address] of question.channels.entries()) {
    const begun = clock();
    if (end <= begun) break;
    const share = (end - begun) / (question.channels.length - i);
    const exchange = blamed(await askBy(question, i, address, share), clock() - begun - share);
    if (exchange.kind === 'answered') {
      const asked = { outcome: await judge(exchange), evidence: exchange.evidence };
      if (asked.outcome.kind !== 'no-evidence') return asked;
      empty ??= asked;
      continue;
    }
    const told = { ...exchange, detail: `${address.channel} port ${address.port}: ${exchange.detail}` };
    if (i === 0 || telling.indexOf(told.failure) < telling.indexOf(worst.failure)) worst = told;
  }
  return empty ?? { outcome: { kind: 'transport-failure', failure: worst.failure, detail: worst.detail } };
}

/** The device's silence counts only while we listened: `late` is by how much its time-out came too late. */
const blamed = (exchange: Exchange, late: Millis): Exchange =>
  exchange.kind === 'failed' && exchange.failure === 'timeout' && late > lateMs
    ? failed('verifier', `we stood still when its time was over, for ${Math.round(late)} ms`)
    : exchange;

async function askBy(question: Question, i: number, { channel, port, path }: ChannelAddress, left: Millis): Promise<Exchange> {
  const localPort = question.localPorts[i];
  const target: Target = {
    ip: question.ip,
    remotePort: port,
    localAddress: question.localAddress,
    nonce: exporter => question.nonce(port, exporter),
    ...(localPort === undefined ? {} : { localPort }),
    ...(path === undefined ? {} : { path }),
    ...(question.pcrs === undefined ? {} : { pcrs: question.pcrs }),
    ...(question.previous === undefined ? {} : { previous: question.previous }),
    ...(question.bootLog === undefined ? {} : { bootLog: question.bootLog }),
    ...(question.share === undefined ? {} : { share: question.share }),
    ...(question.filesFrom === undefined ? {} : { filesFrom: question.filesFrom }),
  };
  const exchange = (await channelFor(channel)?.ask(target, left)) ?? failed('verifier', 'no such channel');
  // What is more could not even be handed on to the gateway.
  const isTooMuch = exchange.kind === 'answered' && exchange.evidence.bytes.length > maxEvidenceBytes;
  return isTooMuch
    ? failed('reset', `answers with ${exchange.evidence.bytes.length} bytes of Evidence, at most ${maxEvidenceBytes} are taken`)
    : exchange;
}
