import { z } from 'zod';
import { apiPath, ownRequestHeader } from './contract.ts';
import { jwksPath } from './ear-routes.ts';
import { sessionCookie } from './guard.ts';
import { type Route, routes } from './routes.ts';
import * as schemas from './schemas.ts';

type Json = { readonly [key: string]: unknown };
const jsonSchema = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
};
const problem = { description: 'What went wrong', content: { 'application/problem+json': { schema: jsonSchema(schemas.problem) } } };

function operation({ path, summary, body, answer, media, role, query = {} }: Route): Json {
  const schema = { type: 'string' };
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema })),
  ];
  const content = answer === undefined ? { [media ?? 'text/plain']: {} } : { 'application/json': { schema: jsonSchema(answer) } };
  return {
    summary,
    ...(role === 'anybody' ? { security: [] } : { 'x-role': role }),
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
    `Requests that change something need the header \`${ownRequestHeader}\`. \`x-role\` is the least role that may ask. ` +
    `\`${apiPath}/live\` is a WebSocket that sends \`{seq, rows, gone, health, resync?}\`. ` +
    `\`${jwksPath}\` has the key that EARs are signed with, for anybody. Text that came from the network is untrusted.`;
  const securitySchemes = { session: { type: 'apiKey', in: 'cookie', name: sessionCookie }, token: { type: 'http', scheme: 'bearer' } };
  const security = [{ session: [] }, { token: [] }];
  return { openapi: '3.1.0', info: { title: 'Sallyport', version: '1', description }, security, components: { securitySchemes }, paths };
}
