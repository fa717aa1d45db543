import { claim, decimal, each, exact, is, isHost, type Judged, simple } from './claim.ts';

/** The instance that stands for any, ASHRAE 135 §12.11. */
const anyInstance = '4194303';
const s7Names = ['s7comm.szl.001c.0001.name', 's7comm.szl.001c.0002.name', 's7comm.szl.001c.0003.tag', 's7comm.szl.001c.0005.serialn'];

/** What controllers, drives and the instruments of a plant say of themselves. */
export const plantClaims: readonly Judged[] = [
  {
    protocol: 'Modbus',
    collectors: ['modbus'],
    fields: ['modbus.object_str_value'],
    claims: row => each(row, 'modbus.object_str_value'),
  },
  {
    protocol: 'EtherNet/IP',
    collectors: ['enip', 'cip'],
    fields: [
      ...['enip.lir.name', 'enip.lir.serial', 'cip.id.product_name', 'cip.id.serial_number', 'cip.tcpip.hostname'],
      ...['cip.id.major_rev', 'cip.id.minor_rev'],
    ],
    claims: row => [
      ...each(row, 'enip.lir.name', 'cip.id.product_name', 'cip.tcpip.hostname'),
      ...row.all('cip.id.major_rev').map((major, i) => claim('cip.id revision', `${major}.${row.all('cip.id.minor_rev')[i] ?? ''}`)),
      ...[...row.all('enip.lir.serial'), ...row.all('cip.id.serial_number')].map(n => claim('serial', n.replace('0x', ''), decimal(n))),
    ],
  },
  {
    protocol: 'PROFINET DCP',
    collectors: ['profinet-dcp'],
    fields: [
      'pn_dcp.service_type',
      'pn_dcp.suboption_device_nameofstation',
      'pn_dcp.suboption_device_devicevendorvalue',
      'pn_dcp.suboption_ip_ip',
      'pn_dcp.suboption_device_id',
      'pn_dcp.suboption_device_aliasname',
    ],
    claims: row =>
      is(row, 'pn_dcp.service_type', '1', '0x01')
        ? [
            ...each(row, 'pn_dcp.suboption_device_nameofstation', 'pn_dcp.suboption_device_devicevendorvalue'),
            // `port.station` of the neighbour: two things.
            ...row
              .all('pn_dcp.suboption_device_aliasname')
              .flatMap(alias => alias.split('.').map(part => claim('pn_dcp.suboption_device_aliasname', part))),
            ...row
              .all('pn_dcp.suboption_ip_ip')
              .filter(isHost)
              .map(ip => exact('pn_dcp.suboption_ip_ip', ip)),
            ...row.all('pn_dcp.suboption_device_id').map(id => claim('pn_dcp.suboption_device_id', id.replace('0x', ''))),
          ]
        : [],
  },
  {
    protocol: 'PROFINET IO',
    collectors: ['profinet-io'],
    fields: [
      ...['pn_io.cminitiator_station_name', 'pn_io.order_id', 'pn_io.im_serial_number', 'pn_io.im_tag_function', 'pn_io.im_tag_location'],
      'pn_io.im_descriptor',
    ],
    claims: row =>
      each(
        row,
        ...['pn_io.cminitiator_station_name', 'pn_io.order_id', 'pn_io.im_serial_number', 'pn_io.im_tag_function', 'pn_io.im_tag_location'],
        'pn_io.im_descriptor',
      ),
  },
  {
    protocol: 'S7comm',
    collectors: ['s7comm'],
    fields: ['s7comm.szl.xy11.0001.anz', ...s7Names],
    // Of the list of parts the first is the module, the others its firmware and boot loader.
    claims: row => [
      ...row
        .all('s7comm.szl.xy11.0001.anz')
        .slice(0, 1)
        .map(text => claim('s7comm.szl.xy11.0001.anz', text)),
      ...each(row, ...s7Names),
    ],
  },
  {
    protocol: 'BACnet',
    collectors: ['bacnet'],
    fields: [
      'bacapp.type',
      'bacapp.unconfirmed_service',
      'bacapp.objectType',
      'bacapp.instance_number',
      'bacapp.object_name',
      'bacnet.snet',
      'bvlc.fwd_ip',
    ],
    claims: row => {
      // What a BACnet router passes on has the source network in it and is not about the router.
      if (row.all('bacnet.snet').length > 0 || row.all('bvlc.fwd_ip').length > 0 || is(row, 'bacapp.instance_number', anyInstance))
        return [];
      if (is(row, 'bacapp.type', '1') && is(row, 'bacapp.unconfirmed_service', '0'))
        return [exact('bacapp.instance_number', row.one('bacapp.instance_number'))];
      // The name of the device object is its own; one of its inputs may be named beside it.
      return row.all('bacapp.objectType').length > 0 && row.all('bacapp.objectType').every(type => type === '8')
        ? each(row, 'bacapp.object_name')
        : [];
    },
  },
  simple('OPC UA', ['opc-ua'], 'opcua.ApplicationUri', 'opcua.ProductUri'),
  simple('Sampled Values', ['sampled-values'], 'sv.svID'),
  simple('GOOSE', ['goose'], 'goose.gocbRef'),
  simple('FINS', ['fins'], 'omron.controller.model', 'omron.controller.version', 'omron.model_number'),
  simple('DNP3', ['dnp3'], 'dnp3.al.da.value'),
  simple('HART-IP', ['hart-ip'], 'hart_ip.pt.rsp.tag', 'hart_ip.pt.rsp.descriptor', 'hart_ip.pt.rsp.device_id'),
  simple('KNXnet/IP', ['knxnet-ip'], 'knxip.device.name'),
  simple('ADS', ['ads'], 'ams.sendernetid', 'ams.ads_devicename'),
  {
    protocol: 'PTP',
    collectors: ['ptp'],
    fields: ['ptp.v2.clockidentity', 'ptp.v2.messagetype'],
    // Announce and sync come from a master; of who only follows nothing is kept.
    claims: row =>
      is(row, 'ptp.v2.messagetype', '11', '0x0b')
        ? row.all('ptp.v2.clockidentity').map(id => claim('ptp.v2.clockidentity', id.replace('0x', '')))
        : [],
  },
];
