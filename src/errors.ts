/**
 * A mistake in what the user gave: an option, a file, a data set. The message says what was given, what was
 * expected and what to do. The command line prints it without a stack trace and exits with status 2; every
 * other error is a fault of this project and exits with status 1.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/**
 * An option as messages name it, with a value where one is meant: `latent` or `sparsity: 'kl'`, in backticks. By these
 * the command line knows it, and shows it as it is typed there: `--latent`, `--sparsity kl`.
 */
export function option(name: string, value?: string | number): string {
  const text = typeof value === 'string' ? `'${value}'` : value;
  return value === undefined ? `\`${name}\`` : `\`${name}: ${text}\``;
}

/** Characters of a value that a message shows. */
const mostShown = 80;

/**
 * A value as messages show it: as JSON where that is short; of a large one what it is, and of a long text its beginning.
 * Never looks at more of a value than it shows.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > mostShown ? `${value.slice(0, mostShown)}…` : value);
  }
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'function') return 'a function';
  if (ArrayBuffer.isView(value)) return kindOf(value);
  if (typeof value !== 'object' || value === null) return String(value);
  let left = mostShown;
  const isSmall = (part: unknown): boolean => {
    if (typeof part === 'string') left -= part.length;
    if (--left < 0 || ArrayBuffer.isView(part)) return false;
    if (typeof part !== 'object' || part === null) return typeof part !== 'bigint';
    if (Array.isArray(part)) return part.length <= left && part.every(isSmall);
    return Object.entries(part).every(([key, inner]) => isSmall(key) && isSmall(inner));
  };
  const text = isSmall(value) ? JSON.stringify(value) : undefined;
  return text !== undefined && text.length <= 2 * mostShown ? text : kindOf(value);
}

function kindOf(value: object): string {
  const { length } = value as { readonly length?: unknown };
  const name = value.constructor?.name ?? 'Object';
  if (typeof length === 'number') return `${Array.isArray(value) ? 'an array' : `a ${name}`} of ${length}`;
  return name === 'Object' ? 'an object' : `an object (${name})`;
}
