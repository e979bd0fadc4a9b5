#!/usr/bin/env node
import process from 'node:process';
import { UserError } from '../errors.js';
import { leaveNothingBehind, pipeClosed } from './interrupt.js';
import { reportError, run } from './program.js';

const argv = process.argv.slice(2);
leaveNothingBehind();

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // What `head` does when it has seen enough.
    if (error.code === 'EPIPE') return pipeClosed();
    const told = new UserError(`the output cannot be written: ${error.message}; send it elsewhere`);
    process.exit(reportError(told, process.stderr, argv.includes('--debug')));
  });
}
process.on('uncaughtException', (error) => {
  process.exit(reportError(error, process.stderr, argv.includes('--debug')));
});

// The process is left to end by itself, so that all that was written reaches a pipe.
process.exitCode = await run(argv);
