import { tlv } from './ber.ts';
import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';
import { datagram } from './udp.ts';

/** Origin: composed here from RFC 4120 §5 with invented names. */
const integer = (n: number): b.Part => tlv(0x02, n);
const name = (type: number, ...parts: readonly string[]): b.Part =>
  tlv(0x30, tlv(0xa0, integer(type)), tlv(0xa1, tlv(0x30, ...parts.map(part => tlv(0x1b, part)))));
export const address = (type: number, value: b.Part): b.Part => tlv(0x30, tlv(0xa0, integer(type)), tlv(0xa1, tlv(0x04, value)));
export const netbios = (text: string): b.Part => address(20, `${text.padEnd(15)} `);

export const asRequest = (client: readonly string[], addresses?: readonly b.Part[]): Uint8Array =>
  b.bytes(
    tlv(
      0x6a,
      tlv(
        0x30,
        tlv(0xa1, integer(5)),
        tlv(0xa2, integer(10)),
        tlv(0xa3, tlv(0x30)),
        tlv(
          0xa4,
          tlv(
            0x30,
            tlv(0xa0, tlv(0x03, [0, 0x40, 0x81, 0, 0x10])),
            tlv(0xa1, name(1, ...client)),
            tlv(0xa2, tlv(0x1b, 'PLANT.EXAMPLE')),
            tlv(0xa3, name(2, 'krbtgt', 'PLANT.EXAMPLE')),
            tlv(0xa8, tlv(0x30, integer(18))),
            addresses === undefined ? [] : tlv(0xa9, tlv(0x30, ...addresses)),
          ),
        ),
      ),
    ),
  );
export const framed = (message: Uint8Array): Uint8Array => b.bytes(b.u32(message.length), message);
export const byPerson = asRequest(['operator'], [address(2, [192, 0, 2, 10]), netbios('HMI-7')]);
export const byMachine = asRequest(['panel-02$']);
export const reply = b.bytes(tlv(0x7e, tlv(0x30, tlv(0xa0, integer(5)), tlv(0xa1, integer(30)))));

export const kerberosVectors: { readonly [name: string]: Uint8Array } = {
  'kerberos-udp-request': datagram(50_088, 88, byPerson, { toPeer: true }),
  'kerberos-udp-reply': datagram(88, 50_088, reply, { toPeer: true }),
  'kerberos-tcp-request': fromClient(88, framed(byMachine)),
  'kerberos-tcp-reply': fromServer(88, framed(reply)),
};
