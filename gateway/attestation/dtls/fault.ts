/** Alerts that we send or tell people of (RFC 5246 §7.2, RFC 6066 §9, RFC 8422 §5.10). */
export const alerts = {
  closeNotify: 0,
  unexpectedMessage: 10,
  handshakeFailure: 40,
  badCertificate: 42,
  illegalParameter: 47,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  unsupportedExtension: 110,
} as const;
/** As OpenSSL words them, so that one hint fits both (`channels/failure.ts`). */
const words: { readonly [alert: number]: string } = {
  10: 'unexpected message',
  20: 'bad record mac',
  22: 'record overflow',
  40: 'handshake failure',
  42: 'bad certificate',
  43: 'unsupported certificate',
  44: 'certificate revoked',
  45: 'certificate expired',
  46: 'certificate unknown',
  47: 'illegal parameter',
  48: 'unknown ca',
  49: 'access denied',
  50: 'decode error',
  51: 'decrypt error',
  70: 'protocol version',
  71: 'insufficient security',
  80: 'internal error',
  90: 'user canceled',
  110: 'unsupported extension',
  112: 'unrecognized name',
  115: 'unknown psk identity',
};
export const alertWords = (alert: number): string => words[alert] ?? `alert ${alert}`;

/** The peer breaks the protocol, or what it proposes is not good enough: the handshake ends with this alert. */
export class DtlsFault extends Error {
  override readonly name = 'DtlsFault';
  readonly alert: number;

  /** `message` in the form `Cannot <verb> <what>: <state found>`. */
  constructor(alert: number, message: string) {
    // Anyone may break handshakes without end: as with DecodeError, nobody needs the stack.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.alert = alert;
  }
}
