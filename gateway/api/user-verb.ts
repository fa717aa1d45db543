import { visibleJson, visibleText } from '../model/visible-text.ts';
import { type Invited, maxTokenHours, type TokenMade, type UserRole, userRoles, type Users } from './contract.ts';
import { readSpan } from './span.ts';
import { type Call, exit, reasonOf, WrongCall } from './verb-call.ts';

/** The subcommands of `sallyport user`, with the options that each takes and the words that it wants. */
const actions = {
  list: { options: ['json'], words: [] },
  add: { options: ['role', 'reason', 'json'], words: ['name'] },
  role: { options: ['reason', 'json'], words: ['name', 'role'] },
  remove: { options: ['reason', 'json'], words: ['name'] },
  token: { options: ['role', 'for', 'reason', 'json'], words: ['name'] },
  revoke: { options: ['reason', 'json'], words: ['name'] },
} as const;
const isAction = (text: string): text is keyof typeof actions => Object.hasOwn(actions, text);

/** `sallyport user`: who may sign in on the page, and as what. Throws ClientError and WrongCall. */
export async function userVerb(call: Call): Promise<number> {
  const { client, io, values, positionals } = call;
  const [action = 'list', ...words] = positionals;
  if (!isAction(action)) throw new WrongCall(`Cannot run user '${action}': give ${Object.keys(actions).join(', ')}`);
  const { options, words: wanted } = actions[action];
  const foreign = Object.keys(values).find(name => name !== 'data' && !options.some(own => own === name));
  if (foreign !== undefined) throw new WrongCall(`Cannot run user ${action}: it has no option --${foreign}`);
  if (words.length !== wanted.length)
    throw new WrongCall(
      `Cannot run user ${action}: ${wanted.length === 0 ? 'it takes no arguments' : `give exactly one ${wanted.join(' and one ')}`}`,
    );
  const [name = '', role = ''] = words;
  const say = (json: unknown, text: string): void => void io.stdout.write(values.json === true ? `${visibleJson(json)}\n` : text);
  const at = `/users/${encodeURIComponent(name)}`;
  switch (action) {
    case 'list': {
      const users = await client.json<Users>('GET', '/users');
      const lines = linesOf(users, Date.now());
      say(users, lines.map(line => `${visibleText(line)}\n`).join(''));
      if (lines.length === 0) io.stderr.write('Nobody has an account yet\n');
      return lines.length > 0 ? exit.good : exit.nothing;
    }
    case 'add': {
      const made = await client.json<Invited>('POST', '/users', {
        user: name,
        role: roleOf(values.role ?? 'operator'),
        reason: reasonOf(call),
      });
      const text = visibleText(`One-time code for ${made.user}: ${made.code}`);
      say(made, `${text}\nIt opens the account on the page, as ${made.role}, once, within a day; a restart makes it void.\n`);
      return exit.good;
    }
    case 'role': {
      const answer = await client.json<object>('POST', `${at}/role`, { role: roleOf(role), reason: reasonOf(call) });
      say(answer, visibleText(`${name} is ${role} from now on`) + '\n');
      return exit.good;
    }
    case 'remove': {
      const answer = await client.json<object>('POST', `${at}/remove`, { reason: reasonOf(call) });
      say(answer, visibleText(`Removed ${name}, who is signed out`) + '\n');
      return exit.good;
    }
    case 'token': {
      const body = { name, role: roleOf(values.role ?? 'viewer'), hours: hoursOf(values.for ?? '90d'), reason: reasonOf(call) };
      const made = await client.json<TokenMade>('POST', '/tokens', body);
      const until = new Date(made.until).toISOString();
      say(made, `${made.token}\n`);
      if (values.json !== true)
        io.stderr.write(visibleText(`The token ${made.name}, as ${made.role}, is good until ${until}; it is not shown again`) + '\n');
      return exit.good;
    }
    case 'revoke': {
      const answer = await client.json<object>('POST', `/tokens/${encodeURIComponent(name)}/revoke`, { reason: reasonOf(call) });
      say(answer, visibleText(`Revoked the token ${name}`) + '\n');
      return exit.good;
    }
  }
}

function linesOf({ accounts, invited, tokens }: Users, now: number): readonly string[] {
  const day = (at: number): string => new Date(at).toISOString();
  return [
    ...accounts.map(({ user, role, createdAt }) => `${user}  ${role}  since ${day(createdAt)}`),
    ...invited.map(({ user, role }) => `${user}  ${role}  has a one-time code and no account yet`),
    ...tokens.map(({ name, role, by, until, usedAt }) => {
      const used = usedAt === undefined ? 'not used since the start' : `last used ${day(usedAt)}`;
      return `token ${name}  ${role}  ${until > now ? 'until' : 'ended'} ${day(until)}, made by ${by}, ${used}`;
    }),
  ];
}

function roleOf(typed: string): UserRole {
  const role = userRoles.find(each => each === typed);
  if (role === undefined) throw new WrongCall(`Cannot read the role '${typed}': give ${userRoles.join(', ')}`);
  return role;
}

function hoursOf(typed: string): number {
  const span = readSpan(typed);
  if (span === undefined) throw new WrongCall(`Cannot read --for '${typed}': write 12h or 90d`);
  if (span > maxTokenHours * 3_600_000) throw new WrongCall(`Cannot make a token for ${typed}: at most ${maxTokenHours / 24}d`);
  return span / 3_600_000;
}
