import { openEthernet } from './ethernet.ts';

/**
 * `node profinet-station.ts MAC IP NAME`: a simulated PROFINET station that answers DCP Identify of everybody, after the delay that the
 * factor asks for, and nothing else. Written from IEC 61158-6-10 §4.3 for this lab; no real device. Ends with its stdin.
 */
const [mac = '', ip = '', name = ''] = process.argv.slice(2);
const own = Buffer.from(mac.replaceAll(':', ''), 'hex');

/** Option, suboption, length, BlockInfo 0, value, padded to an even length. */
function block(option: number, suboption: number, value: Uint8Array): Buffer {
  const length = value.length + 2;
  return Buffer.concat([Buffer.from([option, suboption, length >> 8, length & 255, 0, 0]), value, Buffer.alloc(length % 2)]);
}

const address = Buffer.from(ip.split('.').map(Number));
const blocks = Buffer.concat([
  block(2, 1, Buffer.from('ET200SP')),
  block(2, 2, Buffer.from(name)),
  block(2, 3, Buffer.from([0x00, 0x2a, 0x03, 0x13])),
  block(2, 4, Buffer.from([1, 0])),
  block(1, 2, Buffer.concat([address, Buffer.from([255, 255, 255, 0]), Buffer.alloc(4)])),
]);

const send = openEthernet('eth0', 'ether proto 0x8892', request => {
  if (request.readUInt16BE(14) !== 0xfefe || request.readUInt16BE(16) !== 0x0500 || request.readUInt16BE(26) !== 0xffff) return;
  const factor = request.readUInt16BE(22);
  const head = Buffer.concat([request.subarray(6, 12), own, Buffer.from('8892feff0501', 'hex'), request.subarray(18, 22), Buffer.alloc(4)]);
  head.writeUInt16BE(blocks.length, 24);
  const answer = Buffer.concat([head, blocks, Buffer.alloc(Math.max(0, 60 - head.length - blocks.length))]);
  setTimeout(() => send(answer), factor > 1 ? (own.readUInt16BE(4) % factor) * 10 : 0);
});
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write('up\n');
