import { claim, each, type Judged } from './claim.ts';

/** What switches, routers and access points tell each other by ways of their makers; and what machines say to a domain controller. */
export const gearClaims: readonly Judged[] = [
  {
    protocol: 'MNDP',
    collectors: ['mndp'],
    fields: ['mndp.identity', 'mndp.platform', 'mndp.board', 'mndp.version'],
    // `6.35.1 (stable)` is version and channel.
    claims: row => [
      ...each(row, 'mndp.identity', 'mndp.platform', 'mndp.board'),
      ...row.all('mndp.version').map(version => claim('mndp.version', version.replace(/ .*$/, ''))),
    ],
  },
  {
    protocol: 'CAPWAP',
    collectors: ['capwap'],
    fields: [
      'capwap.control.message_element.ac_name',
      'capwap.control.message_element.wtp_board_data.wtp_model_number',
      'capwap.control.message_element.wtp_board_data.wtp_serial_number',
    ],
    claims: row =>
      each(
        row,
        'capwap.control.message_element.ac_name',
        'capwap.control.message_element.wtp_board_data.wtp_model_number',
        'capwap.control.message_element.wtp_board_data.wtp_serial_number',
      ),
  },
  {
    protocol: 'Kerberos client',
    collectors: ['kerberos'],
    fields: ['kerberos.addr_nb', 'tcp.dstport', 'udp.dstport'],
    claims: row => row.all('kerberos.addr_nb').map(name => claim('kerberos.addr_nb', name.replace(/<..>.*$/, ''))),
  },
];
