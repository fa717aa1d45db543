import type { Ip, Millis } from '../../model/address.ts';
import type { TransportFailure } from '../../model/attestation.ts';
import { type Exchange, handshake } from './tls-channel.ts';

/** Whom to ask, on which ports in which order, and from where. */
export type Question = {
  readonly ip: Ip;
  readonly remotePorts: readonly number[];
  readonly localAddress: Ip;
  /** Source port for each remote port. */
  readonly localPorts: readonly number[];
};

/** What says most about the device, or about us, first: when all ports fail, this one is told. */
const telling: readonly TransportFailure[] = ['verifier', 'lane', 'not-tls', 'reset', 'timeout', 'unreachable', 'refused'];

/** Asks the ports in their order; the first that yields TLS wins. All of it within `total`; each port gets its share of what is left. */
export async function ask(question: Question, total: Millis, clock: () => Millis): Promise<Exchange> {
  const end = clock() + total;
  let worst: Extract<Exchange, { readonly kind: 'failed' }> = { kind: 'failed', failure: 'verifier', detail: 'no port was asked in time' };
  for (const [i, remotePort] of question.remotePorts.entries()) {
    const left = end - clock();
    if (left <= 0) break;
    const localPort = question.localPorts[i];
    const exchange = await handshake(
      { ip: question.ip, remotePort, localAddress: question.localAddress, ...(localPort === undefined ? {} : { localPort }) },
      left / (question.remotePorts.length - i),
    );
    if (exchange.kind === 'answered') return exchange;
    const told = { ...exchange, detail: `port ${remotePort}: ${exchange.detail}` };
    if (i === 0 || telling.indexOf(told.failure) < telling.indexOf(worst.failure)) worst = told;
  }
  return worst;
}
