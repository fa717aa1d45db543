import { concat } from '../../codec/bytes.ts';
import { fragmentDtlsMessage } from '../../codec/dtls-handshake.ts';
import { dtls12, dtlsContent, encodeDtlsRecord } from '../../codec/dtls-record.ts';
import type { Flight } from './handshake.ts';
import { sealRecord } from './protection.ts';
import { type DirectionKeys, type DtlsSecrets, keyBlock } from './secrets.ts';
import type { DtlsSuite } from './suites.ts';

/** What fits one datagram on any link that carries Ethernet's payload, bytes; and what of it is left to a piece of a message. */
const [maxDatagram, maxPiece] = [1_200, 1_100];

/** Keys of both directions, and the suite that they are for. */
type Sealing = { readonly suite: DtlsSuite; readonly own: DirectionKeys; readonly peer: DirectionKeys };

/** Writes our records: in the clear in epoch 0, sealed in epoch 1. No number comes twice in an epoch, so no nonce does. */
export class RecordWriter {
  /** Numbers of the next record, by epoch. */
  readonly #numbers: [number, number] = [0, 0];
  #sealing: Sealing | undefined;

  get sealing(): Sealing | undefined {
    return this.#sealing;
  }

  /** From now on `write` seals. The keys stay those of the first call: there is one handshake. */
  sealBy({ suite, secrets }: { readonly suite: DtlsSuite; readonly secrets: DtlsSecrets }): void {
    this.#sealing ??= { suite, ...keyBlock(secrets, suite.keyBytes) };
  }

  /** One record; sealed as soon as that is possible. */
  write(type: number, fragment: Uint8Array): Uint8Array {
    if (this.#sealing === undefined) return this.#clear(type, fragment);
    const { suite, own } = this.#sealing;
    return sealRecord(suite, own, { type, epoch: 1, sequence: this.#numbers[1]++ }, fragment);
  }

  /** A flight as datagrams, with new numbers each time. What comes behind its change of cipher is sealed. */
  flight(flight: Flight): readonly Uint8Array[] {
    let isSealed = false;
    const records = flight.flatMap(part => {
      if (part !== 'change-cipher-spec') {
        const write = (piece: Uint8Array): Uint8Array =>
          isSealed ? this.write(dtlsContent.handshake, piece) : this.#clear(dtlsContent.handshake, piece);
        return fragmentDtlsMessage(part, maxPiece).map(write);
      }
      isSealed = true;
      return [this.#clear(dtlsContent.changeCipherSpec, Uint8Array.of(1))];
    });
    return packed(records);
  }

  #clear(type: number, fragment: Uint8Array): Uint8Array {
    return encodeDtlsRecord({ type, version: dtls12, epoch: 0, sequence: this.#numbers[0]++, fragment });
  }
}

/** As many records to a datagram as fit. */
function packed(records: readonly Uint8Array[]): readonly Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  for (const record of records) {
    const last = datagrams.at(-1);
    if (last !== undefined && last.length + record.length <= maxDatagram) datagrams[datagrams.length - 1] = concat(last, record);
    else datagrams.push(record);
  }
  return datagrams;
}
