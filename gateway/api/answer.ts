import type { ServerResponse } from 'node:http';

/** One whole answer of the attestation listener. Without a `type` it is plain text. */
export type Answer = {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Whatever else the request carries is not read: the connection ends with the answer. */
export function send(response: ServerResponse, { status, text, type = 'text/plain; charset=utf-8', headers = {} }: Answer): void {
  response.writeHead(status, {
    ...(status === 204 ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
    ...headers,
  });
  response.end(text);
}

/** An error as `application/problem+json` (RFC 9457). The detail says nothing of any other device. */
export const problem = (status: number, title: string, detail: string, headers: Answer['headers'] = {}): Answer => ({
  status,
  text: `${JSON.stringify({ type: 'about:blank', title, status, detail })}\n`,
  type: 'application/problem+json',
  headers,
});
