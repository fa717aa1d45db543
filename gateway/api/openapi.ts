import { z } from 'zod';
import { apiPath, ownRequestHeader } from './contract.ts';
import * as references from './reference-schemas.ts';
import { jwksPath } from './ear-routes.ts';
import * as schemas from './schemas.ts';
import * as trust from './schemas-trust.ts';

type Json = { readonly [key: string]: unknown };
type Route = {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
  readonly media?: string;
  /** Optional parameters after the `?`, with what each means. */
  readonly query?: Readonly<Record<string, string>>;
};

const asOf = { as_of: 'as it stood then: 2026-03-01 (its end in UTC) or 2026-03-01T18:00Z' };
const done = z.object({ ok: z.literal(true) });
/** The routes of the API, in the order of the document. A test compares them with what the server answers. */
export const routes: readonly Route[] = [
  { method: 'get', path: '/session', summary: 'Whether somebody is signed in', answer: schemas.sessionState },
  { method: 'post', path: '/session', summary: 'Sign in', body: schemas.signInBody, answer: schemas.sessionState },
  {
    method: 'post',
    path: '/session/setup',
    summary: 'Make the first account with the one-time code',
    body: schemas.setupBody,
    answer: schemas.sessionState,
  },
  { method: 'delete', path: '/session', summary: 'Sign out', answer: schemas.sessionState },
  { method: 'get', path: '/devices', summary: 'All devices, one row each', answer: schemas.deviceList },
  { method: 'get', path: '/devices/{id}', summary: 'One device with checks, facts, bindings and timeline', answer: schemas.deviceDetail },
  {
    method: 'post',
    path: '/devices/{id}/approve',
    summary: 'Allow a device, for a time or for good',
    body: schemas.approveBody,
    answer: done,
  },
  { method: 'post', path: '/devices/{id}/waive', summary: 'Excuse one failed check for a time', body: schemas.waiveBody, answer: done },
  {
    method: 'post',
    path: '/devices/{id}/quarantine',
    summary: 'Cut a device from the network',
    body: schemas.quarantineBody,
    answer: done,
  },
  { method: 'post', path: '/devices/{id}/release', summary: "End a person's decision", body: schemas.reasonBody, answer: done },
  { method: 'post', path: '/devices/{id}/challenge', summary: 'Challenge a device again', body: schemas.reasonBody, answer: done },
  { method: 'post', path: '/devices/{id}/link', summary: 'Count two rows as one device', body: schemas.linkBody, answer: done },
  { method: 'post', path: '/devices/{id}/unlink', summary: 'Count a row as a device of its own', body: schemas.reasonBody, answer: done },
  { method: 'post', path: '/devices/{id}/set-field', summary: 'Set a field, or unlock it', body: schemas.setFieldBody, answer: done },
  { method: 'post', path: '/pause', summary: 'Pause enforcement on the whole site', body: schemas.pauseBody, answer: done },
  { method: 'post', path: '/resume', summary: 'End a pause', body: schemas.reasonBody, answer: done },
  { method: 'post', path: '/zones/{zone}', summary: 'Set the mode of a zone', body: schemas.zoneModeBody, answer: done },
  { method: 'get', path: '/probes', summary: 'What we may ask by ourselves, what runs, and what came of it', answer: schemas.probingState },
  { method: 'post', path: '/probes/stop', summary: 'Stop all probes now, or those of a zone', body: schemas.stopProbesBody, answer: done },
  { method: 'post', path: '/zones/{zone}/probes', summary: 'Arm a zone for probes for a time', body: schemas.armProbesBody, answer: done },
  {
    method: 'post',
    path: '/devices/{id}/never-probe',
    summary: 'Never ask a device anything, challenges included, or allow it again',
    body: schemas.neverProbeBody,
    answer: done,
  },
  { method: 'post', path: '/devices/{id}/probe', summary: 'Ask a device now', body: schemas.reasonBody, answer: done },
  { method: 'get', path: '/trust', summary: 'The trust anchors: of files, in force, and staged', answer: trust.trustState },
  { method: 'get', path: '/trust/enrolled', summary: 'Attestation keys that TPMs of devices enrolled', answer: trust.enrolledKeys },
  {
    method: 'post',
    path: '/trust/enrolled/{device}/forget',
    summary: 'Forget the key of a device, which is asked anew',
    body: schemas.reasonBody,
    answer: done,
  },
  { method: 'get', path: '/trust/file-lists', summary: 'Which files devices of a class may run', answer: trust.fileLists },
  { method: 'get', path: '/trust/file-lists/{name}', summary: 'One list with all its files', answer: trust.fileListDetail },
  {
    method: 'post',
    path: '/trust',
    summary: 'Stage a trust anchor; another person must approve it',
    body: trust.stageAnchorBody,
    answer: trust.staged,
  },
  {
    method: 'post',
    path: '/trust/verifiers',
    summary: 'Stage another Verifier, whose results then count; another person must approve it',
    body: trust.stageVerifierBody,
    answer: trust.staged,
  },
  {
    method: 'get',
    path: '/trust/{sha256}/preview',
    summary: 'Which devices a staged anchor would newly admit',
    answer: trust.anchorPreview,
  },
  {
    method: 'post',
    path: '/trust/{sha256}/approve',
    summary: 'Approve an anchor that another person staged',
    body: trust.approveAnchorBody,
    answer: done,
  },
  {
    method: 'post',
    path: '/trust/{sha256}/remove',
    summary: 'Take away an anchor that people brought',
    body: schemas.reasonBody,
    answer: done,
  },
  {
    method: 'post',
    path: '/trust/{sha256}/expire',
    summary: 'End an anchor that people brought, now or sooner than it would',
    body: trust.expireAnchorBody,
    answer: done,
  },
  { method: 'get', path: '/references', summary: 'Sets of reference values and where each stands', answer: references.referenceList },
  { method: 'get', path: '/references/{key}', summary: 'One set with all that it lists', answer: references.referenceDetail },
  {
    method: 'post',
    path: '/references',
    summary: 'Bring a signed file; its sets are staged',
    body: references.addReferenceBody,
    answer: done,
  },
  {
    method: 'post',
    path: '/references/{key}/activate',
    summary: 'Put a set into force, for a time beside those that it replaces',
    body: references.activateReferenceBody,
    answer: done,
  },
  { method: 'post', path: '/references/{key}/expire', summary: 'Accept a set no more', body: schemas.reasonBody, answer: done },
  {
    method: 'post',
    path: '/references/{key}/revoke',
    summary: 'Count what a set lists as bad; devices that lean on it are judged again at once',
    body: schemas.reasonBody,
    answer: done,
  },
  {
    method: 'post',
    path: '/devices/{id}/baseline',
    summary: 'Take what a device measures today as its baseline: a warning as long as it stays so',
    body: schemas.reasonBody,
    answer: done,
  },
  { method: 'get', path: '/health', summary: 'How the gateway itself fares', answer: schemas.health },
  { method: 'get', path: '/coverage', summary: 'What of the network is seen, and what cannot be seen', answer: schemas.coverage },
  {
    method: 'get',
    path: '/journal',
    summary: 'What happened on the site, newest first, a hundred at a time',
    query: { show: 'alarms, people or gateway; all of them without it', before: 'number of an event: what came before it' },
    answer: schemas.journal,
  },
  { method: 'get', path: '/export.csv', summary: 'The inventory as CSV (RFC 4180)', media: 'text/csv', query: asOf },
  {
    method: 'get',
    path: '/devices/{id}/ear',
    summary: 'The signed Attestation Result (EAR) of a device',
    query: { dialect: 'ietf or veraison', nonce: 'base64url; echoed in the result' },
    media: 'application/eat+jwt',
  },
  {
    method: 'get',
    path: '/export.ear',
    summary: 'The EARs of all devices whose result still counts, as JSON Lines',
    media: 'application/x-ndjson',
  },
  {
    method: 'get',
    path: '/export.journal',
    summary: 'Every event of the journal as JSON Lines, hash-chained',
    media: 'application/x-ndjson',
  },
  { method: 'get', path: '/export.jsonl', summary: 'The inventory as JSON Lines', media: 'application/x-ndjson', query: asOf },
];

const jsonSchema = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
};
const problem = { description: 'What went wrong', content: { 'application/problem+json': { schema: jsonSchema(schemas.problem) } } };

function operation({ path, summary, body, answer, media, query = {} }: Route): Json {
  const schema = { type: 'string' };
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema })),
  ];
  const content = answer === undefined ? { [media ?? 'text/plain']: {} } : { 'application/json': { schema: jsonSchema(answer) } };
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body) } } } }),
    responses: { 200: { description: 'Done', content }, default: problem },
  };
}

let built: Json | undefined;
/** The API as an OpenAPI 3.1 document, made of the schemas that check the requests. */
export function openApi(): Json {
  return (built ??= build());
}

function build(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[`${apiPath}${route.path}`] ??= {})[route.method] = operation(route);
  const description =
    `Requests that change something need the header \`${ownRequestHeader}\`. ` +
    `\`${apiPath}/live\` is a WebSocket that sends \`{seq, rows, gone, health, resync?}\`. ` +
    `\`${jwksPath}\` has the key that EARs are signed with, for anybody. Text that came from the network is untrusted.`;
  return { openapi: '3.1.0', info: { title: 'Sallyport', version: '1', description }, paths };
}
