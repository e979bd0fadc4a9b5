import { flagOf } from './modelOptions.js';

/** Options that have another name on the command line. */
const flags: Readonly<Record<string, string>> = {
  betaSchedule: '--beta-warmup',
  size: '--image-size',
};

/** An option in a message of the library, see `option`. What a file or a user calls something stands in double quotes. */
const mention = /(?<!")`([a-z]\w*)(?:: (?:'([^'`]*)'|([^'`]+)))?`(?!")/g;

/** A message of the library with its options as they are typed on the command line. */
export function asTyped(message: string): string {
  return message.replace(mention, (_, name: string, text?: string, number?: string) =>
    [flags[name] ?? flagOf(name), text ?? number].filter((each) => each !== undefined).join(' '),
  );
}
