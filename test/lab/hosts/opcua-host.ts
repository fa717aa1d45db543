import { createServer } from 'node:net';

/**
 * A simulator of ours: an OPC UA server on 4840 that knows hello, channels without security and GetEndpoints, of which it has one. OPC 10000-6 §7.1,
 * §6.7; OPC 10000-4 §5.5.4. It closes the connection when the channel is closed, and on everything else.
 */
const u32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};
const none = u32(0xffff_ffff);
const string = (value: string): Buffer => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
const message = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(`${type}F`), u32(body.length + 8), body]);
};
const [channel, token] = [u32(77), u32(5)];
const type = (id: number): Buffer => Buffer.from([1, 0, id & 0xff, id >> 8]);
const good = Buffer.concat([Buffer.alloc(8), u32(1), u32(0), Buffer.from([0]), none, Buffer.from([0, 0, 0])]);
const policy = 'http://opcfoundation.org/UA/SecurityPolicy#None';
const url = 'opc.tcp://plc-9:4840';
const application = [
  string('urn:lab:plc-9'),
  string('http://lab.example/plc'),
  Buffer.from([2]),
  string('Lab PLC 9'),
  u32(0),
  none,
  none,
  u32(1),
  string(url),
];
const token0 = [u32(1), string('anonymous'), u32(0), none, none, none];
const endpoint = [
  string(url),
  ...application,
  none,
  u32(1),
  string(policy),
  ...token0,
  string('http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary'),
  Buffer.from([0]),
];

function answer(said: Buffer): Buffer | undefined {
  const kind = said.subarray(0, 3).toString('latin1');
  if (kind === 'HEL') return message('ACK', u32(0), u32(65_535), u32(65_535), u32(65_535), u32(0));
  if (kind === 'OPN') {
    const opened = [u32(0), channel, token, Buffer.alloc(8), u32(10_000), none];
    return message('OPN', channel, string(policy), none, none, u32(51), said.subarray(75, 79), type(449), good, ...opened);
  }
  const isOurs = kind === 'MSG' && said.subarray(8, 12).equals(channel) && said.subarray(12, 16).equals(token);
  if (!isOurs || !said.subarray(24, 28).equals(type(428))) return undefined;
  return message('MSG', channel, token, u32(52), said.subarray(20, 24), type(431), good, u32(1), ...endpoint);
}

createServer(socket => {
  socket.on('error', () => undefined);
  socket.on('data', said => {
    const answered = said.length < 32 || said.readUInt32LE(4) !== said.length ? undefined : answer(said);
    if (answered === undefined) socket.end();
    else socket.write(answered);
  });
}).listen(4840, '0.0.0.0');
