import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import type { SwitchAccess, SwitchReading } from '../../model/switch.ts';
import { communityDoor } from '../../probing/community-door.ts';
import { UserDoor } from '../../probing/user-door.ts';
import type { SnmpDoor, WalkStep } from '../../probing/switch-walk.ts';
import { SwitchWalk } from '../../probing/switch-walk.ts';
import { fits, type Template } from '../../probing/template.ts';

/** How a switch is asked. Milliseconds, but for `tries`: how often one question is sent. */
export type SwitchPace = { readonly answerMs: number; readonly tries: number; readonly betweenMs: number; readonly totalMs: number };
/** A question at a time, at most 100 a second: a switch answers SNMP from the processor that also runs its spanning tree. */
const switchPace: SwitchPace = { answerMs: 2_000, tries: 3, betweenMs: 10, totalMs: 90_000 };
const agentPort = 161;

/**
 * Reads one switch to its end. Sends nothing but what fits the reviewed templates, one question at a time, again when no answer comes. Never throws;
 * ends at once when `signal` does.
 */
export function readSwitch(
  ip: string,
  access: SwitchAccess,
  options: { readonly signal: AbortSignal; readonly pace?: SwitchPace; readonly port?: number },
): Promise<SwitchReading> {
  const pace = options.pace ?? switchPace;
  const door = doorOf(access);
  const walk = new SwitchWalk(door, randomBytes(4));
  const socket = createSocket('udp4');
  return new Promise(resolve => {
    let asked: Uint8Array = new Uint8Array(0);
    let tries = 0;
    let heard = false;
    let timer: NodeJS.Timeout | undefined;
    const end = (reading: SwitchReading): void => {
      clearTimeout(timer);
      clearTimeout(total);
      options.signal.removeEventListener('abort', stop);
      socket.removeAllListeners('message');
      socket.close();
      resolve(reading);
    };
    const stop = (): void => end({ kind: 'failed', detail: 'stopped' });
    const total = setTimeout(() => end({ kind: 'refused', detail: `not read to its end within ${pace.totalMs / 1000} s` }), pace.totalMs);
    const send = (): void => {
      if (!door.templates.some(template => fits(template, asked)))
        return end({ kind: 'failed', detail: 'a question fits none of the reviewed templates' });
      if (++tries > pace.tries)
        return end({ kind: 'silent', detail: heard ? 'it stopped to answer' : `no answer to ${pace.tries} questions` });
      socket.send(asked);
      timer = setTimeout(send, pace.answerMs);
    };
    const take = (step: WalkStep): void => {
      switch (step.kind) {
        case 'wait':
          return; // the question still stands, and so does its timer
        case 'answered':
          return end({ kind: 'read', tables: step.tables });
        case 'refused':
          return end({ kind: 'refused', detail: step.detail });
        case 'send':
          clearTimeout(timer);
          [asked, tries] = [step.message, 0];
          timer = setTimeout(send, pace.betweenMs);
      }
    };
    options.signal.addEventListener('abort', stop);
    // The kernel drops what comes from another address or port: the socket is connected.
    socket.on('error', error => end({ kind: 'silent', detail: 'code' in error ? `no answer: ${String(error.code)}` : 'no answer' }));
    socket.on('message', bytes => {
      heard = true;
      take(walk.next(bytes));
    });
    socket.connect(options.port ?? agentPort, ip, () => take(walk.begin()));
  });
}

function doorOf(access: SwitchAccess): SnmpDoor & { readonly templates: readonly Template[] } {
  return access.version === '3' ? new UserDoor(access, randomBytes(8)) : communityDoor(access.version, access.community);
}
