/**
 * A mistake in what the user gave: an option, a file, a data set. The message says what was given, what was
 * expected and what to do. The command line prints it without a stack trace and exits with status 2; every
 * other error is a fault of this project and exits with status 1.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}
