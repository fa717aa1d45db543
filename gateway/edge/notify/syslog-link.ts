import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { SyslogTarget } from '../../model/settings.ts';

/** Bytes go out one message after the other; `send` resolves when the kernel has them. `closed` is called once, with why. */
export type SyslogLink = { send(message: Buffer): Promise<void>; close(): void };

/** A receiver that takes nothing for so long is gone. Milliseconds. */
const stuckMs = 30_000;

/** What was written may still leave so long after the end. Milliseconds. */
const lingerMs = 2_000;

/** Opens the way to a receiver. Rejects with why it cannot be. */
export function openSyslog(target: SyslogTarget, closed: (why: string) => void): Promise<SyslogLink> {
  return target.transport === 'udp' ? overUdp(target, closed) : overStream(target, closed);
}

/** RFC 5426: a datagram each. A refusal comes back later, if at all: loss is not seen. */
function overUdp({ host, port }: SyslogTarget, closed: (why: string) => void): Promise<SyslogLink> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
    let isClosed = false;
    const close = (): void => {
      if (!isClosed) socket.close(); // a second time it would throw
      isClosed = true;
    };
    const refuse = (error: Error): void => {
      close();
      reject(error);
    };
    socket.once('error', refuse);
    socket.connect(port, host); // with a callback, that one would get the error
    socket.once('connect', () => {
      socket.off('error', refuse);
      socket.on('error', error => {
        close();
        closed(error.message);
      });
      resolve({
        send: message => new Promise((done, failed) => socket.send(message, error => (error === null ? done() : failed(error)))),
        close,
      });
    });
  });
}

/** RFC 6587 §3.4.1 and RFC 5425 §4.3: each message with its length before it. What the receiver says is not listened to. */
function overStream(target: SyslogTarget, closed: (why: string) => void): Promise<SyslogLink> {
  return new Promise((resolve, reject) => {
    let why = 'the receiver closed the connection';
    let isOpen = false;
    const socket = open(target);
    socket.setTimeout(stuckMs, () => socket.destroy(new Error(`it took nothing for ${stuckMs / 1000} s`)));
    socket.on('error', error => {
      why = error.message;
    });
    socket.on('close', () => (isOpen ? closed(why) : reject(new Error(why))));
    socket.once(target.transport === 'tls' ? 'secureConnect' : 'connect', () => {
      isOpen = true;
      socket.setTimeout(0);
      socket.setKeepAlive(true, stuckMs);
      socket.resume();
      resolve({
        send: message =>
          new Promise((done, failed) => {
            socket.setTimeout(stuckMs);
            socket.write(Buffer.concat([Buffer.from(`${message.length} `), message]), error => {
              socket.setTimeout(0);
              if (error) failed(error);
              else done();
            });
          }),
        close: () => void socket.end().setTimeout(lingerMs, () => socket.destroy()),
      });
    });
  });
}

/** RFC 5425 §4.2: the receiver shows a certificate that leads to `ca`, or to what this machine trusts, for the name that is asked for. */
function open({ host, port, transport, ca, serverName }: SyslogTarget): Socket {
  if (transport !== 'tls') return connectTcp({ host, port });
  const name = serverName ?? host;
  return connectTls({
    host,
    port,
    minVersion: 'TLSv1.2',
    ...(isIP(name) === 0 ? { servername: name } : {}), // an IP address is no name to ask for: RFC 6066 §3
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
  });
}
