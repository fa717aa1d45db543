import { visibleJson, visibleText } from '../model/visible-text.ts';
import type { Invited, Users } from './contract.ts';
import { type Call, exit, reasonOf, WrongCall } from './verb-call.ts';

/** The subcommands of `sallyport user`, with the options that each takes and whether it names somebody. */
const actions = {
  list: { options: ['json'], words: 0 },
  add: { options: ['reason', 'json'], words: 1 },
  remove: { options: ['reason', 'json'], words: 1 },
} as const;
const isAction = (text: string): text is keyof typeof actions => Object.hasOwn(actions, text);

/** `sallyport user`: who may sign in on the page. Throws ClientError and WrongCall. */
export async function userVerb(call: Call): Promise<number> {
  const { client, io, values, positionals } = call;
  const [action = 'list', ...words] = positionals;
  if (!isAction(action)) throw new WrongCall(`Cannot run user '${action}': give list, add or remove`);
  const { options, words: wanted } = actions[action];
  const foreign = Object.keys(values).find(name => name !== 'data' && !options.some(own => own === name));
  if (foreign !== undefined) throw new WrongCall(`Cannot run user ${action}: it has no option --${foreign}`);
  if (words.length !== wanted)
    throw new WrongCall(`Cannot run user ${action}: ${wanted === 0 ? 'it takes no arguments' : 'give exactly one name'}`);
  const [name = ''] = words;
  const say = (json: unknown, text: string): void => void io.stdout.write(values.json === true ? `${visibleJson(json)}\n` : text);
  switch (action) {
    case 'list': {
      const users = await client.json<Users>('GET', '/users');
      const lines = [
        ...users.accounts.map(({ user, createdAt }) => `${user}  since ${new Date(createdAt).toISOString()}`),
        ...users.invited.map(user => `${user}  has a one-time code and no account yet`),
      ];
      say(users, lines.map(line => `${visibleText(line)}\n`).join(''));
      if (lines.length === 0) io.stderr.write('Nobody has an account yet\n');
      return lines.length > 0 ? exit.good : exit.nothing;
    }
    case 'add': {
      const made = await client.json<Invited>('POST', '/users', { user: name, reason: reasonOf(call) });
      say(
        made,
        visibleText(`One-time code for ${made.user}: ${made.code}`) +
          '\nIt opens the account on the page, once, within a day; a restart makes it void.\n',
      );
      return exit.good;
    }
    case 'remove': {
      const answer = await client.json<object>('POST', `/users/${encodeURIComponent(name)}/remove`, { reason: reasonOf(call) });
      say(answer, visibleText(`Removed ${name}, who is signed out`) + '\n');
      return exit.good;
    }
  }
}
